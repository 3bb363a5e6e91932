//! Counting what a push leaves.

use std::collections::BTreeSet;

use super::{Plan, PushReport};
use crate::StorePath;

/// What a push found queued and did not bring to an end. An entry that failed
/// and waits is in none of them: the report names it.
#[derive(Debug, Default)]
pub(super) struct Tally {
    ready: BTreeSet<StorePath>,
    backing_off: BTreeSet<StorePath>,
    parked: BTreeSet<StorePath>,
}

impl Tally {
    pub(super) fn found(&mut self, plan: &Plan) {
        let ready = plan.ready.iter().chain(&plan.again);
        self.ready.extend(ready.cloned());
        self.backing_off.extend(plan.backing_off.iter().cloned());
        self.parked.extend(plan.parked.iter().cloned());
    }

    /// It is at the destination, or left the queue.
    pub(super) fn is_gone(&mut self, path: &StorePath) {
        for set in [&mut self.ready, &mut self.backing_off, &mut self.parked] {
            set.remove(path);
        }
    }

    pub(super) fn failed(&mut self, path: &StorePath, parked: bool) {
        self.is_gone(path);
        if parked {
            self.parked.insert(path.clone());
        }
    }

    pub(super) fn tell(&self, report: &mut PushReport) {
        report.left = self.ready.len();
        report.backing_off = self.backing_off.len();
        report.parked = self.parked.len();
    }
}
