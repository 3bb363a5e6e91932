//! How fast something grows, over the last seconds.

use std::collections::VecDeque;
use std::mem::{Discriminant, discriminant};
use std::time::{Duration, Instant};

use nix_copy::Moved;

/// So much of the past counts.
const WINDOW: Duration = Duration::from_secs(5);
/// From less nothing is told.
const SHORTEST: Duration = Duration::from_millis(300);
/// Looks that are kept; more often than this nobody looks.
const MOST: usize = 100;

/// Looks at a number that only grows.
#[derive(Debug, Clone, Default)]
pub(super) struct Speed {
    looks: VecDeque<(Instant, u64)>,
    /// What the number is of.
    of: Option<Discriminant<Moved>>,
}

impl Speed {
    /// Notes what has moved until this time. What is read and what is sent have nothing to do with each
    /// other, and of what is not told nothing is known.
    pub(super) fn look(&mut self, now: Instant, moved: Option<Moved>) {
        let of = moved.as_ref().map(discriminant);
        if of != self.of {
            self.looks.clear();
            self.of = of;
        }
        if let Some(Moved::Read(number) | Moved::Sent(number)) = moved {
            self.note(now, number);
        }
    }

    fn note(&mut self, now: Instant, number: u64) {
        let is_old = |(time, _): &(Instant, u64)| now.saturating_duration_since(*time) > WINDOW;
        // One of before stays, so that the window is filled.
        while self.looks.len() > 2 && self.looks.get(1).is_some_and(is_old) {
            self.looks.pop_front();
        }
        if self.looks.len() >= MOST {
            self.looks.pop_back();
        }
        self.looks.push_back((now, number));
    }

    /// How much it grows in a second; `None` as long as that cannot be told.
    pub(super) fn a_second(&self) -> Option<u64> {
        let ((first, before), (last, now)) = (self.looks.front()?, self.looks.back()?);
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
            let now = begin + Duration::from_millis(100) * tenths;
            speed.look(now, Some(Moved::Read(number)));
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
        assert!(speed.looks.len() <= MOST);
    }

    #[test]
    fn what_is_sent_has_a_speed_of_its_own_and_what_is_not_told_has_none() {
        let begin = Instant::now();
        let mut speed = Speed::default();
        let mut look = |tenths: u32, moved| {
            speed.look(begin + Duration::from_millis(100) * tenths, moved);
            speed.a_second()
        };
        look(0, Some(Moved::Read(0)));
        assert_eq!(look(10, Some(Moved::Read(9_000))), Some(9_000));
        assert_eq!(look(11, Some(Moved::Sent(100))), None);
        assert_eq!(look(21, Some(Moved::Sent(300))), Some(200));
        assert_eq!(look(22, None), None);
        assert_eq!(look(42, None), None);
    }

    #[test]
    fn looks_in_any_number_are_bounded() {
        let begin = Instant::now();
        let mut speed = Speed::default();
        for micros in 0..10_000_u64 {
            speed.note(begin + Duration::from_micros(micros), micros);
        }
        assert!(speed.looks.len() <= MOST);
        assert_eq!(a_second(u64::MAX, Duration::ZERO), u64::MAX);
    }
}
