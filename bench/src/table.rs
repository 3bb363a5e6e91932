//! The table, as text.

use crate::row::{Measured, Row};

/// One line of the table: a figure of a row.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Line {
    /// What ours does, and which of its figures it is.
    pub(crate) work: String,
    /// Whether it reaches what it shall.
    pub(crate) reached: bool,
    /// Whether it shall reach anything.
    pub(crate) judged: bool,
    cells: [String; 8],
}

/// The lines of a row.
pub(crate) fn lines(row: &Row, measured: &[Measured]) -> Vec<Line> {
    let lines = row.aims.iter().zip(measured).map(|(aim, measured)| {
        let reached = aim.reach.is_reached_by(measured);
        let work = match aim.what {
            "" => row.work.to_owned(),
            what => format!("{}: {what}", row.work),
        };
        let theirs = measured
            .theirs
            .map(|theirs| format!("{theirs}, {}", row.compared_with));
        let mark = match (aim.reach, reached) {
            (crate::row::Reach::Noted, _) => "–",
            (_, true) => "yes",
            (_, false) => "**no**",
        };
        let cells = [
            work.clone(),
            format!("`make bench ROW={}`", row.name),
            measured.ours.to_string(),
            theirs.unwrap_or_else(|| "–".to_owned()),
            measured
                .ratio
                .map_or_else(|| "–".to_owned(), |ratio| ratio.to_string()),
            measured
                .cpu
                .map_or_else(|| "–".to_owned(), |cpu| format!("{cpu:.2}×")),
            aim.reach.to_string(),
            mark.to_owned(),
        ];
        Line {
            work,
            reached,
            judged: aim.reach != crate::row::Reach::Noted,
            cells,
        }
    });
    lines.collect()
}

const HEAD: [&str; 8] = [
    "work",
    "command",
    "ours",
    "compared with",
    "ratio",
    "of CPU time",
    "reach",
    "reached",
];

/// A table in Markdown, its columns as wide as they have to be.
pub(crate) fn table(lines: &[Line]) -> String {
    let head = HEAD.map(str::to_owned);
    let all = || std::iter::once(&head).chain(lines.iter().map(|line| &line.cells));
    let width = |column: usize| all().map(|cells| cells[column].chars().count()).max();
    let widths: Vec<usize> = (0..HEAD.len()).filter_map(width).collect();
    let text = |cells: &[String; 8]| {
        let padded = cells
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:width$}"));
        format!("| {} |", padded.collect::<Vec<_>>().join(" | "))
    };
    let rule = widths.iter().map(|width| "-".repeat(*width));
    let rule = format!("| {} |", rule.collect::<Vec<_>>().join(" | "));
    let mut rows: Vec<String> = all().map(text).collect();
    rows.insert(1, rule);
    rows.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quantity::Quantity;
    use crate::row::{Aim, Reach};

    #[test]
    fn each_figure_has_a_line_that_says_whether_it_is_reached() {
        let row = Row {
            name: "hook",
            work: "a hook",
            compared_with: "nothing",
            aims: &[
                Aim {
                    what: "",
                    reach: Reach::Times(1.5),
                },
                Aim {
                    what: "calls",
                    reach: Reach::Count(3.0),
                },
            ],
            measure: |_| Vec::new(),
        };
        let measured = [
            Measured::beside(Quantity::Seconds(2.0), Quantity::Seconds(1.0)),
            Measured::alone(Quantity::Count(3.0)),
        ];
        let lines = lines(&row, &measured);
        assert_eq!(
            lines.iter().map(|line| line.reached).collect::<Vec<_>>(),
            [false, true]
        );
        let expected = "\
| work          | command               | ours   | compared with   | ratio | of CPU time | reach  | reached |
| ------------- | --------------------- | ------ | --------------- | ----- | ----------- | ------ | ------- |
| a hook        | `make bench ROW=hook` | 2.00 s | 1.00 s, nothing | 2.00× | –           | ≤ 1.5× | **no**  |
| a hook: calls | `make bench ROW=hook` | 3      | –               | –     | –           | ≤ 3    | yes     |";
        assert_eq!(table(&lines), expected);
    }
}
