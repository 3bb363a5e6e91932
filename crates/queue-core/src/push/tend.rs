//! Tending the queue: roots for what has none, no entry for what is gone.

use super::run::Run;
use super::{Push, PushEvent};
use crate::enqueue::{flush, protect};
use crate::{Entry, PortError, StorePath};

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
        if paths.is_empty() {
            return;
        }
        let removed = crate::remove(self.push.queue, paths);
        let failed = removed.failed.into_iter().map(|(_, error)| error);
        for error in failed.chain(removed.not_durable) {
            self.problem(error);
        }
        let back = self.restore_what_came_back(&removed.removed);
        for path in removed.removed {
            self.ledger.forget(&path);
            if !back.contains(&path) {
                self.observer.notice(&PushEvent::Invalid(&path));
                self.report.invalid.push(path);
            }
        }
    }

    /// A path may have been built and enqueued anew between the question and
    /// the removal; its producer then found the old entry and was content.
    /// What is valid now was in the queue rightly, and is pushed next time.
    fn restore_what_came_back(&mut self, paths: &[StorePath]) -> Vec<StorePath> {
        let mut here = paths.to_vec();
        here.retain(|path| self.may_be_present(path));
        let still_invalid = self.invalid(&here);
        let back: Vec<_> = here
            .into_iter()
            .filter(|path| !still_invalid.contains(path))
            .collect();
        if back.is_empty() {
            return back;
        }
        let Push {
            queue,
            collector,
            files,
            ..
        } = *self.push;
        let report = crate::enqueue(&[queue], collector, files, &back);
        let errors = report.queues.into_iter().flat_map(|queue| {
            let failed = queue.failed.into_iter().map(|(_, error)| error);
            failed.chain(queue.not_durable)
        });
        for error in errors.chain(report.unprotected) {
            self.problem(error);
        }
        back
    }
}
