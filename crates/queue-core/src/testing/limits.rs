//! The limits of a queue, and the port to what producers and pushes tell each
//! other about them.

use std::collections::BTreeSet;

use super::world::{QueueState, State};
use super::{Process, World};
use crate::{LimitAction, LimitState, Limits, PortError, StorePath};

/// What is known about one queue and its limits: the verdict of the last push,
/// and the counts.
#[derive(Debug, Clone, Copy)]
pub struct SimLimitState<'p> {
    pub(super) process: &'p Process<'p>,
    pub(super) queue: usize,
}

impl SimLimitState<'_> {
    fn of<'s>(&self, state: &'s State) -> &'s QueueState {
        &state.queues[self.queue]
    }
}

impl LimitState for SimLimitState<'_> {
    fn names(&self) -> Result<BTreeSet<StorePath>, PortError> {
        self.process.look("read the names of the entries", |state| {
            self.of(state).entries.seen().into_keys().collect()
        })
    }

    /// Mostly it is not there, and then the first look is all.
    fn closed(&self) -> Result<Option<String>, PortError> {
        let verdict = |state: &State| self.of(state).closed.get(&()).cloned();
        let found = self.process.look("look for the verdict", verdict)?;
        if found.is_none() {
            return Ok(None);
        }
        // A push may have removed it since.
        self.process.look("read the verdict", verdict)
    }

    /// A new file takes the old one's place. It is not flushed.
    fn set_closed(&self, reason: Option<&str>) -> Result<(), PortError> {
        let replace = |state: &mut State| {
            let closed = &mut state.queues[self.queue].closed;
            if reason.is_some() || closed.has(&()) {
                closed.set((), reason.map(str::to_owned));
            }
        };
        if reason.is_none() {
            return self.process.change("remove the verdict", replace);
        }
        self.process.change("write the new verdict", |_| ())?;
        self.process.change("replace the verdict", replace)
    }

    fn count(&self, what: LimitAction, number: usize) -> Result<(), PortError> {
        self.process.change("make the room for counts", |_| ())?;
        self.process.change("add to the count", |state| {
            let counts = &mut state.queues[self.queue].counts;
            let before = counts.get(&what).copied().unwrap_or(0);
            counts.set(what, Some(before + number));
        })
    }
}

impl World {
    /// Limits a queue, for every process that begins from now on.
    pub fn set_limits(&self, queue: usize, limits: Limits) {
        self.with(|state| state.queues[queue].limits = limits);
    }

    /// The limits of a queue.
    #[must_use]
    pub fn limits(&self, queue: usize) -> Limits {
        self.with(|state| state.queues[queue].limits)
    }

    /// Why a queue takes nothing new, as the last push judged.
    #[must_use]
    pub fn closed(&self, queue: usize) -> Option<String> {
        self.with(|state| state.queues[queue].closed.get(&()).cloned())
    }

    /// How often a limit did that to a path, as counted.
    #[must_use]
    pub fn counted(&self, queue: usize, what: LimitAction) -> usize {
        self.with(|state| state.queues[queue].counts.get(&what).copied().unwrap_or(0))
    }
}
