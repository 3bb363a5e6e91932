//! Who is let in to a limited queue, and who leaves it for others.

use std::collections::BTreeSet;

use crate::{
    Beyond, Limit, LimitAction, LimitsWithState, PortError, Queue, QueueReport, StorePath, limits,
    remove,
};

/// The admission of one queue, for one call of [`enqueue`](crate::enqueue()).
pub(crate) struct Admission {
    /// What is queued already: that is never refused. `None`: nobody looked, since
    /// the queue is open to all.
    queued: Option<BTreeSet<StorePath>>,
    free_places: usize,
    why: String,
    closed: bool,
}

impl Admission {
    /// Open where the limits cannot be judged: what was built must not be lost
    /// for a limit.
    pub(crate) fn of(queue: Queue<'_>, problems: &mut Vec<PortError>) -> Self {
        let judged = queue.limits.map_or(Ok(None), Self::judge);
        judged
            .unwrap_or_else(|error| {
                problems.push(error);
                None
            })
            .unwrap_or(Self {
                queued: None,
                free_places: usize::MAX,
                why: String::new(),
                closed: false,
            })
    }

    /// `None` when the queue is open to all.
    fn judge(
        LimitsWithState { limits, state }: LimitsWithState<'_>,
    ) -> Result<Option<Self>, PortError> {
        if limits.may_close()
            && let Some(why) = state.closed()?
        {
            return Ok(Some(Self {
                queued: Some(state.names()?),
                free_places: 0,
                why,
                closed: true,
            }));
        }
        let Some(Limit {
            at_most,
            beyond: Beyond::Refuse,
        }) = limits.max_entries
        else {
            return Ok(None);
        };
        let queued = state.names()?;
        Ok(Some(Self {
            free_places: at_most.saturating_sub(queued.len()),
            queued: Some(queued),
            why: limits::full(at_most),
            closed: false,
        }))
    }

    pub(crate) fn lets_in(&self, path: &StorePath) -> bool {
        let is_queued = |queued: &BTreeSet<_>| queued.contains(path);
        self.free_places > 0 || self.queued.as_ref().is_none_or(is_queued)
    }

    /// This path was let in and is new. One that was queued at the first look,
    /// and has left since, has its place already.
    pub(crate) fn entered(&mut self, path: &StorePath) {
        let is_known = |queued: &mut BTreeSet<_>| !queued.insert(path.clone());
        if !self.queued.as_mut().is_none_or(is_known) {
            self.free_places = self.free_places.saturating_sub(1);
        }
    }

    /// Notes in the report why it refused what it did, and counts it.
    pub(crate) fn note_refusals(self, queue: Queue<'_>, report: &mut QueueReport) {
        if report.refused.is_empty() {
            return;
        }
        report.refused_because = Some(self.why);
        report.closed = self.closed;
        let counted = count(queue, LimitAction::Refused, report.refused.len());
        report.problems.extend(counted.err());
    }
}

/// Drops the oldest entries beyond the limit, after new ones were made and are
/// durable. Producers at work at the same moment choose the same.
pub(crate) fn drop_beyond_max_entries(queue: Queue<'_>, report: &mut QueueReport) {
    let limit = queue.limits.and_then(|limited| limited.limits.max_entries);
    let Some(Limit {
        at_most,
        beyond: Beyond::DropOldest,
    }) = limit
    else {
        return;
    };
    if report.added.is_empty() || report.not_durable.is_some() {
        return;
    }
    match beyond_max_entries(queue, at_most) {
        Ok(paths) => drop_oldest(queue, &paths, report),
        Err(error) => report.problems.push(error),
    }
}

fn beyond_max_entries(queue: Queue<'_>, at_most: usize) -> Result<Vec<StorePath>, PortError> {
    let names = queue
        .limits
        .map(|limited| limited.state.names())
        .transpose()?;
    if names.is_none_or(|names| names.len() <= at_most) {
        return Ok(Vec::new());
    }
    let entries = queue.directory.list()?.entries;
    let excess = entries.len().saturating_sub(at_most);
    Ok(entries
        .into_iter()
        .take(excess)
        .map(|entry| entry.path)
        .collect())
}

fn drop_oldest(queue: Queue<'_>, paths: &[StorePath], report: &mut QueueReport) {
    if paths.is_empty() {
        return;
    }
    let mut removed = remove(queue, paths);
    report.problems.extend(removed.take_errors());
    report.note_dropped(&removed.removed);
    let counted = count(queue, LimitAction::Dropped, report.dropped.len());
    report.problems.extend(counted.err());
}

/// Counts for whoever looks later.
pub(crate) fn count(queue: Queue<'_>, what: LimitAction, number: usize) -> Result<(), PortError> {
    match queue.limits.filter(|_| number > 0) {
        Some(limited) => limited.state.count(what, number),
        None => Ok(()),
    }
}
