//! `doctor` on real set-ups, each with one thing wrong that is made for real: it names it, and says
//! what mends it.
//!
//! Every kind of finding has to be in one of these tests, in `tests/machine/tests/doctor.rs`, or in
//! `crates/cli/tests/doctor.rs`, as `finds("…")`: a test in `crates/cli/src/doctor/kind.rs` looks.

#[path = "doctor/destination.rs"]
mod destination;
#[path = "doctor/fixes.rs"]
mod fixes;
#[path = "doctor/hook.rs"]
mod hook;
#[path = "doctor/nix.rs"]
mod nix;
#[path = "doctor/patient.rs"]
mod patient;
#[path = "doctor/queue.rs"]
mod queue;
#[path = "doctor/status.rs"]
mod status;
