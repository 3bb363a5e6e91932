//! The simulated world at work: actors, what they were promised, what must hold.

#![allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    clippy::unwrap_used,
    clippy::print_stdout
)]

pub mod history;
pub mod play;
pub mod promises;
pub mod scenarios;
pub mod stage;
pub mod witness;

/// Whether this is the long version.
pub fn torture() -> bool {
    std::env::var("NPBP_TORTURE").is_ok_and(|value| value == "1")
}

/// One line for whoever collects figures.
pub fn figure(what: &str, number: usize, unit: &str) {
    println!("figure: {what}: {number} {unit}");
}
