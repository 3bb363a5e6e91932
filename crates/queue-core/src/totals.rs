//! What the pushes of a queue did, counted over time.

use serde::{Deserialize, Serialize};

/// The ways in which a push with something to do ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PushEnd {
    /// It went through everything that was ready.
    Finished,
    /// It was asked to stop.
    Cancelled,
    /// The destination did not answer.
    Unavailable,
    /// Nothing could be copied, or compared, from here.
    Broken,
}

impl PushEnd {
    /// Each of them.
    pub const ALL: [Self; 4] = [
        Self::Finished,
        Self::Cancelled,
        Self::Unavailable,
        Self::Broken,
    ];

    /// Its name, in the ledger and wherever programs read it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Finished => "finished",
            Self::Cancelled => "cancelled",
            Self::Unavailable => "unavailable",
            Self::Broken => "broken",
        }
    }
}

/// What the pushes of a queue did, all together, since the ledger was begun: counters that only
/// grow. What a push did that was killed is not in them, and they begin anew with a ledger that
/// was lost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Totals {
    /// Pushes that had something to do and went through all that was ready.
    pub finished: u64,
    /// Those that were asked to stop.
    pub cancelled: u64,
    /// Those that ended since the destination did not answer.
    pub unavailable: u64,
    /// Those that ended since nothing could be copied from here.
    pub broken: u64,
    /// Entries copied.
    pub uploaded: u64,
    /// Failures of entries by themselves: each attempt counts.
    pub failed: u64,
    /// Entries that left since their store path was no longer valid.
    pub invalid: u64,
}

impl Totals {
    /// How many pushes with something to do ended in this way.
    #[must_use]
    pub fn pushes(&self, end: PushEnd) -> u64 {
        match end {
            PushEnd::Finished => self.finished,
            PushEnd::Cancelled => self.cancelled,
            PushEnd::Unavailable => self.unavailable,
            PushEnd::Broken => self.broken,
        }
    }

    /// Adds a push.
    pub(crate) fn count(&mut self, end: PushEnd, uploaded: usize, failed: usize) {
        let ended = match end {
            PushEnd::Finished => &mut self.finished,
            PushEnd::Cancelled => &mut self.cancelled,
            PushEnd::Unavailable => &mut self.unavailable,
            PushEnd::Broken => &mut self.broken,
        };
        add(ended, 1);
        add(&mut self.uploaded, uploaded);
        add(&mut self.failed, failed);
    }

    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Adds entries that are no longer valid.
    pub(crate) fn count_invalid(&mut self, number: usize) {
        add(&mut self.invalid, number);
    }
}

fn add(total: &mut u64, number: usize) {
    *total = total.saturating_add(u64::try_from(number).unwrap_or(u64::MAX));
}
