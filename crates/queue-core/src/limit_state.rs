//! The port to what producers and pushes tell each other about a queue's limits.

use std::collections::BTreeSet;

use crate::{Limits, PortError, StorePath};

/// The limits that are set for a queue, together with what is known about how
/// it stands with them.
#[derive(Clone, Copy)]
pub struct LimitsWithState<'a> {
    /// What is set.
    pub limits: &'a Limits,
    /// What producers and pushes tell each other about the same queue.
    pub state: &'a dyn LimitState,
}

/// What producers and pushes tell each other about a limited queue. Asked only where a limit is set.
///
/// Safe to use from many processes at once without a lock. Nothing behind it
/// need survive a power cut: the next push judges anew, and a count is a hint.
pub trait LimitState {
    /// The paths that are queued, by their names alone: cheap, without a look at
    /// each. What only looks like an entry may be among them.
    ///
    /// # Errors
    ///
    /// When the queue cannot be read.
    fn names(&self) -> Result<BTreeSet<StorePath>, PortError>;

    /// Why a push closed the queue to what is new; `None` while it is open.
    /// Cheap, above all while it is open.
    ///
    /// # Errors
    ///
    /// When that cannot be seen.
    fn closed(&self) -> Result<Option<String>, PortError>;

    /// Closes the queue, for a reason of one line, or opens it. Atomic and
    /// idempotent.
    ///
    /// # Errors
    ///
    /// When it stays as it was.
    fn set_closed(&self, reason: Option<&str>) -> Result<(), PortError>;

    /// Adds to a count that stays from run to run.
    ///
    /// # Errors
    ///
    /// When not all were added.
    fn count(&self, what: LimitAction, number: usize) -> Result<(), PortError>;
}

/// What a limit did to a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LimitAction {
    /// It was not let in.
    Refused,
    /// It was queued, and had to leave.
    Dropped,
}
