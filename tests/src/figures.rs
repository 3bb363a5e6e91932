use std::fmt::Display;

/// Prints a figure that a test measured, to be quoted: `figure: hooks killed: 500`.
#[allow(clippy::print_stdout)]
pub fn figure(what: impl Display, value: impl Display) {
    println!("figure: {what}: {value}");
}

/// Whether the long versions of the tests are wanted: `NPBP_TORTURE=1`.
pub fn is_long() -> bool {
    std::env::var("NPBP_TORTURE").is_ok_and(|value| value == "1")
}
