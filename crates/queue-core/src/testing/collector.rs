//! The garbage collector, and the port to it.

use std::collections::{BTreeMap, BTreeSet};

use super::Process;
use super::world::{Rooting, State};
use crate::{GarbageCollector, GcSection, PortError, Protection, StorePath};

/// A collector by Nix's protocol ([`LocalGc`](crate::LocalGc)): it locks, looks for
/// roots, deletes.
#[derive(Debug, Clone, Default)]
pub(super) struct Collector {
    phase: Phase,
    /// How many sections each process has open with the lock shared.
    shared: BTreeMap<u64, usize>,
    /// Named on the socket of the collector that runs.
    announced: BTreeSet<StorePath>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
enum Phase {
    #[default]
    Idle,
    /// Somebody has the lock shared; it goes so far as soon as it may.
    Waiting(Until),
    /// It holds the lock and listens on its socket.
    Locked,
    /// It knows what is held.
    Scanned(BTreeSet<StorePath>),
}

/// How far a collector goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Until {
    Locked,
    Scanned,
    Done,
}

impl State {
    /// Lets the collector go on so far; one that waits for the lock remembers
    /// it.
    pub(super) fn run_collector(&mut self, until: Until) {
        if matches!(self.collector.phase, Phase::Idle | Phase::Waiting(_)) {
            if !self.collector.shared.is_empty() {
                let before = match self.collector.phase {
                    Phase::Waiting(before) => before,
                    _ => until,
                };
                self.collector.phase = Phase::Waiting(before.max(until));
                return;
            }
            self.collector.phase = Phase::Locked;
        }
        if until >= Until::Scanned && self.collector.phase == Phase::Locked {
            self.collector.phase = Phase::Scanned(self.scan());
        }
        if until >= Until::Done {
            self.delete_the_rest();
        }
    }

    /// What is held. Links in `gcroots/auto` whose entry is missing are
    /// unlinked on the way, as Nix does it (2.26.3, `gc.cc`, `findRoots`).
    fn scan(&mut self) -> BTreeSet<StorePath> {
        let mut held = self.store.temporary_roots.clone();
        for queue in &self.queues {
            if queue.rooting == Rooting::Inside {
                held.extend(queue.entries.seen().into_keys());
            }
        }
        for (root, ()) in self.roots.seen() {
            let (queue, path) = &root;
            if self.queues[*queue].entries.has(path) {
                held.insert(path.clone());
            } else {
                self.roots.set(root, None);
            }
        }
        self.store.closure(&held)
    }

    /// All that neither the search for roots found nor somebody named since.
    fn delete_the_rest(&mut self) {
        let Phase::Scanned(held) = std::mem::take(&mut self.collector.phase) else {
            return;
        };
        let announced = std::mem::take(&mut self.collector.announced);
        let kept = self.store.closure(held.iter().chain(&announced));
        for path in self.store.present() {
            if !kept.contains(&path) {
                self.store.delete(&path);
            }
        }
    }

    fn collector_runs(&self) -> bool {
        matches!(self.collector.phase, Phase::Locked | Phase::Scanned(_))
    }

    /// Names a path on the socket; nobody listens there when no collector runs.
    pub(super) fn announce(&mut self, path: &StorePath) {
        if self.collector_runs() {
            self.collector.announced.insert(path.clone());
        }
    }

    /// Whether the lock could be had.
    fn enter(&mut self, process: u64) -> bool {
        let free = !self.collector_runs();
        if free {
            *self.collector.shared.entry(process).or_default() += 1;
        }
        free
    }

    fn leave(&mut self, process: u64) {
        if let Some(sections) = self.collector.shared.get_mut(&process) {
            *sections -= 1;
            if *sections == 0 {
                self.release_collector(process);
            }
        }
    }

    /// The process no longer has the lock, so a collector may be next.
    pub(super) fn release_collector(&mut self, process: u64) {
        self.collector.shared.remove(&process);
        if let Phase::Waiting(until) = self.collector.phase
            && self.collector.shared.is_empty()
        {
            self.run_collector(until);
        }
    }
}

struct Section<'p> {
    process: &'p Process<'p>,
    locked: bool,
}

impl GarbageCollector for Process<'_> {
    fn enter(&self) -> Result<Box<dyn GcSection + '_>, PortError> {
        let action = "take the collector's lock";
        let locked = self.look_and_take(action)?;
        Ok(Box::new(Section {
            process: self,
            locked,
        }))
    }
}

impl Process<'_> {
    /// A lock that was taken by a call that failed is closed with its file.
    fn look_and_take(&self, action: &'static str) -> Result<bool, PortError> {
        self.look(action, |_| ())?;
        Ok(self.world.with(|state| state.enter(self.id)))
    }
}

impl GcSection for Section<'_> {
    fn protect(&self, paths: &[StorePath]) -> Result<Protection, PortError> {
        if self.locked {
            return Ok(Protection::NoCollector);
        }
        for path in paths {
            let announce = |state: &mut State| state.announce(path);
            self.process.change("tell the collector", announce)?;
        }
        Ok(Protection::LookAgain)
    }
}

impl Drop for Section<'_> {
    fn drop(&mut self) {
        if self.locked && !self.process.is_dead() {
            let id = self.process.id;
            self.process.world.with(|state| state.leave(id));
        }
    }
}
