//! The time of somebody who cannot wait.

use std::time::{Duration, Instant};

use nix_copy::Timeouts;

/// Kept for the garbage collector, which is told last: time for one answer. Without it, a slow Nix
/// would register roots that a running collector does not know of.
const COLLECTOR_TIME: Duration = Duration::from_secs(2);

/// What a call of Nix that is ended has to end by itself, before it is killed. Who hangs in the
/// kernel does not end then either; that is not counted in, since it takes a disk or a file system
/// that does not answer, and with such a one no build goes on.
const GRACE: Duration = Duration::from_secs(1);

/// When everything is over that waits for others: for Nix, and for its garbage collector.
#[derive(Debug, Clone, Copy)]
pub struct Deadline(Instant);

/// There is too little time for a call of Nix.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the time for calls of Nix is over")]
pub(super) struct NoTime;

impl Deadline {
    /// So much time from now on.
    #[must_use]
    pub fn after(time: Duration) -> Self {
        Self(Instant::now() + time)
    }

    /// When that is.
    pub(super) fn instant(self) -> Instant {
        self.0
    }

    /// What a call of Nix is given that begins now.
    pub(super) fn of_a_call(self) -> Result<Timeouts, NoTime> {
        of_a_call(self.0.saturating_duration_since(Instant::now()))
    }
}

/// What a call of Nix is given when so much time is left: it is over, also if it has to be killed,
/// while there still is time for the collector.
fn of_a_call(left: Duration) -> Result<Timeouts, NoTime> {
    let usable = left.saturating_sub(COLLECTOR_TIME + GRACE);
    // In tenths of a second, as it stands in messages.
    let tenths = u64::try_from(usable.as_millis() / 100).unwrap_or(u64::MAX / 100);
    match tenths {
        0 => Err(NoTime),
        _ => Ok(Timeouts {
            grace: GRACE,
            ..Timeouts::total(Duration::from_millis(tenths * 100))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_given_what_is_left_after_its_own_end_and_an_answer_of_the_collector() {
        let millis = Duration::from_millis;
        for (left, given) in [
            (10_000, 7_000),
            (9_999, 6_900),
            (5_000, 2_000),
            (3_100, 100),
        ] {
            let timeouts = of_a_call(millis(left)).unwrap();
            assert_eq!(timeouts.total, Some(millis(given)), "{left}");
            let all = millis(given) + timeouts.grace + COLLECTOR_TIME;
            assert!(all <= millis(left), "{left}");
        }
        for left in [3_099, 3_000, 100, 0] {
            assert_eq!(of_a_call(millis(left)), Err(NoTime), "{left}");
        }
    }

    #[test]
    fn a_call_that_begins_later_is_given_less() {
        let late = Deadline::after(Duration::from_secs(5));
        assert!(late.of_a_call().unwrap().total <= Some(Duration::from_secs(2)));
        assert_eq!(Deadline::after(Duration::ZERO).of_a_call(), Err(NoTime));
    }
}
