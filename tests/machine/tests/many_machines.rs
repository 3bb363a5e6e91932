//! Several builders, each with a queue of its own, and one cache that they share.

#[path = "many_machines/cut_off.rs"]
mod cut_off;
#[path = "many_machines/different_bits.rs"]
mod different_bits;
#[path = "many_machines/overlapping.rs"]
mod overlapping;
#[path = "many_machines/shared_directory.rs"]
mod shared_directory;
#[path = "many_machines/site.rs"]
mod site;
