//! Tending the queue: roots for what has none, no entry for what is gone.

use super::PushEvent;
use super::run::Run;
use crate::enqueue::{flush, protect};
use crate::{Entry, PortError, Queue, StoreFiles, StorePath};

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
    pub(super) fn drop_what_vanished(&mut self, entries: Vec<Entry>) -> Vec<Entry> {
        let absent: Vec<_> = entries
            .iter()
            .map(|entry| &entry.path)
            .filter(|path| !self.may_be_present(path))
            .cloned()
            .collect();
        let invalid = self.invalid(&absent);
        self.drop_invalid(&invalid);
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
        self.drop_invalid(&invalid);
        self.report.left = self.report.left.saturating_sub(invalid.len());
        part.into_iter()
            .filter(|path| !invalid.contains(path))
            .collect()
    }

    /// What cannot be looked at may be there.
    fn may_be_present(&mut self, path: &StorePath) -> bool {
        self.push.files.is_present(path).unwrap_or_else(|error| {
            self.problem(error);
            true
        })
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
        invalid.retain(|path| paths.contains(path));
        invalid
    }

    fn drop_invalid(&mut self, paths: &[StorePath]) {
        let aside = self.put(self.push.leaving, &Assumed, paths);
        if aside.is_empty() {
            return;
        }
        let removed = self.remove(self.push.queue, &aside);
        self.let_go(&removed);
        let untouched: Vec<_> = without(&aside, &removed);
        self.remove(self.push.leaving, &untouched);
    }

    /// A push that was killed left them there.
    pub(super) fn let_go_what_was_leaving(&mut self) {
        match self.push.leaving.directory.list() {
            Ok(listing) => {
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
        let mut here = paths.to_vec();
        here.retain(|path| self.may_be_present(path));
        let still_invalid = self.invalid(&here);
        let came_back = without(&here, &still_invalid);
        let invalid = without(paths, &came_back);
        for path in &invalid {
            self.ledger.forget(path);
            self.observer.notice(&PushEvent::Invalid(path));
        }
        let mut done = self.put(self.push.queue, self.push.files, &came_back);
        done.extend(invalid.iter().cloned());
        self.report.invalid.extend(invalid);
        self.remove(self.push.leaving, &done);
    }

    /// Those of `paths` that are in that queue for certain afterwards.
    fn put(
        &mut self,
        queue: Queue<'_>,
        files: &dyn StoreFiles,
        paths: &[StorePath],
    ) -> Vec<StorePath> {
        if paths.is_empty() {
            return Vec::new();
        }
        let report = crate::enqueue(&[queue], self.push.collector, files, paths);
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

    /// Those of `paths` that were in that queue and no longer are.
    fn remove(&mut self, queue: Queue<'_>, paths: &[StorePath]) -> Vec<StorePath> {
        if paths.is_empty() {
            return Vec::new();
        }
        let report = crate::remove(queue, paths);
        let failed = report.failed.into_iter().map(|(_, error)| error);
        failed
            .chain(report.not_durable)
            .for_each(|error| self.problem(error));
        report.removed
    }
}

/// What leaves is put aside whether it is there or not.
struct Assumed;

impl StoreFiles for Assumed {
    fn is_present(&self, _: &StorePath) -> Result<bool, PortError> {
        Ok(true)
    }
}

fn without(paths: &[StorePath], others: &[StorePath]) -> Vec<StorePath> {
    let left = paths.iter().filter(|path| !others.contains(path));
    left.cloned().collect()
}
