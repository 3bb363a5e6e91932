//! When a queue is pushed next.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

use super::finding::{Check, Finding};
use super::kind::Kind;
use super::managed::Managed;
use super::service::is;
use super::systemd::Properties;

/// What there is to say of the timer of a service, and of its path unit.
pub(super) fn check(
    managed: Managed,
    queue: &str,
    service: &str,
    timer: &Properties,
    path: &Properties,
) -> Vec<Finding> {
    let name = service.replace(".service", ".timer");
    if !is(timer, "LoadState", "loaded") {
        let also = match is(path, "ActiveState", "active") {
            true => {
                "its path unit starts a push after each build, but nothing tries again what failed"
            }
            false => "nothing starts it",
        };
        return vec![
            Finding::of(Kind::TimerMissing, format!("there is no {name}: {also}"))
                .fix(managed.add_timer(queue, &name)),
        ];
    }
    if !is(timer, "ActiveState", "active") {
        let state = timer.get("ActiveState").map_or("", String::as_str);
        return vec![
            Finding::of(
                Kind::TimerInactive,
                format!("{name} is {state}: nothing is pushed"),
            )
            .fix(managed.start_timer(&name)),
        ];
    }
    if is(timer, "SubState", "elapsed") {
        let never = Finding::of(
            Kind::TimerNever,
            format!("{name} has fired for the last time"),
        );
        return vec![never.fix(format!("sudo systemctl restart {name}"))];
    }
    if is(timer, "UnitFileState", "disabled") {
        let text =
            format!("{name} is disabled: nothing is pushed after the next restart of the machine");
        return vec![Finding::of(Kind::TimerDisabled, text).fix(managed.enable_timer(&name))];
    }
    let since_boot = clock_gettime(ClockId::Monotonic).tv_sec;
    let now = Duration::from_secs(u64::try_from(since_boot).unwrap_or_default());
    vec![Finding::ok(
        Check::Timer,
        format!("{name} fires {}", next(timer, now)),
    )]
}

/// `in 4min 3s`; a time of the calendar as systemd prints it.
fn next(timer: &Properties, now: Duration) -> String {
    let property = |name: &str| timer.get(name).map_or("", String::as_str);
    let monotonic = span(property("NextElapseUSecMonotonic"));
    match (monotonic, property("NextElapseUSecRealtime")) {
        (Some(at), "" | "n/a") => {
            let left = Duration::from_secs(at.saturating_sub(now).as_secs());
            format!("in {}", humantime::format_duration(left))
        }
        (None, "" | "n/a") => "when the push that it started has ended".to_owned(),
        (_, calendar) => calendar.to_owned(),
    }
}

/// A span of time as systemd prints it: `1d 2h 3min 4.005s` (systemd.time(7)); `None` for
/// `infinity`.
pub(crate) fn span(text: &str) -> Option<Duration> {
    let mut total = Duration::ZERO;
    let mut words = text.split_whitespace().peekable();
    words.peek()?;
    for word in words {
        let digits = word.find(|c: char| c.is_ascii_alphabetic())?;
        let (number, unit) = word.split_at(digits);
        let number: f64 = number.parse().ok()?;
        let seconds = number * seconds(unit)?;
        total = total.checked_add(Duration::try_from_secs_f64(seconds).ok()?)?;
    }
    Some(total)
}

fn seconds(unit: &str) -> Option<f64> {
    Some(match unit {
        "us" => 1e-6,
        "ms" => 1e-3,
        "s" => 1.0,
        "min" => 60.0,
        "h" => 3600.0,
        "d" => 86_400.0,
        "w" => 604_800.0,
        "month" => 2_629_800.0,
        "y" => 31_557_600.0,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn properties(pairs: &[(&str, &str)]) -> Properties {
        pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn a_span_is_read_as_systemd_prints_it() {
        assert_eq!(
            span("1d 2h 3min 4.5s"),
            Some(Duration::from_millis(93_784_500))
        );
        assert_eq!(span("120ms"), Some(Duration::from_millis(120)));
        for none in ["infinity", "", "5", "5 s", "-1s", "1x"] {
            assert_eq!(span(none), None, "{none}");
        }
    }

    #[test]
    fn the_next_time_is_told_by_whichever_clock_has_it() {
        let now = Duration::from_secs(60);
        let of = |pairs: &[(&str, &str)]| next(&properties(pairs), now);
        let monotonic = ("NextElapseUSecMonotonic", "5min 2.3s");
        let calendar = ("NextElapseUSecRealtime", "Fri 2026-11-27 05:00:00 UTC");
        assert_eq!(of(&[monotonic, ("NextElapseUSecRealtime", "")]), "in 4m 2s");
        assert_eq!(of(&[calendar]), "Fri 2026-11-27 05:00:00 UTC");
        assert!(of(&[("NextElapseUSecMonotonic", "infinity")]).starts_with("when the push"));
    }

    #[test]
    fn a_timer_that_will_not_fire_again_is_a_fault() {
        let state = |active, sub, enabled| {
            let timer = properties(&[
                ("LoadState", "loaded"),
                ("ActiveState", active),
                ("SubState", sub),
                ("UnitFileState", enabled),
            ]);
            check(
                Managed::ByHand,
                "x",
                "x.service",
                &timer,
                &Properties::new(),
            )[0]
            .kind
        };
        assert_eq!(state("active", "waiting", "enabled"), None);
        assert_eq!(
            state("active", "waiting", "disabled"),
            Some(Kind::TimerDisabled)
        );
        assert_eq!(
            state("active", "elapsed", "enabled"),
            Some(Kind::TimerNever)
        );
        assert_eq!(
            state("inactive", "dead", "enabled"),
            Some(Kind::TimerInactive)
        );
    }
}
