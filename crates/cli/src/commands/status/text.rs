//! A status for people.

use std::time::{Duration, SystemTime};

use queue_core::Bytes;

use crate::adapters::OPENED_BY;
use crate::json::{FailureJson, LastPushJson, LimitJson, StatusJson, TallyJson};
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
    let mut field = |name: &str, value: String| out.line(format_args!("  {name:<13} {value}"));
    field(
        "destination:",
        row.destination
            .clone()
            .unwrap_or_else(|| "none is set".to_owned()),
    );
    if let Some(failure) = &row.destination_failure {
        field("", destination_failure(failure, now));
    }
    field("directory:", row.queue_dir.clone());
    field("entries:", entries(row));
    if let Some(oldest) = &row.oldest {
        field("oldest:", ago(oldest, now));
    }
    if row.entries > 0 {
        field("keeps:", kept(row));
    }
    for (number, limit) in row.limits.iter().enumerate() {
        field(if number == 0 { "limits:" } else { "" }, used(limit));
    }
    if let Some(reason) = &row.closed {
        field("closed:", format!("nothing new is taken: {reason}"));
        field("", OPENED_BY.to_owned());
    }
    for (name, tally) in [("refused:", &row.refused), ("dropped:", &row.dropped)] {
        if let Some(last) = &tally.last {
            field(name, turned(tally, last, now));
        }
    }
    field(
        "last push:",
        row.last_push
            .as_ref()
            .map_or("none".to_owned(), |p| last_push(p, now)),
    );
    if let Some(success) = &row.last_success {
        field("last success:", ago(success, now));
    }
    for failure in row.failures.iter().take(MOST_FAILURES) {
        out.line(format_args!("  {}", failed(failure, now)));
        out.line(format_args!("    {}", failure.last_error));
        if let Some(hint) = advice(failure) {
            out.line(format_args!("    hint: {hint}"));
        }
    }
    if row.failures.len() > MOST_FAILURES {
        out.line(format_args!(
            "  and {} more",
            row.failures.len() - MOST_FAILURES
        ));
    }
}

fn entries(row: &StatusJson) -> String {
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
fn kept(row: &StatusJson) -> String {
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

/// `2026-01-02T03:04:05Z (3h ago)`, or `(in 5m)`.
fn ago(time: &str, now: SystemTime) -> String {
    let Ok(then) = humantime::parse_rfc3339(time) else {
        return time.to_owned();
    };
    match (now.duration_since(then), then.duration_since(now)) {
        (Ok(past), _) => format!("{time} ({} ago)", rough(past)),
        (_, Ok(ahead)) => format!("{time} (in {})", rough(ahead)),
        _ => time.to_owned(),
    }
}

fn rough(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (unit, name) = match seconds {
        0..120 => (1, "s"),
        120..7200 => (60, "m"),
        7200..172_800 => (3600, "h"),
        _ => (86_400, "d"),
    };
    format!("{}{name}", seconds / unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_given_with_their_distance() {
        let now = humantime::parse_rfc3339("2026-01-02T12:00:00Z").unwrap();
        assert_eq!(
            ago("2026-01-02T11:59:01Z", now),
            "2026-01-02T11:59:01Z (59s ago)"
        );
        assert_eq!(
            ago("2026-01-02T09:00:00Z", now),
            "2026-01-02T09:00:00Z (3h ago)"
        );
        assert_eq!(
            ago("2026-01-02T12:05:00Z", now),
            "2026-01-02T12:05:00Z (in 5m)"
        );
    }
}
