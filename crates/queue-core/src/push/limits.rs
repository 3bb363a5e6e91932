//! The limits of the queue that a push judges, at its end: what could be
//! delivered is gone by then.

use std::collections::BTreeSet;

use super::run::{IsLast, Run};
use super::{Outcome, PushEvent};
use crate::{
    Beyond, Entry, EntryState, Limit, LimitAction, Limits, LimitsWithState, Pinned, PortError,
    StorePath, admission, limits,
};

impl Run<'_, '_> {
    /// Drops what a limit says to drop, in a push that tried to deliver it and
    /// is the last one to do so, and closes or opens the queue to what is new.
    pub(super) fn keep_within_limits(&mut self, is_last: &IsLast<'_>) {
        let Some(LimitsWithState { limits, .. }) = self.push.queue.limits else {
            return;
        };
        let stopped = (self.push.cancelled)() || matches!(self.report.outcome, Outcome::Cancelled);
        // Somebody who is in a hurry did not deliver what could be delivered.
        if stopped {
            return self.leave_as_it_is(limits);
        }
        match self.push.queue.directory.list() {
            Ok(listing) => {
                self.look_at_what_is_left(&listing);
                self.is_last = is_last(&self.report);
                self.enforce_all(limits, listing.entries);
            }
            Err(error) => {
                self.problem(error);
                self.leave_as_it_is(limits);
            }
        }
    }

    fn enforce_all(&mut self, limits: &Limits, mut entries: Vec<Entry>) {
        let too_old = self.enforce_max_age(limits, &mut entries);
        let too_large = self.enforce_max_pinned(limits, &mut entries);
        // Told whatever the other limit says: it may drop what this one would.
        let too_large = too_large.map_err(|error| self.problem(error));
        let is_known = too_large.is_ok();
        let reason = too_old.or(too_large.unwrap_or_default());
        match reason.is_some() || is_known {
            true => self.set_closed(reason.as_deref()),
            false => self.leave_as_it_is(limits),
        }
    }

    /// This push does not judge: what an earlier one found holds.
    fn leave_as_it_is(&mut self, limits: &Limits) {
        let limited = self.push.queue.limits.filter(|_| limits.may_close());
        let closed = limited.map_or(Ok(None), |limited| limited.state.closed());
        match closed {
            Ok(closed) => self.report.closed = closed,
            Err(error) => self.problem(error),
        }
    }

    /// Drops what is too old, or gives the reason to close the queue.
    fn enforce_max_age(&mut self, limits: &Limits, entries: &mut Vec<Entry>) -> Option<String> {
        let limit = limits.max_age?;
        let now = self.push.clock.now();
        let older = paths(limits::older_than(entries, limit.at_most, now));
        let oldest = entries.first().filter(|_| !older.is_empty())?;
        let why = limits::too_old(oldest.enqueued_at, limit.at_most);
        self.enforce(limit.beyond, &older, why, entries)
    }

    /// Whether a limit may drop it now. Not what a later try of the same drain
    /// may deliver; and a push that tried nothing does not know what could be
    /// delivered by now. But what is parked no push would try.
    fn may_be_dropped(&self, path: &StorePath) -> bool {
        if !self.is_last {
            return false;
        }
        let (now, policy) = (self.push.clock.now(), &self.options.retry);
        let state = || self.ledger.state(path, now, policy);
        self.tried || matches!(state(), EntryState::Parked { .. })
    }

    /// Drops what keeps too much alive, or gives the reason to close the queue.
    /// The store is asked only if that can have a consequence.
    fn enforce_max_pinned(
        &mut self,
        limits: &Limits,
        entries: &mut Vec<Entry>,
    ) -> Result<Option<String>, PortError> {
        let matters = |limit: &Limit<u64>| match limit.beyond {
            Beyond::Refuse => !entries.is_empty(),
            Beyond::DropOldest => entries.iter().any(|entry| self.may_be_dropped(&entry.path)),
        };
        let Some(limit) = limits.max_pinned.filter(matters) else {
            return Ok(None);
        };
        let Some(sizes) = self.push.sizes else {
            let nobody = "this push was not given anybody to ask";
            return Err(PortError::new(
                "measure",
                "what the entries keep alive",
                nobody,
            ));
        };
        let queued = paths(entries);
        let pinned = Pinned::new(&sizes.closure(&queued)?);
        let bytes = pinned.bytes(&queued);
        if bytes <= limit.at_most {
            self.report.pinned = Some(bytes);
            return Ok(None);
        }
        let excess = pinned.excess(&queued, limit.at_most);
        let why = limits::too_large(bytes, limit.at_most);
        let reason = self.enforce(limit.beyond, &excess, why, entries);
        self.report.pinned = Some(pinned.bytes(&paths(entries)));
        Ok(reason)
    }

    /// Does what is to be done with what is beyond a limit: drops what may be
    /// dropped of it, or gives the reason to close the queue.
    fn enforce(
        &mut self,
        action: Beyond,
        excess: &[StorePath],
        why: String,
        entries: &mut Vec<Entry>,
    ) -> Option<String> {
        match action {
            Beyond::Refuse => Some(why),
            Beyond::DropOldest => {
                let may_be_dropped = excess.iter().filter(|path| self.may_be_dropped(path));
                let paths: Vec<_> = may_be_dropped.cloned().collect();
                self.drop_oldest(&paths, &why);
                let dropped: BTreeSet<_> = paths.iter().collect();
                entries.retain(|entry| !dropped.contains(&entry.path));
                None
            }
        }
    }

    fn drop_oldest(&mut self, paths: &[StorePath], why: &str) {
        let queue = self.push.queue;
        let dropped = self.remove(queue, paths).removed;
        let counted = admission::count(queue, LimitAction::Dropped, dropped.len());
        counted.unwrap_or_else(|error| self.problem(error));
        for path in dropped {
            self.observer.notice(&PushEvent::Dropped(&path, why));
            self.tally.is_gone(&path);
            self.ledger.forget(&path);
            self.report.dropped.push(path);
        }
    }

    /// A push that changes nothing writes nothing.
    fn set_closed(&mut self, reason: Option<&str>) {
        let Some(LimitsWithState { state, .. }) = self.push.queue.limits else {
            return;
        };
        let was = state.closed().map_err(|error| self.problem(error));
        let unchanged = was.as_ref().is_ok_and(|was| was.as_deref() == reason);
        if !unchanged && let Err(error) = state.set_closed(reason) {
            return self.problem(error);
        }
        match (reason, was) {
            (Some(reason), _) => self.observer.notice(&PushEvent::Closed(reason)),
            (None, Ok(Some(_))) => self.observer.notice(&PushEvent::Opened),
            (None, _) => {}
        }
        self.report.closed = reason.map(str::to_owned);
    }
}

fn paths(entries: &[Entry]) -> Vec<StorePath> {
    entries.iter().map(|entry| entry.path.clone()).collect()
}
