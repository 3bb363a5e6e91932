//! A status in a window: what is most urgent, as far as there is room. Pure.

use std::time::SystemTime;

use console::measure_text_width;

use super::super::Looked;
use super::{blocks, summary};
use crate::lines::{Line, Style};

/// How large it is, and whether it has colours.
#[derive(Clone, Copy)]
pub(crate) struct Window {
    pub(crate) columns: usize,
    pub(crate) rows: usize,
    pub(crate) colours: bool,
}

/// The rows to show below this head: no more than fit, each no longer than the window is wide. The last
/// one says what is left out.
pub(crate) fn rows(head: &str, queues: &[Looked], now: SystemTime, window: Window) -> Vec<String> {
    let empty = [Line::default()];
    let head = Line::default().and(Style::Plain, head);
    let mut rows: Vec<_> = std::iter::once(&head)
        .chain(&summary(queues))
        .flat_map(|line| window.rows_of(line))
        .collect();
    let mut begins = Vec::new();
    for block in blocks(queues, now) {
        begins.push(rows.len() + 1);
        let lines = empty.iter().chain(&block);
        rows.extend(lines.flat_map(|line| window.rows_of(line)));
    }
    if rows.len() > window.rows {
        let kept = window.rows.saturating_sub(1);
        rows.truncate(kept);
        let unseen = begins.iter().filter(|begin| **begin >= kept).count();
        // Before a queue there is an empty row.
        let ends = |begin: &usize| [kept, kept + 1].contains(begin);
        let is_whole = begins.iter().any(ends) || begins.iter().all(|begin| *begin > kept);
        let told = left_out(is_whole, unseen);
        rows.extend(window.rows_of(&told).into_iter().take(1));
    }
    rows
}

/// `is_whole`: the last queue that is shown.
fn left_out(is_whole: bool, queues: usize) -> Line {
    let others = match queues {
        0 => String::new(),
        1 => " and one more queue".to_owned(),
        _ => format!(" and {queues} more queues"),
    };
    let text = match is_whole {
        true => format!("…{others}"),
        false => format!("… more of this one{others}"),
    };
    Line::default().and(Style::Faint, text)
}

impl Window {
    fn rows_of(self, line: &Line) -> Vec<String> {
        let text = line.printed(self.colours, Some(self.columns));
        let rows = text.split('\n');
        rows.flat_map(|row| self.broken(row)).collect()
    }

    /// A word that is longer than the window goes on in the next row.
    fn broken(self, row: &str) -> Vec<String> {
        if measure_text_width(row) <= self.columns {
            return vec![row.to_owned()];
        }
        let mut rows = vec![String::new()];
        let (mut column, mut is_colour) = (0, false);
        for c in row.chars() {
            is_colour |= c == '\x1b';
            let width = match is_colour {
                true => 0,
                false => measure_text_width(c.encode_utf8(&mut [0; 4])),
            };
            if column + width > self.columns && column > 0 {
                rows.push(String::new());
                column = 0;
            }
            column += width;
            if let Some(last) = rows.last_mut() {
                last.push(c);
            }
            is_colour &= c != 'm';
        }
        rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status::QueueStatus;

    fn queue(name: &str) -> Looked {
        Looked::Seen(Box::new(QueueStatus {
            name: name.to_owned(),
            queue_dir: "/queues/".to_owned() + name,
            ..QueueStatus::default()
        }))
    }

    fn shown(queues: &[Looked], columns: usize, rows: usize, colours: bool) -> Vec<String> {
        let window = Window {
            columns,
            rows,
            colours,
        };
        super::rows("every 2s", queues, SystemTime::UNIX_EPOCH, window)
    }

    #[test]
    fn what_does_not_fit_is_counted_in_the_last_row() {
        let queues = ["a", "b", "c"].map(queue);
        let all = shown(&queues, 80, 99, false);
        assert_eq!(shown(&queues, 80, all.len(), false), all);
        let less = shown(&queues, 80, all.len() - 1, false);
        assert_eq!(less.len(), all.len() - 1);
        assert_eq!(less.last().unwrap(), "… more of this one");
        let begins = |name: &str| all.iter().position(|row| *row == format!("{name}: ok"));
        let at_b = begins("b").unwrap();
        assert_eq!(
            shown(&queues, 80, at_b + 1, false).last().unwrap(),
            "… and 2 more queues"
        );
        assert_eq!(
            shown(&queues, 80, at_b + 2, false).last().unwrap(),
            "… more of this one and one more queue"
        );
        assert_eq!(shown(&queues, 80, 1, false), ["… and 3 more queues"]);
    }

    #[test]
    fn no_row_is_longer_than_the_window_is_wide() {
        let queues = [queue("a-very-long-name-of-a-queue")];
        for colours in [false, true] {
            let rows = shown(&queues, 12, 50, colours);
            assert!(
                rows.iter().all(|row| measure_text_width(row) <= 12),
                "{rows:?}"
            );
            let text: String = rows.concat().split(' ').collect();
            let text = console::strip_ansi_codes(&text).into_owned();
            assert!(
                text.contains("/queues/a-very-long-name-of-a-queue"),
                "{rows:?}"
            );
        }
    }
}
