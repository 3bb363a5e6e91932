//! How far away a time is.

use std::time::{Duration, SystemTime};

/// `2026-01-02T03:04:05Z (3h ago)`, or `(in 5m)`.
pub(super) fn ago(time: &str, now: SystemTime) -> String {
    let Ok(then) = humantime::parse_rfc3339(time) else {
        return time.to_owned();
    };
    match (now.duration_since(then), then.duration_since(now)) {
        (Ok(past), _) => format!("{time} ({} ago)", rough(past)),
        (_, Ok(ahead)) => format!("{time} (in {})", rough(ahead)),
        _ => time.to_owned(),
    }
}

/// In the unit that suits it, rounded down.
pub(super) fn rough(duration: Duration) -> String {
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
