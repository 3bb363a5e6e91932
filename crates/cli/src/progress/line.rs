//! The line of one queue on a terminal: pure.

use std::time::Duration;

use nix_copy::{Share, Stage};
use queue_core::Bytes;

use super::columns::{columns, fitting};
use super::queue::View;
use crate::terminal::Escaped;
use crate::words;

/// Between two parts.
const GAP: usize = 2;
/// Fewest and most columns of the bar. How many it has, the width of the line decides alone, so that it stays
/// as it is while what is beside it changes.
const BAR: (usize, usize) = (10, 30);
/// Fewest columns that a path is worth.
const PATH: usize = 7;
/// The name of a queue takes a fifth of the line at most, but no less and no more than so much.
const NAME: (usize, usize) = (8, 16);

/// What is done of a bar, its end, and what is not; each one column wide.
const DONE: &str = "━";
const TIP: &str = "╸";
const REST: &str = "─";

/// Parts in the order in which they stand. Which of them do, the room decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Bar,
    Percent,
    Entries,
    Paths,
    Bytes,
    Stage,
    Speed,
    Path,
}

/// The most telling first.
const BY_RANK: [Part; 8] = [
    Part::Percent,
    Part::Bytes,
    Part::Stage,
    Part::Path,
    Part::Speed,
    Part::Bar,
    Part::Paths,
    Part::Entries,
];

/// The name of the queue, as it stands in a line of so many columns.
pub(super) fn name(view: &View, width: usize) -> String {
    let most = (width / 5).clamp(NAME.0, NAME.1).min(width);
    fitting(&Escaped(&view.name).to_string(), most)
}

/// The line in so many columns at most, with colours or without. What is behind the name begins where it
/// would behind one of `names` columns. What stands in it that came from outside is harmless.
pub(super) fn line(view: &View, names: usize, width: usize, colours: bool) -> String {
    let name = name(view, width);
    let gap = GAP + names.saturating_sub(columns(&name));
    let room = width.saturating_sub(columns(&name) + gap);
    let rest = match &view.state {
        Some(state) => fitting(&Escaped(state).to_string(), room),
        None => parts(view, room, (width / 8).clamp(BAR.0, BAR.1), colours),
    };
    let name = paint(&name, "1", colours);
    match rest.is_empty() {
        true => name,
        false => format!("{name}{:gap$}{rest}", ""),
    }
}

/// As many lines as there are rows; the last says of how many queues there is none.
pub(super) fn in_rows(mut lines: Vec<String>, rows: usize) -> Vec<String> {
    let shown = rows.max(2) - 1;
    if lines.len() > shown + 1 {
        let more = lines.split_off(shown).len();
        lines.push(format!("and {more} more queues"));
    }
    lines
}

/// `bar` is how many columns that has.
fn parts(view: &View, room: usize, bar: usize, colours: bool) -> String {
    let mut texts: Vec<(Part, String)> = Vec::new();
    let mut left = room;
    for part in ranked(view) {
        let Some(text) = text(part, view) else {
            continue;
        };
        let gap = if texts.is_empty() { 0 } else { GAP };
        let least = match part {
            Part::Path => columns(&text).min(PATH),
            Part::Bar => bar,
            _ => columns(&text),
        };
        if gap + least <= left {
            left -= gap + least;
            let text = match part {
                Part::Bar => drawn(view.thousandths, bar, colours),
                _ => text,
            };
            texts.push((part, text));
        }
    }
    stretch_path(&mut texts, left);
    texts.sort_by_key(|(part, _)| *part);
    let texts: Vec<_> = texts.into_iter().map(|(_, text)| text).collect();
    texts.join(&" ".repeat(GAP))
}

/// Entries matter more where there are several batches.
fn ranked(view: &View) -> impl Iterator<Item = Part> {
    let first = view.has_batches.then_some(Part::Entries);
    let rest = BY_RANK.into_iter();
    let one = |part: &Part| *part == Part::Percent;
    let others = rest
        .clone()
        .filter(move |part| !one(part) && Some(*part) != first);
    rest.filter(one).chain(first).chain(others)
}

/// What is left is the path's, as far as it needs it.
fn stretch_path(texts: &mut [(Part, String)], left: usize) {
    for (part, text) in texts {
        if *part == Part::Path {
            *text = fitting(text, columns(text).min(PATH) + left);
        }
    }
}

/// `None` where there is nothing to tell.
fn text(part: Part, view: &View) -> Option<String> {
    let upload = &view.upload;
    Some(match part {
        Part::Bar => String::new(),
        Part::Percent => format!("{:>3}%", view.thousandths / 10),
        Part::Entries => {
            let failed = match view.failed {
                0 => String::new(),
                number => format!(", {number} failed"),
            };
            format!("{} entries{failed}", numbers(view.entries))
        }
        Part::Paths => format!("{} paths", numbers(upload.paths)),
        Part::Bytes if upload.bytes == Share::default() => return None,
        Part::Bytes => bytes(upload.bytes),
        Part::Stage => stage(upload.stage, view.time)?,
        Part::Speed => format!("{}/s", Bytes(view.speed?)),
        Part::Path => {
            let name = Escaped(upload.path.as_ref()?.name()).to_string();
            match upload.under_way {
                0 | 1 => name,
                number => format!("{name} +{}", number - 1),
            }
        }
    })
}

/// Where what is done is what was read, that needs no words.
fn stage(stage: Stage, time: Duration) -> Option<String> {
    let time = words::seconds(time);
    Some(match stage {
        Stage::Copies | Stage::Between => return None,
        Stage::CopiesUnseen => format!("copies, {time}"),
        Stage::Reads(share) => format!("reads {}", bytes(share)),
        Stage::Sends(Some(share)) => format!("sends {}", bytes(share)),
        Stage::Sends(None) => format!("sends, {time}"),
        Stage::ReadsAndSends => format!("reads and sends, {time}"),
    })
}

fn numbers(share: Share) -> String {
    match share.expected {
        Some(expected) => format!("{}/{expected}", share.done),
        None => share.done.to_string(),
    }
}

fn bytes(share: Share) -> String {
    let done = Bytes(share.done);
    match share.expected {
        Some(expected) => format!("{done}/{}", Bytes(expected)),
        None => done.to_string(),
    }
}

fn drawn(thousandths: usize, width: usize, colours: bool) -> String {
    let halves = thousandths * width * 2 / 1_000;
    let (whole, half) = (halves / 2, halves % 2);
    let done = format!("{}{}", DONE.repeat(whole), TIP.repeat(half));
    let rest = REST.repeat(width - whole - half);
    format!(
        "{}{}",
        paint(&done, "36", colours),
        paint(&rest, "2", colours)
    )
}

fn paint(text: &str, colour: &str, colours: bool) -> String {
    match colours && !text.is_empty() {
        true => format!("\x1b[{colour}m{text}\x1b[0m"),
        false => text.to_owned(),
    }
}

#[cfg(test)]
mod tests;
