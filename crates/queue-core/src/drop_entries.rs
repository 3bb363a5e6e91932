//! Dropping entries: somebody no longer wants them copied.

use std::collections::BTreeSet;

use crate::{Ledger, PortError, PushLock, PushState, Queue, StorePath, remove};

/// What became of one call of [`drop_entries`].
#[derive(Debug, Default)]
#[must_use = "what is queued still is only told here"]
pub struct DropReport {
    /// Were queued, or stood where a killed push put them aside, and no longer do.
    pub removed: Vec<StorePath>,
    /// Queued still, or stand where a killed push put them aside: the next one
    /// would bring them back. Held, as [`RemoveReport::failed`](crate::RemoveReport::failed) has it.
    pub failed: Vec<(StorePath, PortError)>,
    /// The medium did not confirm the call; a power cut may undo it.
    pub not_durable: Vec<PortError>,
    /// Their failures are remembered still, and count if they are enqueued anew.
    pub not_forgotten: Option<PortError>,
    /// The queue was closed by a limit and could not be opened: it takes nothing
    /// new until a push finds it within its limits.
    pub still_closed: Option<PortError>,
    /// A push was at work. It forgets by itself what is no longer queued. But
    /// what it has just found not to be valid, and what it did not know when it
    /// was killed, may be queued again by the next one.
    pub beside_a_push: bool,
}

/// Removes entries and all that is remembered of them: their failures, and the
/// verdict that the queue is beyond a limit, which the next push judges anew.
///
/// `state` and `leaving` are those of the queue's pushes
/// ([`Push::leaving`](crate::Push::leaving)), `None` where no push was yet. Never
/// waits: a push that is at work holds nothing up.
pub fn drop_entries(
    queue: Queue<'_>,
    leaving: Option<Queue<'_>>,
    state: Option<&dyn PushState>,
    paths: &[StorePath],
) -> DropReport {
    let mut report = DropReport::default();
    // Held all the while, so that no push reads the failures that are forgotten.
    let lock = match state.map(PushState::try_lock).transpose() {
        Ok(lock) => {
            report.beside_a_push = matches!(lock, Some(None));
            lock.flatten()
        }
        Err(error) => {
            report.not_forgotten = Some(error);
            None
        }
    };
    report.take_out(queue, leaving, paths);
    report.still_closed = open(queue).err();
    if let Some((state, lock)) = state.zip(lock)
        && let Err(error) = forget(state, &report.removed, lock.as_ref())
    {
        report.not_forgotten = Some(error);
    }
    report
}

impl DropReport {
    fn take_out(&mut self, queue: Queue<'_>, leaving: Option<Queue<'_>>, paths: &[StorePath]) {
        let mut removed = BTreeSet::new();
        for from in std::iter::once(queue).chain(leaving) {
            let report = remove(from, paths);
            removed.extend(report.removed);
            self.failed.extend(report.failed);
            self.not_durable.extend(report.not_durable);
        }
        let failed: BTreeSet<_> = self.failed.iter().map(|(path, _)| path).collect();
        removed.retain(|path| !failed.contains(path));
        let in_order = paths.iter().filter(|path| removed.remove(path));
        self.removed = in_order.cloned().collect();
    }
}

fn open(queue: Queue<'_>) -> Result<(), PortError> {
    let limited = queue.limits;
    limited.map_or(Ok(()), |limited| limited.state.set_closed(None))
}

/// A memory that cannot be understood is left for the next push, which begins a
/// new one.
fn forget(
    state: &dyn PushState,
    paths: &[StorePath],
    _held: &dyn PushLock,
) -> Result<(), PortError> {
    let text = state.load_ledger()?;
    let Some(mut ledger) = text.and_then(|text| Ledger::from_text(&text).ok()) else {
        return Ok(());
    };
    if paths.iter().filter(|path| ledger.forget(path)).count() > 0 {
        state.save_ledger(&ledger.to_text())?;
    }
    Ok(())
}
