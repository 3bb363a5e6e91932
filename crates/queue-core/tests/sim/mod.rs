//! The simulated world at work: actors, what they were promised, what must hold.

#![allow(dead_code, unreachable_pub, missing_docs, clippy::unwrap_used)]

pub mod acts;
pub mod history;
pub mod limits;
pub mod play;
pub mod promises;
pub mod scenarios;
pub mod stage;
pub mod witness;
