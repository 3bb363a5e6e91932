//! Limits on a queue, and what is beyond them: pure decisions.

use std::time::{Duration, SystemTime};

use crate::ledger_text::time_text;
use crate::{Bytes, Entry};

/// What somebody set as limits of a queue: plain numbers, and what happens
/// beyond them. None is set by default: nothing is refused and nothing dropped
/// unless somebody asked for it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Limits {
    /// How many entries it has. Judged by each enqueue, exactly but for
    /// producers that are at work at the same moment: they go beyond it by at
    /// most what they bring.
    pub max_entries: Option<Limit<usize>>,
    /// How long ago its oldest entry was enqueued. Judged by each push, at its
    /// end. An entry from the future has no age, and a clock that is ahead makes
    /// all entries old.
    pub max_age: Option<Limit<Duration>>,
    /// How many bytes of the store its entries keep alive: the NAR sizes of
    /// the union of their closures. Judged by each push, at its end.
    pub max_pinned: Option<Limit<u64>>,
}

/// One limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit<T> {
    /// The most that is within it.
    pub at_most: T,
    /// What happens beyond it.
    pub beyond: Beyond,
}

/// What happens beyond a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Beyond {
    /// What is queued stays, nothing new is taken.
    Refuse,
    /// The oldest entries are dropped until the rest is within the limit.
    DropOldest,
}

/// From this part of a file system on, what a queue holds of it is worth a
/// warning where no limit is set: more than one in so many bytes.
const MUCH: u64 = 10;

impl Limits {
    /// Whether none is set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether a push may close the queue to what is new.
    #[must_use]
    pub fn may_close(&self) -> bool {
        let age = self.max_age.map(|limit| limit.beyond);
        let pinned = self.max_pinned.map(|limit| limit.beyond);
        [age, pinned].contains(&Some(Beyond::Refuse))
    }
}

/// Whether a queue that keeps `held` bytes alive fills more than a tenth of a
/// file system of that size.
#[must_use]
pub fn is_much(held: u64, file_system: u64) -> bool {
    held > file_system / MUCH
}

/// Those of `entries`, which are sorted oldest first, that are older.
pub(crate) fn older_than(entries: &[Entry], at_most: Duration, now: SystemTime) -> &[Entry] {
    let is_older = |entry: &Entry| {
        let age = now.duration_since(entry.enqueued_at);
        age.is_ok_and(|age| age > at_most)
    };
    &entries[..entries.partition_point(is_older)]
}

/// Why a queue with so many entries takes no more.
pub(crate) fn full(at_most: usize) -> String {
    format!("it holds as many entries as it may, {at_most}")
}

/// Why a queue is beyond its age. The same from push to push, while the oldest
/// entry is.
pub(crate) fn too_old(oldest: SystemTime, at_most: Duration) -> String {
    format!(
        "its oldest entry is from {}, and may wait for {}",
        time_text(oldest),
        humantime::format_duration(at_most)
    )
}

/// Why a queue is beyond its bytes.
pub(crate) fn too_large(bytes: u64, at_most: u64) -> String {
    format!(
        "it keeps {} of the store alive, and may keep {}",
        Bytes(bytes),
        Bytes(at_most)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(ages: &[u64]) -> Vec<Entry> {
        let path: crate::StorePath = "v3ygr25lms4hdmxwa8h14sjv6km1l8cz-a".parse().unwrap();
        let entry = |age: &u64| Entry {
            path: path.clone(),
            enqueued_at: now() - Duration::from_secs(*age),
        };
        ages.iter().map(entry).collect()
    }

    fn now() -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1000)
    }

    #[test]
    fn what_is_as_old_as_it_may_be_is_not_too_old() {
        let older = |ages: &[u64]| older_than(&entries(ages), Duration::from_secs(10), now()).len();
        assert_eq!(older(&[12, 11, 10, 9]), 2);
        assert_eq!(older(&[]), 0);
    }

    #[test]
    fn what_is_from_the_future_is_not_old() {
        let before = now() - Duration::from_secs(500);
        assert!(older_than(&entries(&[1]), Duration::ZERO, before).is_empty());
    }

    #[test]
    fn a_tenth_is_not_yet_much() {
        assert!(!is_much(100, 1000) && is_much(101, 1000));
        assert!(!is_much(0, 0));
        assert!(!is_much(u64::MAX / 10, u64::MAX));
    }

    #[test]
    fn only_a_limit_that_a_push_judges_closes_a_queue() {
        let limit = |beyond| Some(Limit { at_most: 1, beyond });
        let entries = Limits {
            max_entries: limit(Beyond::Refuse),
            ..Limits::default()
        };
        let dropping = Limits {
            max_pinned: Some(Limit {
                at_most: 1,
                beyond: Beyond::DropOldest,
            }),
            ..entries
        };
        let age = Limits {
            max_age: Some(Limit {
                at_most: Duration::ZERO,
                beyond: Beyond::Refuse,
            }),
            ..dropping
        };
        assert_eq!(
            [entries, dropping, age].map(|limits| limits.may_close()),
            [false, false, true]
        );
    }
}
