//! The columns of `list --long`: pure.

use std::time::SystemTime;

use queue_core::Failures;

use crate::json::state;
use crate::terminal::Escaped;
use crate::view::EntryView;
use crate::words::{age, span};

const HEAD: [&str; COLUMNS] = ["QUEUE", "STATE", "AGE", "ATTEMPTS", "PATH", "LAST ERROR"];
const COLUMNS: usize = 6;

/// What stands in each column.
pub(super) type Row = [String; COLUMNS];

pub(super) fn row(
    queue: &str,
    path: String,
    view: &EntryView,
    failures: Option<&Failures>,
    now: SystemTime,
) -> Row {
    let attempts = failures.map_or(0, |failures| failures.attempts);
    let error = failures.map_or("", |failures| &failures.last_error);
    // Before anything is measured.
    let shown = |text: &str| Escaped(text).to_string();
    [
        shown(queue),
        state(view.state).to_owned(),
        span(age(view.entry.enqueued_at, now)),
        attempts.to_string(),
        path,
        shown(error),
    ]
}

/// A line for each, below their names; nothing where there is none. The last column is as wide as
/// it is: only there may be blanks that mean nothing.
pub(super) fn lines(rows: &[Row]) -> impl Iterator<Item = String> {
    let head = HEAD.map(str::to_owned);
    let all = (!rows.is_empty()).then_some(head).into_iter();
    let all: Vec<Row> = all.chain(rows.iter().cloned()).collect();
    let width = |column: usize| {
        let cells = all.iter().map(move |row| row[column].chars().count());
        cells.max().unwrap_or_default()
    };
    let widths: [usize; COLUMNS] = std::array::from_fn(width);
    all.into_iter().map(move |row| {
        let cells = row.iter().zip(widths);
        let cells: Vec<_> = cells
            .map(|(cell, width)| format!("{cell:width$}"))
            .collect();
        cells.join("  ").trim_end().to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(rows: &[[&str; COLUMNS]]) -> String {
        let rows: Vec<_> = rows.iter().map(|row| row.map(str::to_owned)).collect();
        lines(&rows).map(|line| line + "\n").collect()
    }

    #[test]
    fn the_columns_are_as_wide_as_what_stands_in_them() {
        let rows = [
            ["main", "ready", "5 seconds", "0", "/s/a", ""],
            [
                "größe",
                "backing-off",
                "2 hours",
                "12",
                "/s/longer",
                "no room",
            ],
        ];
        assert_eq!(
            told(&rows),
            "QUEUE  STATE        AGE        ATTEMPTS  PATH       LAST ERROR\n\
             main   ready        5 seconds  0         /s/a\n\
             größe  backing-off  2 hours    12        /s/longer  no room\n"
        );
    }

    #[test]
    fn of_nothing_nothing_is_told() {
        assert_eq!(told(&[]), "");
    }
}
