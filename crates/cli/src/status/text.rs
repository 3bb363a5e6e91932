//! A status for people.

mod failures;
pub(super) mod window;

use std::cmp::Reverse;
use std::iter;
use std::time::{Duration, SystemTime};

use queue_core::{Bytes, Failures, LastPush, PushEnd, Tally};

use self::failures::failures;
use super::health::Kind;
use super::{Counts, Held, Level, LimitUse, Looked, QueueStatus, Reason, Remembered};
use crate::lines::{Line, Style};
use crate::lock::AtWork;
use crate::words::{self, count, distance, span, took, when};

/// Where the value of a field begins.
const VALUES: usize = 16;

/// All queues, the most urgent first.
pub(crate) fn lines(queues: &[Looked], now: SystemTime) -> Vec<Line> {
    let mut lines = summary(queues);
    for block in blocks(queues, now) {
        if !lines.is_empty() {
            lines.push(Line::default());
        }
        lines.extend(block);
    }
    lines
}

/// What is told of each of them.
fn blocks(queues: &[Looked], now: SystemTime) -> Vec<Vec<Line>> {
    let mut sorted: Vec<_> = queues.iter().collect();
    sorted.sort_by_key(|queue| urgency(queue, now));
    let block = |queue: &Looked| match queue {
        Looked::Seen(status) => one(status, now),
        Looked::Unseen { name, reasons } => std::iter::once(headline(name, queue.level()))
            .chain(reasons.iter().flat_map(reason))
            .collect(),
    };
    sorted.into_iter().map(block).collect()
}

/// The worst first, of these what has the worst reason, then whose oldest entry waits longest. Whoever
/// has the same place stays in the order of the configuration.
fn urgency(queue: &Looked, now: SystemTime) -> (Reverse<Level>, Option<Kind>, Reverse<Duration>) {
    let oldest = queue.seen().and_then(|status| status.counts.oldest);
    let waits = oldest.map(|oldest| words::age(oldest, now));
    let worst = queue.reasons().first().map(|reason| reason.kind);
    (
        Reverse(queue.level()),
        worst,
        Reverse(waits.unwrap_or_default()),
    )
}

/// `3 queues: 1 broken, 2 ok`, where there are several.
fn summary(queues: &[Looked]) -> Vec<Line> {
    if queues.len() < 2 {
        return Vec::new();
    }
    let mut line = Line::hanging(2).and(Style::Plain, format!("{} queues:", queues.len()));
    let mut before = " ";
    for level in Level::ALL.into_iter().rev() {
        let number = queues.iter().filter(|queue| queue.level() == level).count();
        if number > 0 {
            line = line
                .and(Style::Plain, before)
                .and(style(level), format!("{number} {}", words(level, number)));
            before = ", ";
        }
    }
    vec![line]
}

fn words(level: Level, number: usize) -> &'static str {
    match (level, number) {
        (Level::NeedsALook, 2..) => "need a look",
        _ => level.words(),
    }
}

fn style(level: Level) -> Style {
    match level {
        Level::Ok => Style::Good,
        Level::NeedsALook => Style::Warning,
        Level::Broken => Style::Bad,
    }
}

fn headline(name: &str, level: Level) -> Line {
    Line::hanging(2)
        .and(Style::Bold, name)
        .and(Style::Plain, ": ")
        .and(style(level), level.words())
}

fn one(status: &QueueStatus, now: SystemTime) -> Vec<Line> {
    let mut lines = vec![headline(&status.name, status.level())];
    lines.extend(status.reasons.iter().flat_map(reason));
    let fields = about(status, now)
        .into_iter()
        .chain(limits(status, now))
        .chain(pushes(status, now));
    lines.extend(fields.map(|(name, value)| field(name, value)));
    lines.extend(failures(&status.remembered, now));
    lines
}

fn reason(reason: &Reason) -> [Line; 2] {
    [
        Line::hanging(4)
            .and(style(reason.level), "  ! ")
            .and(Style::Plain, &reason.text),
        Line::hanging(10)
            .and(Style::Faint, "    hint: ")
            .and(Style::Plain, &reason.hint),
    ]
}

/// A name, or nothing where the name of the line above holds, and what is to be said.
type Field = (&'static str, String);

fn field(name: &str, value: String) -> Line {
    Line::hanging(VALUES)
        .and(Style::Faint, format!("  {name:<13} "))
        .and(Style::Plain, value)
}

/// What it is, and what is in it.
fn about(status: &QueueStatus, now: SystemTime) -> Vec<Field> {
    let counts = &status.counts;
    let destination = status.destination.as_deref().unwrap_or("none is set");
    let mut fields = vec![("destination:", destination.to_owned())];
    let failure = status.remembered.ledger.destination();
    let until = status.remembered.destination_until;
    fields.extend(failure.map(|failure| ("", destination_failure(failure, until, now))));
    fields.push(("directory:", status.queue_dir.clone()));
    fields.push(("entries:", entries(counts, until.is_some())));
    fields.extend(counts.oldest.map(|time| ("oldest:", oldest(time, now))));
    if counts.entries > 0 {
        fields.push(("keeps:", kept(&status.held)));
    }
    fields
}

fn limits(status: &QueueStatus, now: SystemTime) -> Vec<Field> {
    let names = iter::once("limits:").chain(iter::repeat(""));
    let mut fields: Vec<_> = names.zip(status.limits.iter().map(used)).collect();
    for (name, tally) in [("refused:", &status.refused), ("dropped:", &status.dropped)] {
        fields.extend(tally.last.map(|last| (name, turned(tally, last, now))));
    }
    fields
}

fn pushes(status: &QueueStatus, now: SystemTime) -> Vec<Field> {
    let remembered = &status.remembered;
    let last = remembered.last_push();
    let last = last.map_or("none".to_owned(), |last| last_push(last, remembered, now));
    let success = remembered.last_success();
    let success = success.map(|time| ("last success:", when(time, now)));
    let next = (status.counts.entries > 0).then(|| ("next try:", next_try(status, now)));
    let at_work = status.at_work.as_ref();
    let at_work = at_work.map(|push| ("at work:", at_work_since(push, now)));
    at_work
        .into_iter()
        .chain([("last push:", last)])
        .chain(success)
        .chain(next)
        .collect()
}

fn at_work_since(push: &AtWork, now: SystemTime) -> String {
    let since = push.since.map(|since| {
        let age = span(words::age(since, now));
        format!(", for {age} (since {})", crate::json::time(since))
    });
    format!("a push, process {}{}", push.pid, since.unwrap_or_default())
}

fn next_try(status: &QueueStatus, now: SystemTime) -> String {
    let cannot_begin = |reason: &Reason| reason.kind == Kind::Misconfigured;
    match status.next_try {
        _ if status.reasons.iter().any(cannot_begin) => "none: no push can begin".to_owned(),
        None if status.counts.parked > 0 => "none, until somebody asks for it: `retry`".to_owned(),
        Some(next) if next > now => format!("in the first push {}", later(next, now)),
        // What has no store object is let go.
        _ => "in the next push".to_owned(),
    }
}

/// `in 5 minutes or later (…)`.
fn later(time: SystemTime, now: SystemTime) -> String {
    format!(
        "{} or later ({})",
        distance(time, now),
        crate::json::time(time)
    )
}

fn entries(row: &Counts, destination_waits: bool) -> String {
    let ready = match destination_waits {
        true => "waiting for the destination",
        false => "ready",
    };
    let parts = [
        (row.ready, ready),
        (row.backing_off, "backing off"),
        (row.parked, "parked"),
        (row.unrooted, "without a root"),
        (row.absent, "without a store object"),
    ];
    let parts: Vec<_> = parts
        .iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, what)| format!("{n} {what}"))
        .collect();
    match parts.is_empty() {
        true => row.entries.to_string(),
        false => format!("{} ({})", row.entries, parts.join(", ")),
    }
}

fn oldest(time: SystemTime, now: SystemTime) -> String {
    match time > now {
        true => format!("{}: the clock was set back", when(time, now)),
        false => when(time, now),
    }
}

/// What it keeps from the garbage collector.
fn kept(held: &Held) -> String {
    let Some(bytes) = held.bytes else {
        let why = held.error.as_deref().unwrap_or_default();
        return format!("not known how much of the store: {why}");
    };
    let share = held.file_system.filter(|size| *size > 0).map(|size| {
        let percent = u128::from(bytes) * 100 / u128::from(size);
        format!(" ({percent} % of its file system)")
    });
    format!("{} of the store{}", Bytes(bytes), share.unwrap_or_default())
}

fn used(limit: &LimitUse) -> String {
    let amount = |number: u64| match limit.limit {
        "max-age" => span(Duration::from_secs(number)),
        "max-pinned" => Bytes(number).to_string(),
        _ => number.to_string(),
    };
    let used = limit.used.map_or("not known".to_owned(), amount);
    let LimitUse {
        limit: name,
        beyond,
        ..
    } = limit;
    format!(
        "{name} {}, now {used}; beyond it: {beyond}",
        amount(limit.at_most)
    )
}

fn turned(tally: &Tally, last: SystemTime, now: SystemTime) -> String {
    let paths = count(tally.number, "path");
    format!("{paths} so far, last {}", when(last, now))
}

fn destination_failure(failure: &Failures, until: Option<SystemTime>, now: SystemTime) -> String {
    let again = match until {
        Some(until) => format!("asked again {}", later(until, now)),
        None => "asked again by the next push".to_owned(),
    };
    let (first, error) = (failure.first_failure, &failure.last_error);
    let silent = span(words::age(first, now));
    let since = crate::json::time(first);
    format!("has not answered for {silent} (since {since}), {again}: {error}")
}

fn last_push(push: &LastPush, remembered: &Remembered, now: SystemTime) -> String {
    let took = push.took.map(|time| format!(", took {}", took(time)));
    let ended = match (push.end, &push.error) {
        (Some(PushEnd::Finished), _) | (_, None) => String::new(),
        (_, Some(error)) if is_of_destination(error, remembered) => {
            ", ended early: the destination did not answer".to_owned()
        }
        (_, Some(error)) => format!(", ended early: {error}"),
    };
    format!(
        "{}{}: {} copied, {} failed{ended}",
        when(push.ended, now),
        took.unwrap_or_default(),
        push.uploaded,
        push.failed
    )
}

/// Then it is told there already.
fn is_of_destination(error: &str, remembered: &Remembered) -> bool {
    let failure = remembered.ledger.destination();
    failure.is_some_and(|failure| failure.last_error == error)
}
