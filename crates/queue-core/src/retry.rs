//! When to try again.

use std::num::NonZeroU32;
use std::time::Duration;

/// Exponential backoff with jitter, and the number of failures after which an
/// entry is parked.
///
/// Any durations will do. A time to try again that the clock cannot show is the
/// last second of the year 9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// The wait after the first failure. Doubles with each further one.
    pub delay: Duration,
    /// The longest wait.
    pub max_delay: Duration,
    /// After so many failures of its own an entry is parked: kept, held against the
    /// collector, but no longer tried until somebody asks.
    pub max_attempts: NonZeroU32,
}

impl RetryPolicy {
    /// A destination that does not answer is asked again at least this often,
    /// however long the waits for single entries are: asking is cheap, and
    /// everything waits for it.
    pub const MAX_DESTINATION_DELAY: Duration = Duration::from_secs(15 * 60);

    /// The wait after failure number `attempts` (from 1). `random` is any
    /// number; the wait is spread by it over 80 % to 100 % of its full length,
    /// so that many machines do not come back at one moment.
    #[must_use]
    pub fn delay_after(&self, attempts: u32, random: u64) -> Duration {
        let doublings = attempts.saturating_sub(1).min(31);
        let full = self
            .delay
            .saturating_mul(1 << doublings)
            .min(self.max_delay);
        // A fifth at most, divided first: any wait may be configured.
        full - full / 5000 * spread(random)
    }

    /// The same policy for a whole destination.
    #[must_use]
    pub fn for_destination(self) -> Self {
        Self {
            max_delay: self.max_delay.min(Self::MAX_DESTINATION_DELAY),
            ..self
        }
    }
}

/// 0 to 1000.
fn spread(random: u64) -> u32 {
    (mixed(random) % 1001) as u32
}

/// Well mixed even for neighbouring numbers (the finalizer of SplitMix64).
pub(crate) fn mixed(random: u64) -> u64 {
    let mixed = (random ^ (random >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

impl Default for RetryPolicy {
    /// A minute, six hours, ten attempts: about a day until an entry is parked.
    fn default() -> Self {
        Self {
            delay: Duration::from_secs(60),
            max_delay: Duration::from_secs(6 * 60 * 60),
            max_attempts: NonZeroU32::new(10).unwrap_or(NonZeroU32::MIN),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn waits_are_spread_below_the_doubled_delay_and_the_cap(attempts in 1u32.., random: u64) {
            let policy = RetryPolicy::default();
            let wait = policy.delay_after(attempts, random);
            let full = policy.delay.saturating_mul(1 << (attempts - 1).min(20)).min(policy.max_delay);
            prop_assert!(wait <= full && wait >= full * 79 / 100, "{wait:?} of {full:?}");
        }
    }

    fn any_duration() -> impl Strategy<Value = Duration> {
        let any = (any::<u64>(), 0..1_000_000_000u32);
        let any = any.prop_map(|(seconds, nanos)| Duration::new(seconds, nanos));
        prop_oneof![any, Just(Duration::MAX), Just(Duration::ZERO)]
    }

    proptest! {
        #[test]
        fn no_wait_is_too_long_to_compute(
            delay in any_duration(), max_delay in any_duration(), attempts in 1u32.., random: u64,
        ) {
            let policy = RetryPolicy { delay, max_delay, ..RetryPolicy::default() };
            let wait = policy.delay_after(attempts, random);
            let full = policy.delay.saturating_mul(1 << (attempts - 1).min(31)).min(max_delay);
            prop_assert!(wait <= full && wait >= full / 5 * 4, "{wait:?} of {full:?}");
        }
    }

    #[test]
    fn a_day_passes_before_an_entry_is_parked() {
        let policy = RetryPolicy::default();
        let total: Duration = (1..policy.max_attempts.get())
            .map(|n| policy.delay_after(n, u64::from(n)))
            .sum();
        assert!(total > Duration::from_secs(6 * 3600) && total < Duration::from_secs(48 * 3600));
    }

    #[test]
    fn no_delay_stays_no_delay() {
        let policy = RetryPolicy {
            delay: Duration::ZERO,
            ..RetryPolicy::default()
        };
        assert_eq!(policy.delay_after(7, 42), Duration::ZERO);
    }
}
