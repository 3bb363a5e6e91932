//! What tests count and measure, and how much of it: `make test` runs their short versions,
//! `make torture` the long ones and lists what they print here. RELIABILITY.md quotes it.

use std::fmt::Display;

/// Prints a figure, to be quoted: `figure: hooks killed: 500`. `value` has its unit with it.
#[allow(clippy::print_stdout, reason = "`make torture` looks for it there")]
pub fn figure(what: impl Display, value: impl Display) {
    println!("figure: {what}: {value}");
}

/// Prints a count that is the same each time, and that RELIABILITY.md quotes: in the row that begins
/// with `what`, in the column of the version that runs. A count that is not quoted has no row, or
/// nothing in that column.
///
/// # Panics
///
/// If another number stands there.
pub fn quoted(what: &str, number: usize, unit: &str) {
    figure(what, format_args!("{number} {unit}"));
    let column = if is_long() { 2 } else { 1 };
    if let Some(quoted) = RELIABILITY
        .lines()
        .find_map(|line| cell(line, what, column))
    {
        let quoted = quoted.replace(',', "");
        assert_eq!(
            quoted,
            number.to_string(),
            "RELIABILITY.md, in the row of `{what}`"
        );
    }
}

/// Prints a count that is the same each time, and that another page quotes: in the first column of
/// the row that begins with `what`.
///
/// # Panics
///
/// If another number stands there, or nothing.
pub fn quoted_in(page: &str, what: &str, number: usize, unit: &str) {
    figure(what, format_args!("{number} {unit}"));
    let quoted = page.lines().find_map(|line| cell(line, what, 1));
    assert_eq!(
        quoted.map(|quoted| quoted.replace(',', "")),
        Some(number.to_string()),
        "in the row of `{what}`"
    );
}

const RELIABILITY: &str = include_str!("../../../RELIABILITY.md");

/// What a row of a table has in a column, if it begins with these words and has something there.
fn cell<'t>(line: &'t str, what: &str, column: usize) -> Option<&'t str> {
    let mut cells = line.strip_prefix("| ")?.split('|').map(str::trim);
    let rest = cells.next()?.strip_prefix(what)?;
    // Some rows explain what the words mean.
    let is_all = rest.is_empty() || rest.starts_with([':', ',', ' ']);
    let cell = is_all.then(|| cells.nth(column - 1))??;
    (!cell.is_empty()).then_some(cell)
}

/// Whether the long versions of the tests are wanted: `NPBP_TORTURE=1`.
#[must_use]
pub fn is_long() -> bool {
    std::env::var_os("NPBP_TORTURE").is_some_and(|value| value == "1")
}
