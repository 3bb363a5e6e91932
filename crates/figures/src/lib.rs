//! What tests count and measure, and how much of it: `make test` runs their short versions,
//! `make torture` the long ones and lists what they print here. RELIABILITY.md quotes it.

use std::fmt::Display;

/// Prints a figure, to be quoted: `figure: hooks killed: 500`. `value` has its unit with it.
#[allow(clippy::print_stdout, reason = "`make torture` looks for it there")]
pub fn figure(what: impl Display, value: impl Display) {
    println!("figure: {what}: {value}");
}

/// Whether the long versions of the tests are wanted: `NPBP_TORTURE=1`.
#[must_use]
pub fn is_long() -> bool {
    std::env::var_os("NPBP_TORTURE").is_some_and(|value| value == "1")
}
