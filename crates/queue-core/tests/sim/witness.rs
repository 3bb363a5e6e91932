//! What was promised to whom.

use std::collections::{BTreeMap, BTreeSet};

use queue_core::StorePath;

/// An entry: the queue's number and the path.
pub type Key = (usize, StorePath);

/// Notes what actors were told. It knows nothing of how it comes true.
#[derive(Debug, Clone, Default)]
pub struct Witness {
    /// An enqueue returned and listed it as held and durable.
    pub accepted: BTreeSet<Key>,
    /// A drop returned and listed it as removed for good.
    pub dropped: BTreeSet<Key>,
    /// Were queued at some quiet moment, accepted or not.
    pub seen: BTreeSet<Key>,
    /// How often somebody dropped an entry or deleted its store object in
    /// spite of all roots. Who was promised something meanwhile may be wrong.
    excuses: BTreeMap<Key, usize>,
    /// An enqueue made the entry anew, since this was last asked.
    pub added: BTreeSet<Key>,
    /// How often somebody began or ended to enqueue it.
    wishes: BTreeMap<Key, usize>,
    /// Every text that each queue's ledger ever had.
    pub ledgers: BTreeSet<(usize, Option<String>)>,
    /// What the limits allowed, and did.
    pub limits: LimitsSeen,
    /// All store objects that a path stands for.
    closures: BTreeMap<StorePath, BTreeSet<StorePath>>,
}

/// What limits allowed since somebody began to act, and what they did.
#[derive(Debug, Clone, Default)]
pub struct LimitsSeen {
    /// May leave for a limit.
    pub droppable: BTreeSet<Key>,
    /// Were queued at some moment.
    pub queued: BTreeSet<Key>,
    /// Queues that were closed.
    pub closed: BTreeSet<usize>,
    /// Queues that a push may close.
    pub beyond: BTreeSet<usize>,
    /// Whether somebody tried to deliver anything.
    pub tried: bool,
    /// What no limit allows, in words.
    pub broken: Vec<String>,
    pub refused: usize,
    pub dropped: usize,
    /// Accepted, and dropped by somebody who did not live to tell.
    pub untold: usize,
}

impl LimitsSeen {
    pub fn begin(&mut self) {
        self.droppable.clear();
        self.queued.clear();
        self.closed.clear();
        self.beyond.clear();
        self.tried = false;
    }
}

impl Witness {
    pub fn built(&mut self, path: &StorePath, references: &[StorePath]) {
        let mut closure = BTreeSet::from([path.clone()]);
        for reference in references {
            closure.extend(self.closures.get(reference).unwrap().iter().cloned());
        }
        self.closures.insert(path.clone(), closure);
    }

    /// All that was ever built.
    pub fn known(&self) -> Vec<StorePath> {
        self.closures.keys().cloned().collect()
    }

    pub fn closure(&self, path: &StorePath) -> &BTreeSet<StorePath> {
        &self.closures[path]
    }

    /// What was promised about it before no longer counts.
    pub fn excuse(&mut self, key: &Key) {
        *self.excuses.entry(key.clone()).or_default() += 1;
        self.accepted.remove(key);
        self.seen.remove(key);
    }

    pub fn excuses(&self, key: &Key) -> usize {
        self.excuses.get(key).copied().unwrap_or(0)
    }

    /// It was accepted, unless it was excused since `excuses` were counted.
    pub fn accept(&mut self, key: Key, excuses: usize) {
        if self.excuses(&key) == excuses {
            self.accepted.insert(key);
        }
    }

    /// Somebody enqueues it: a drop before or meanwhile says nothing any more.
    pub fn wanted_again(&mut self, key: Key) {
        self.dropped.remove(&key);
        *self.wishes.entry(key).or_default() += 1;
    }

    pub fn wishes(&self, key: &Key) -> usize {
        self.wishes.get(key).copied().unwrap_or(0)
    }

    /// It was dropped, unless somebody wanted it since `wishes` were counted.
    pub fn leave(&mut self, key: Key, wishes: usize) {
        if self.wishes(&key) == wishes {
            self.dropped.insert(key);
        }
    }
}
