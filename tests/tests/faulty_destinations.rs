//! Destinations with a fault, each beside a sound one: nothing is lost, the other queue is pushed at
//! once, the message says what is wrong, and when the fault is mended everything arrives.

#[path = "faulty_destinations/faulty_queue.rs"]
mod faulty_queue;
#[path = "faulty_destinations/http.rs"]
mod http;
#[path = "faulty_destinations/lies.rs"]
mod lies;
#[path = "faulty_destinations/space.rs"]
mod space;
#[path = "faulty_destinations/ssh.rs"]
mod ssh;
#[path = "faulty_destinations/tls.rs"]
mod tls;
