//! What failed of a queue, and what to do about it.

use std::time::SystemTime;

use queue_core::Failures;

use super::super::Remembered;
use crate::lines::{Line, Style};
use crate::words::{count, when};

/// More failed entries than that are counted only.
const MOST_FAILURES: usize = 20;

pub(super) fn failures(remembered: &Remembered, now: SystemTime) -> Vec<Line> {
    let failures = &remembered.failures;
    let mut lines = Vec::new();
    for (path, failure) in failures.iter().take(MOST_FAILURES) {
        let plain = |text: String| Line::hanging(4).and(Style::Plain, text);
        lines.push(
            Line::hanging(4)
                .and(Style::Plain, "  ")
                .and(Style::Plain, failed(path, failure, now)),
        );
        lines.push(plain(format!("    {}", failure.last_error)));
        lines.extend(advice(path, failure).map(|hint| plain(format!("    hint: {hint}"))));
    }
    if failures.len() > MOST_FAILURES {
        let more = failures.len() - MOST_FAILURES;
        lines.push(Line::default().and(Style::Plain, format!("  and {more} more")));
    }
    lines
}

fn failed(path: &str, failure: &Failures, now: SystemTime) -> String {
    let attempts = failure.attempts;
    match failure.parked_since {
        Some(since) => format!(
            "{path} parked {} after {}",
            when(since, now),
            count(attempts, "attempt")
        ),
        None => format!(
            "{path} failed {}, next try {}",
            count(attempts, "time"),
            when(failure.next_try, now)
        ),
    }
}

/// What to do about a failure.
fn advice(path: &str, failure: &Failures) -> Option<String> {
    let hint = failure.hint.as_ref()?;
    Some(match failure.parked_since {
        Some(_) => format!("{hint}; then `nix-post-build-push retry {path}`"),
        None => hint.clone(),
    })
}
