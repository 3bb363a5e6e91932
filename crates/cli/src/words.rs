//! Times, spans of time and counts in words: pure.

use std::fmt::Display;
use std::time::{Duration, SystemTime};

use crate::json;

/// `3 hours ago (2026-01-02T03:04:05Z)`, or `in 5 minutes (…)`.
pub(crate) fn when(time: SystemTime, now: SystemTime) -> String {
    format!("{} ({})", distance(time, now), json::time(time))
}

/// `3 hours ago`, or `in 5 minutes`.
pub(crate) fn distance(time: SystemTime, now: SystemTime) -> String {
    match now.duration_since(time) {
        Ok(past) => format!("{} ago", span(past)),
        Err(ahead) => format!("in {}", span(ahead.duration())),
    }
}

/// How long ago it was; nothing is younger than now, whatever the clock shows.
pub(crate) fn age(time: SystemTime, now: SystemTime) -> Duration {
    now.duration_since(time).unwrap_or_default()
}

/// In the unit that suits it, rounded down.
pub(crate) fn span(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (unit, name) = match seconds {
        0..120 => (1, "second"),
        120..7200 => (60, "minute"),
        7200..172_800 => (3600, "hour"),
        _ => (86_400, "day"),
    };
    count(seconds / unit, name)
}

/// What something took: a short time in tenths of a second.
pub(crate) fn took(duration: Duration) -> String {
    match duration.as_secs() {
        0..10 => tenths(duration),
        _ => span(duration),
    }
}

/// `2m 3s`: to the second, and below a minute to the tenth of one.
pub(crate) fn exactly(duration: Duration) -> String {
    match duration.as_secs() {
        0..60 => tenths(duration),
        _ => seconds(duration),
    }
}

/// `2m 3s`: to the second.
pub(crate) fn seconds(duration: Duration) -> String {
    humantime::format_duration(Duration::from_secs(duration.as_secs())).to_string()
}

fn tenths(duration: Duration) -> String {
    format!(
        "{}.{} s",
        duration.as_secs(),
        duration.subsec_millis() / 100
    )
}

/// `1 path`, `2 paths`.
pub(crate) fn count<N: Display + PartialEq + From<u8>>(number: N, what: &str) -> String {
    let many = if number == N::from(1) { "" } else { "s" };
    format!("{number} {what}{many}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_given_with_their_distance() {
        let at = |text: &str| humantime::parse_rfc3339(text).unwrap();
        let now = at("2026-01-02T12:00:00Z");
        for (time, told) in [
            ("2026-01-02T11:59:59Z", "1 second ago"),
            ("2026-01-02T11:58:01Z", "119 seconds ago"),
            ("2026-01-02T09:00:00Z", "3 hours ago"),
            ("2025-12-24T11:00:00Z", "9 days ago"),
            ("2026-01-02T12:05:00Z", "in 5 minutes"),
        ] {
            assert_eq!(when(at(time), now), format!("{told} ({time})"));
        }
    }

    #[test]
    fn a_short_time_is_told_in_tenths() {
        assert_eq!(took(Duration::from_millis(1290)), "1.2 s");
        assert_eq!(took(Duration::from_millis(39)), "0.0 s");
        assert_eq!(took(Duration::from_secs(90)), "90 seconds");
        assert_eq!(exactly(Duration::from_millis(59_999)), "59.9 s");
        assert_eq!(exactly(Duration::from_millis(123_456)), "2m 3s");
    }
}
