//! Tending the queue: roots for what has none, no entry for what is gone.

use std::collections::BTreeSet;

use super::PushEvent;
use super::run::Run;
use crate::enqueue::{flush, protect};
use crate::{Entry, PortError, Queue, RemoveReport, StoreFiles, StorePath};

impl Run<'_, '_> {
    /// A producer that died between entry and root left an entry that nothing
    /// holds.
    pub(super) fn root_what_is_unrooted(&mut self, entries: &[Entry]) {
        let mut unrooted = Vec::new();
        for Entry { path, .. } in entries {
            match self.push.queue.roots.is_registered(path) {
                Ok(true) => {}
                Ok(false) => unrooted.push(path.clone()),
                Err(error) => self.problem(error),
            }
        }
        if unrooted.is_empty() {
            return;
        }
        if let Err(error) = self.root(&unrooted) {
            self.problem(error);
        }
    }

    fn root(&mut self, paths: &[StorePath]) -> Result<(), PortError> {
        // A root that a running collector may miss is better than none.
        let section = self.push.collector.enter();
        for path in paths {
            match self.push.queue.roots.register(path) {
                Ok(()) => self.observer.notice(&PushEvent::Rooted(path)),
                Err(error) => self.problem(error),
            }
        }
        // What a collector took before fails to upload, and is judged then.
        protect(section?.as_ref(), self.push.files, paths)?;
        flush(self.push.queue)
    }

    /// Entries whose store object is not on disk, and that the store confirms
    /// not to be valid, leave the queue. Nothing is asked while all are there.
    pub(super) fn remove_what_vanished(&mut self, entries: Vec<Entry>) -> Vec<Entry> {
        let mut absent = Vec::new();
        for Entry { path, .. } in &entries {
            match self.push.files.is_present(path) {
                Ok(true) => {}
                Ok(false) => absent.push(path.clone()),
                Err(error) => self.problem(error),
            }
        }
        let invalid = self.invalid(&absent);
        self.remove_invalid(&invalid);
        let invalid: BTreeSet<_> = invalid.into_iter().collect();
        entries
            .into_iter()
            .filter(|entry| !invalid.contains(&entry.path))
            .collect()
    }

    /// `part` without what is no longer valid; those entries leave the queue.
    pub(super) fn without_invalid(&mut self, part: Vec<StorePath>, ask: bool) -> Vec<StorePath> {
        if !ask {
            return part;
        }
        let invalid = self.invalid(&part);
        self.remove_invalid(&invalid);
        without(&part, &invalid)
    }

    /// A store that cannot be asked calls nothing invalid.
    fn invalid(&mut self, paths: &[StorePath]) -> Vec<StorePath> {
        if paths.is_empty() {
            return Vec::new();
        }
        let mut invalid = self.push.database.invalid(paths).unwrap_or_else(|error| {
            self.problem(error);
            Vec::new()
        });
        // Nothing leaves the queue that was not asked about.
        let asked: BTreeSet<_> = paths.iter().collect();
        invalid.retain(|path| asked.contains(path));
        invalid
    }

    fn remove_invalid(&mut self, paths: &[StorePath]) {
        let aside = self.put(self.push.leaving, paths);
        if aside.is_empty() {
            return;
        }
        let left = self.remove(self.push.queue, &aside);
        self.let_go(&left.removed);
        // Somebody dropped these meanwhile. What could not be removed is held
        // here until the next push.
        let _ = self.remove(self.push.leaving, &left.absent);
    }

    /// A push that was killed left them there.
    pub(super) fn let_go_what_was_leaving(&mut self) {
        match self.push.leaving.directory.list() {
            Ok(listing) => {
                for foreign in &listing.foreign {
                    self.observer.notice(&PushEvent::Foreign(foreign));
                }
                let left = listing.entries.into_iter().map(|entry| entry.path);
                self.let_go(&left.collect::<Vec<_>>());
            }
            Err(error) => self.problem(error),
        }
    }

    /// They left the queue. What is valid now was built and enqueued anew
    /// meanwhile and goes back; where that fails it stays where it is held, for
    /// the next push.
    fn let_go(&mut self, paths: &[StorePath]) {
        let invalid = self.invalid(paths);
        let came_back = without(paths, &invalid);
        self.ledger.totals.count_invalid(invalid.len());
        for path in &invalid {
            self.ledger.forget(path);
            self.tally.is_gone(path);
            self.observer.notice(&PushEvent::Invalid(path));
        }
        let mut done = self.put(self.push.queue, &came_back);
        done.extend(invalid.iter().cloned());
        self.report.invalid.extend(invalid);
        let _ = self.remove(self.push.leaving, &done);
    }

    /// Those of `paths` that are in that queue for certain afterwards. Whether
    /// they are on disk is not the question here.
    fn put(&mut self, queue: Queue<'_>, paths: &[StorePath]) -> Vec<StorePath> {
        if paths.is_empty() {
            return Vec::new();
        }
        // They were accepted once; no limit may refuse them now.
        let unlimited = Queue {
            limits: None,
            ..queue
        };
        let report = crate::enqueue(&[unlimited], self.push.collector, &Assumed, paths);
        let mut certain = report.unprotected.is_none();
        let mut there = Vec::new();
        for queue in report.queues {
            certain &= queue.not_durable.is_none();
            there.extend(queue.added.into_iter().chain(queue.already));
            let failed = queue.failed.into_iter().map(|(_, error)| error);
            failed
                .chain(queue.not_durable)
                .for_each(|error| self.problem(error));
        }
        report
            .unprotected
            .into_iter()
            .for_each(|error| self.problem(error));
        if certain { there } else { Vec::new() }
    }

    /// Says what could not be removed.
    pub(super) fn remove(&mut self, queue: Queue<'_>, paths: &[StorePath]) -> RemoveReport {
        if paths.is_empty() {
            return RemoveReport::default();
        }
        let mut report = crate::remove(queue, paths);
        let errors = report.take_errors().into_iter();
        errors.for_each(|error| self.problem(error));
        report
    }
}

/// A store of which everything is on disk.
struct Assumed;

impl StoreFiles for Assumed {
    fn is_present(&self, _: &StorePath) -> Result<bool, PortError> {
        Ok(true)
    }
}

fn without(paths: &[StorePath], others: &[StorePath]) -> Vec<StorePath> {
    let others: BTreeSet<_> = others.iter().collect();
    let left = paths.iter().filter(|path| !others.contains(path));
    left.cloned().collect()
}
