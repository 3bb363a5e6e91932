//! The public tools that measure, each behind a function that returns what it found.

mod alternate;
mod callgrind;
mod hyperfine;
mod memory;
mod strace;

pub(crate) use alternate::{Rounds, alternate};
pub(crate) use callgrind::instructions;
pub(crate) use hyperfine::{Timed, times};
pub(crate) use memory::{peak, peak_alone};
pub(crate) use strace::{started, system_calls};

use std::process::{Command, Output};

/// Runs what measures.
///
/// # Panics
///
/// If it cannot be started or fails, with what it said.
#[track_caller]
fn run(command: &mut Command) -> Output {
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"));
    assert!(
        output.status.success(),
        "{command:?}: {}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    output
}
