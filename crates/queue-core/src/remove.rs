//! Removing entries.

use crate::{GcRoots, PortError, Queue, Removal, StorePath};

/// What became of one call of [`remove`].
#[derive(Debug, Default)]
#[must_use = "what is queued still is only told here"]
pub struct RemoveReport {
    /// Were queued, and no longer are.
    pub removed: Vec<StorePath>,
    /// Were not queued.
    pub absent: Vec<StorePath>,
    /// Queued still, and held. What could not be held again either is here a second
    /// time, with why: a push tries again to hold it.
    pub failed: Vec<(StorePath, PortError)>,
    /// The medium did not confirm the call; a power cut may undo it.
    pub not_durable: Option<PortError>,
}

impl RemoveReport {
    /// What did not work, for whoever need not know of which path.
    pub(crate) fn take_errors(&mut self) -> Vec<PortError> {
        let failed = self.failed.drain(..).map(|(_, error)| error);
        failed.chain(self.not_durable.take()).collect()
    }
}

/// Removes entries and their roots, and nothing else: what a push remembers of
/// them, or put aside, stays. For a user who no longer wants them copied there is
/// [`drop_entries`](crate::drop_entries()).
pub fn remove(queue: Queue<'_>, paths: &[StorePath]) -> RemoveReport {
    let mut report = RemoveReport::default();
    for path in paths {
        match remove_one(queue, path) {
            Ok(Removal::Removed) => report.removed.push(path.clone()),
            Ok(Removal::WasAbsent) => report.absent.push(path.clone()),
            Err(error) => {
                report.failed.push((path.clone(), error));
                let held = hold_again(queue.roots, path);
                report
                    .failed
                    .extend(held.err().map(|error| (path.clone(), error)));
            }
        }
    }
    report.not_durable = flush(queue, !report.failed.is_empty()).err();
    report
}

/// The root first, then the entry. The other way round, a producer that
/// enqueues the same path in between would find its root "already registered"
/// and then lose it, with the new entry left unheld. This way round it either
/// finds the entry there (and what becomes of that entry has just been decided)
/// or makes both anew.
fn remove_one(queue: Queue<'_>, path: &StorePath) -> Result<Removal, PortError> {
    queue.roots.unregister(path)?;
    queue.directory.remove(path)
}

/// What stays is still to be copied. Where its entry is gone all the same, the
/// collector clears the root. Not asked for where it is registered still:
/// `nix-store` would put an entry of its own in place of what is there.
fn hold_again(roots: &dyn GcRoots, path: &StorePath) -> Result<(), PortError> {
    match roots.is_registered(path) {
        Ok(true) => Ok(()),
        Ok(false) | Err(_) => roots.register(path),
    }
}

fn flush(queue: Queue<'_>, roots_were_made: bool) -> Result<(), PortError> {
    queue.directory.flush()?;
    match roots_were_made {
        true => queue.roots.flush(),
        false => Ok(()),
    }
}
