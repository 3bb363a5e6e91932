//! How fast something grows, over the last seconds.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// So much of the past counts.
const WINDOW: Duration = Duration::from_secs(5);
/// From less nothing is told.
const SHORTEST: Duration = Duration::from_millis(300);
/// Looks that are kept; more often than this nobody looks.
const MOST: usize = 100;

/// Looks at a number that only grows.
#[derive(Debug, Clone, Default)]
pub(super) struct Speed(VecDeque<(Instant, u64)>);

impl Speed {
    /// Notes the number at this time.
    pub(super) fn look(&mut self, now: Instant, number: u64) {
        let is_old = |(time, _): &(Instant, u64)| now.saturating_duration_since(*time) > WINDOW;
        // One of before stays, so that the window is filled.
        while self.0.len() > 2 && self.0.get(1).is_some_and(is_old) {
            self.0.pop_front();
        }
        if self.0.len() >= MOST {
            self.0.pop_back();
        }
        self.0.push_back((now, number));
    }

    /// How much it grows in a second; `None` as long as that cannot be told.
    pub(super) fn a_second(&self) -> Option<u64> {
        let ((first, before), (last, now)) = (self.0.front()?, self.0.back()?);
        let time = last.saturating_duration_since(*first);
        (time >= SHORTEST).then(|| a_second(now.saturating_sub(*before), time))
    }
}

/// So much in that time.
pub(super) fn a_second(number: u64, time: Duration) -> u64 {
    let micros = time.as_micros().max(1);
    u64::try_from(u128::from(number) * 1_000_000 / micros).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_seconds_count_and_a_stall_is_seen() {
        let begin = Instant::now();
        let mut speed = Speed::default();
        let mut look = |tenths: u32, number| {
            speed.look(begin + Duration::from_millis(100) * tenths, number);
            speed.a_second()
        };
        assert_eq!(look(0, 0), None);
        assert_eq!(look(1, 100), None);
        for tenths in 2..60 {
            look(tenths, u64::from(tenths) * 100);
        }
        assert_eq!(look(60, 6_000), Some(1_000));
        for tenths in 61..120 {
            look(tenths, 6_000);
        }
        assert_eq!(look(120, 6_000), Some(0));
        assert!(speed.0.len() <= MOST);
    }

    #[test]
    fn looks_in_any_number_are_bounded() {
        let begin = Instant::now();
        let mut speed = Speed::default();
        for micros in 0..10_000_u64 {
            speed.look(begin + Duration::from_micros(micros), micros);
        }
        assert!(speed.0.len() <= MOST);
        assert_eq!(a_second(u64::MAX, Duration::ZERO), u64::MAX);
    }
}
