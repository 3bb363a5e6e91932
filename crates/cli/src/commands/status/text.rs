//! A status for people.

use std::iter;
use std::time::{Duration, SystemTime};

use queue_core::Bytes;

use super::ago::{ago, rough};
use crate::adapters::OPENED_BY;
use crate::json::{
    CountsJson, FailureJson, LastPushJson, LimitJson, LimitedJson, RememberedJson, StatusJson,
    TallyJson,
};
use crate::output::Output;

/// More failed entries than that are counted only.
const MOST_FAILURES: usize = 20;

pub(super) fn print(rows: &[StatusJson], now: SystemTime, out: &mut Output) {
    for (number, row) in rows.iter().enumerate() {
        if number > 0 {
            out.line("");
        }
        print_one(row, now, out);
    }
}

fn print_one(row: &StatusJson, now: SystemTime, out: &mut Output) {
    out.line(&row.queue);
    let about = about(row, now);
    let limits = limits(&row.limited, now);
    let pushes = pushes(&row.remembered, now);
    for (name, value) in about.into_iter().chain(limits).chain(pushes) {
        out.line(format_args!("  {name:<13} {value}"));
    }
    print_failures(&row.remembered.failures, now, out);
}

/// A name, or nothing where the name of the line above holds, and what is to be said.
type Field = (&'static str, String);

/// What it is, and what is in it.
fn about(row: &StatusJson, now: SystemTime) -> Vec<Field> {
    let (counts, failure) = (&row.counts, &row.remembered.destination_failure);
    let destination = row.destination.as_deref().unwrap_or("none is set");
    let mut fields = vec![("destination:", destination.to_owned())];
    fields.extend(failure.iter().map(|f| ("", destination_failure(f, now))));
    fields.push(("directory:", row.queue_dir.clone()));
    fields.push(("entries:", entries(counts)));
    fields.extend(counts.oldest.iter().map(|time| ("oldest:", ago(time, now))));
    if counts.entries > 0 {
        fields.push(("keeps:", kept(&row.limited)));
    }
    fields
}

fn limits(limited: &LimitedJson, now: SystemTime) -> Vec<Field> {
    let names = ["limits:"].into_iter().chain(iter::repeat(""));
    let mut fields: Vec<_> = names.zip(limited.limits.iter().map(used)).collect();
    if let Some(reason) = &limited.closed {
        fields.push(("closed:", format!("nothing new is taken: {reason}")));
        fields.push(("", OPENED_BY.to_owned()));
    }
    for (name, tally) in [
        ("refused:", &limited.refused),
        ("dropped:", &limited.dropped),
    ] {
        fields.extend(
            tally
                .last
                .iter()
                .map(|last| (name, turned(tally, last, now))),
        );
    }
    fields
}

fn pushes(remembered: &RememberedJson, now: SystemTime) -> Vec<Field> {
    let last = remembered.last_push.as_ref();
    let last = last.map_or("none".to_owned(), |last| last_push(last, now));
    let success = remembered.last_success.iter();
    let success = success.map(|time| ("last success:", ago(time, now)));
    iter::once(("last push:", last)).chain(success).collect()
}

fn print_failures(failures: &[FailureJson], now: SystemTime, out: &mut Output) {
    for failure in failures.iter().take(MOST_FAILURES) {
        out.line(format_args!("  {}", failed(failure, now)));
        out.line(format_args!("    {}", failure.last_error));
        if let Some(hint) = advice(failure) {
            out.line(format_args!("    hint: {hint}"));
        }
    }
    if failures.len() > MOST_FAILURES {
        out.line(format_args!(
            "  and {} more",
            failures.len() - MOST_FAILURES
        ));
    }
}

fn entries(row: &CountsJson) -> String {
    let parts = [
        (row.ready, "ready"),
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

/// What it keeps from the garbage collector.
fn kept(row: &LimitedJson) -> String {
    let Some(bytes) = row.pinned_bytes else {
        let why = row.pinned_error.as_deref().unwrap_or_default();
        return format!("not known how much of the store: {why}");
    };
    let share = row.store_bytes.filter(|size| *size > 0).map(|size| {
        let percent = u128::from(bytes) * 100 / u128::from(size);
        format!(" ({percent} % of its file system)")
    });
    format!("{} of the store{}", Bytes(bytes), share.unwrap_or_default())
}

fn used(limit: &LimitJson) -> String {
    let amount = |number: u64| match limit.limit {
        "max-age" => rough(Duration::from_secs(number)),
        "max-pinned" => Bytes(number).to_string(),
        _ => number.to_string(),
    };
    let used = limit.used.map_or("not known".to_owned(), amount);
    let LimitJson {
        limit: name,
        beyond,
        ..
    } = limit;
    format!(
        "{name} {}, now {used}; beyond it: {beyond}",
        amount(limit.at_most)
    )
}

fn turned(tally: &TallyJson, last: &str, now: SystemTime) -> String {
    let paths = if tally.paths == 1 { "path" } else { "paths" };
    format!("{} {paths} so far, last {}", tally.paths, ago(last, now))
}

fn destination_failure(failure: &FailureJson, now: SystemTime) -> String {
    let when = match &failure.next_try {
        Some(next) => format!("asked again {}", ago(next, now)),
        None => "asked again by the next push".to_owned(),
    };
    let since = ago(&failure.first_failure, now);
    format!(
        "did not answer since {since}, {when}: {}",
        failure.last_error
    )
}

fn last_push(push: &LastPushJson, now: SystemTime) -> String {
    let ended = match &push.error {
        Some(error) => format!(", ended early: {error}"),
        None => String::new(),
    };
    format!(
        "{}: {} copied, {} failed{ended}",
        ago(&push.ended, now),
        push.uploaded,
        push.failed
    )
}

fn failed(failure: &FailureJson, now: SystemTime) -> String {
    let path = failure.path.as_deref().unwrap_or_default();
    let attempts = failure.attempts;
    match (&failure.parked_since, &failure.next_try) {
        (Some(since), _) => format!(
            "{path} parked {} after {attempts} attempts",
            ago(since, now)
        ),
        (None, Some(next)) => format!(
            "{path} failed {attempts} times, next try {}",
            ago(next, now)
        ),
        (None, None) => format!("{path} failed {attempts} times"),
    }
}

/// What to do about a failure.
fn advice(failure: &FailureJson) -> Option<String> {
    let hint = failure.hint.as_ref()?;
    let path = failure.path.as_deref().unwrap_or_default();
    Some(match failure.parked_since {
        Some(_) => format!("{hint}; then `nix-post-build-push retry {path}`"),
        None => hint.clone(),
    })
}
