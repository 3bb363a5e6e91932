//! The world around the processes.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use super::collector::{Collector, Until};
use super::destination::Destination;
use super::names::Names;
use super::store::Store;
use super::{Decision, Process, Step};
use crate::{Entry, LimitAction, Limits, StorePath};

/// How the entries of a queue are held against the collector.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Rooting {
    /// By links in `gcroots/auto` that we make and remove, as [`AutoRoots`](crate::AutoRoots).
    #[default]
    Auto,
    /// By links there that we make, and that the collector alone clears away.
    ClearedByCollector,
    /// By themselves: the queue is below `gcroots/`, as for [`InsideGcRoots`](crate::InsideGcRoots).
    Inside,
}

/// One machine and its destinations: queues, roots, a store, a collector, a
/// clock. A clone is another world that begins where this one stands.
#[derive(Debug)]
pub struct World {
    state: Mutex<State>,
}

#[derive(Debug, Clone)]
pub(super) struct State {
    pub(super) now: SystemTime,
    /// What no clock step changes.
    pub(super) uptime: Duration,
    /// Counts the power losses.
    pub(super) boot: u64,
    /// Counts the processes.
    pub(super) processes: u64,
    pub(super) store: Store,
    pub(super) collector: Collector,
    /// `gcroots/auto`: which entry of which queue is registered.
    pub(super) roots: Names<(usize, StorePath), ()>,
    /// First the queues, then the rooms for what leaves them.
    pub(super) queues: Vec<QueueState>,
}

#[derive(Debug, Clone, Default)]
pub(super) struct QueueState {
    pub(super) rooting: Rooting,
    /// With the time each was made.
    pub(super) entries: Names<StorePath, SystemTime>,
    pub(super) ledger: Names<(), String>,
    pub(super) limits: Limits,
    /// Whether its pushes compare contents.
    pub(super) compares: bool,
    pub(super) closed: Names<(), String>,
    pub(super) counts: Names<LimitAction, usize>,
    pub(super) locked_by: Option<u64>,
    pub(super) destination: Destination,
}

impl QueueState {
    /// Oldest first.
    pub(super) fn listed(&self) -> Vec<Entry> {
        let entries = self.entries.seen().into_iter();
        let mut entries: Vec<_> = entries
            .map(|(path, enqueued_at)| Entry { path, enqueued_at })
            .collect();
        entries.sort_by(|a, b| (a.enqueued_at, &a.path).cmp(&(b.enqueued_at, &b.path)));
        entries
    }
}

impl State {
    /// What the system does when a process dies.
    pub(super) fn bury(&mut self, process: u64) {
        for queue in &mut self.queues {
            queue.locked_by = queue.locked_by.filter(|holder| *holder != process);
        }
        self.release_collector(process);
    }
}

impl Clone for World {
    fn clone(&self) -> Self {
        let state = Mutex::new(self.with(|state| state.clone()));
        Self { state }
    }
}

impl Default for World {
    /// With one queue.
    fn default() -> Self {
        Self::new(&[Rooting::Auto])
    }
}

impl World {
    /// With so many queues, numbered from 0, each with a destination of its own.
    #[must_use]
    pub fn new(queues: &[Rooting]) -> Self {
        let queue = |rooting: &Rooting| QueueState {
            rooting: *rooting,
            ..QueueState::default()
        };
        let state = State {
            now: SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000),
            uptime: Duration::ZERO,
            boot: 0,
            processes: 0,
            store: Store::default(),
            collector: Collector::default(),
            roots: Names::default(),
            queues: queues.iter().chain(queues).map(queue).collect(),
        };
        let state = Mutex::new(state);
        Self { state }
    }

    /// A test that fails in the midst of a step leaves a world to look at.
    pub(super) fn with<T>(&self, f: impl FnOnce(&mut State) -> T) -> T {
        f(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// A process of which every step succeeds.
    #[must_use]
    pub fn process(&self) -> Process<'_> {
        self.scripted(|_| Decision::GoOn)
    }

    /// A process whose steps are decided by `script`.
    #[must_use]
    pub fn scripted<'w>(&'w self, script: impl Fn(&Step) -> Decision + 'w) -> Process<'w> {
        Process::new(self, Box::new(script))
    }

    /// What the clock shows.
    #[must_use]
    pub fn now(&self) -> SystemTime {
        self.with(|state| state.now)
    }

    /// Sets the clock, in either direction.
    pub fn set_clock(&self, now: SystemTime) {
        self.with(|state| state.now = now);
    }

    /// Time passes.
    pub fn wait(&self, time: Duration) {
        self.with(|state| {
            state.now += time;
            state.uptime += time;
        });
    }

    /// A valid store object, with what it refers to. Nothing holds it: see
    /// [`hold`](Self::hold).
    pub fn build(&self, path: &StorePath, references: &[StorePath]) {
        self.with(|state| state.store.add(path, references, true));
    }

    /// A store object that is on disk and not valid.
    pub fn leave_behind(&self, path: &StorePath) {
        self.with(|state| state.store.add(path, &[], false));
    }

    /// A store object is there and valid, and no file of it is seen from here.
    pub fn hide(&self, path: &StorePath) {
        self.with(|state| state.store.hide(path));
    }

    /// Deletes a store object, whoever holds it.
    pub fn delete(&self, path: &StorePath) {
        self.with(|state| state.store.delete(path));
    }

    /// Somebody who builds or reads the path holds it: a collector that runs is
    /// told, a later one sees it.
    pub fn hold(&self, path: &StorePath) {
        self.with(|state| {
            state.store.temporary_roots.insert(path.clone());
            state.announce(path);
        });
    }

    /// Nobody holds it any more.
    pub fn release(&self, path: &StorePath) {
        self.with(|state| state.store.temporary_roots.remove(path));
    }

    /// Whether the path and all that it refers to are valid.
    #[must_use]
    pub fn is_valid(&self, path: &StorePath) -> bool {
        self.with(|state| {
            let closure = state.store.closure([path]);
            closure.contains(path) && closure.iter().all(|object| state.store.is_valid(object))
        })
    }

    /// A collector takes the lock, or waits for it.
    pub fn collector_locks(&self) {
        self.with(|state| state.run_collector(Until::Locked));
    }

    /// A collector looks for roots, with the lock taken first.
    pub fn collector_scans(&self) {
        self.with(|state| state.run_collector(Until::Scanned));
    }

    /// A collector runs to its end: it deletes what it found unheld. One that
    /// waits for the lock does it as soon as it has that.
    pub fn collect(&self) {
        self.with(|state| state.run_collector(Until::Done));
    }

    /// How many queues it has.
    #[must_use]
    pub fn queues(&self) -> usize {
        self.with(|state| state.queues.len() / 2)
    }

    /// The entries of a queue, oldest first.
    #[must_use]
    pub fn entries(&self, queue: usize) -> Vec<Entry> {
        self.with(|state| state.queues[queue].listed())
    }

    /// The queued paths, by path.
    #[must_use]
    pub fn queued(&self, queue: usize) -> Vec<StorePath> {
        self.with(|state| state.queues[queue].entries.seen().into_keys().collect())
    }

    /// What a push put aside on its way out of a queue, by path.
    #[must_use]
    pub fn leaving(&self, queue: usize) -> Vec<StorePath> {
        self.queued(self.queues() + queue)
    }

    /// Which links in `gcroots/auto` belong to a queue, by path.
    #[must_use]
    pub fn roots(&self, queue: usize) -> Vec<StorePath> {
        let roots = self.with(|state| state.roots.seen());
        let ours = roots.into_keys().filter(|(of, _)| *of == queue);
        ours.map(|(_, path)| path).collect()
    }

    /// Whether the collector finds the entry of a path and that it is held.
    #[must_use]
    pub fn is_held(&self, queue: usize, path: &StorePath) -> bool {
        self.with(|state| {
            let QueueState {
                rooting, entries, ..
            } = &state.queues[queue];
            let rooted = state.roots.has(&(queue, path.clone()));
            entries.has(path) && (rooted || *rooting == Rooting::Inside)
        })
    }

    /// The text of a queue's ledger.
    #[must_use]
    pub fn ledger(&self, queue: usize) -> Option<String> {
        self.with(|state| state.queues[queue].ledger.get(&()).cloned())
    }

    /// Looks at a queue's destination, or changes it.
    pub fn destination<T>(&self, queue: usize, f: impl FnOnce(&mut Destination) -> T) -> T {
        self.with(|state| f(&mut state.queues[queue].destination))
    }
}
