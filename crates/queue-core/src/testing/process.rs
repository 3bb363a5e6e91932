//! A process in the simulated world: its steps, and who decides about them.

use std::cell::Cell;
use std::fmt;
use std::time::SystemTime;

use super::World;
use super::world::State;
use crate::{Clock, PortError};

/// One thing that a process is about to do to the world, such as a system call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// Counted from 0 within the process.
    pub number: usize,
    /// What it is, as a verb with its object: `make the entry`.
    pub action: &'static str,
    /// Whether it changes the world, so that it can fail after its effect.
    pub changes: bool,
}

impl Step {
    /// The [`action`](Self::action) with which an upload begins.
    pub const BEGIN_UPLOAD: &str = "begin an upload";
    /// That of a push that reads what was remembered.
    pub const READ_LEDGER: &str = "read the ledger";
    /// That of a drain that waits.
    pub const WAIT: &str = "wait";
}

/// What becomes of a step.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Decision {
    /// It is done.
    #[default]
    GoOn,
    /// It fails and has no effect.
    Fail,
    /// It fails after its effect, as a call whose answer is lost.
    FailAfter,
    /// The process is killed before it: neither this step nor any later one
    /// has an effect, and its locks are free.
    Stop,
}

/// Decides about each step before it is done. It may do anything to the world
/// first: run the collector, run another process to its end, cut the power.
pub type Script<'w> = Box<dyn Fn(&Step) -> Decision + 'w>;

/// A process. It is the ports to what all queues share ([`GarbageCollector`](crate::GarbageCollector),
/// [`StoreFiles`](crate::StoreFiles), [`StoreDatabase`](crate::StoreDatabase),
/// [`StoreSizes`](crate::StoreSizes), [`StoreContents`](crate::StoreContents), [`Clock`]);
/// the ports to one queue are made by [`queue`](Self::queue), the time of a drain
/// by [`drain_time`](Self::drain_time).
///
/// A killed process goes on running in the test's eyes, but each of its calls
/// fails and changes nothing; so what it returns in the end says nothing.
pub struct Process<'w> {
    pub(super) world: &'w World,
    pub(super) id: u64,
    boot: u64,
    script: Script<'w>,
    steps: Cell<usize>,
    killed: Cell<bool>,
}

impl<'w> Process<'w> {
    pub(super) fn new(world: &'w World, script: Script<'w>) -> Self {
        let (id, boot) = world.with(|state| {
            state.processes += 1;
            (state.processes, state.boot)
        });
        Self {
            world,
            id,
            boot,
            script,
            steps: Cell::new(0),
            killed: Cell::new(false),
        }
    }

    /// How many steps it was about to do so far.
    #[must_use]
    pub fn steps(&self) -> usize {
        self.steps.get()
    }

    /// Whether it was killed, or the power was lost since it began.
    #[must_use]
    pub fn is_dead(&self) -> bool {
        self.killed.get() || self.world.with(|state| state.boot) != self.boot
    }

    /// Kills it: what it did stays, what it held is free.
    pub fn kill(&self) {
        self.killed.set(true);
        self.world.with(|state| state.bury(self.id));
    }

    /// A step that changes nothing.
    pub(super) fn look<T>(
        &self,
        action: &'static str,
        answer: impl FnOnce(&State) -> T,
    ) -> Result<T, PortError> {
        self.step(action, false, |state| answer(state))
    }

    /// A step that may change something.
    pub(super) fn change<T>(
        &self,
        action: &'static str,
        effect: impl FnOnce(&mut State) -> T,
    ) -> Result<T, PortError> {
        self.step(action, true, effect)
    }

    fn step<T>(
        &self,
        action: &'static str,
        changes: bool,
        effect: impl FnOnce(&mut State) -> T,
    ) -> Result<T, PortError> {
        let fail = |why: &str| PortError::new(action, "in the simulated world", why);
        match self.decide(action, changes) {
            Decision::GoOn => Ok(self.world.with(effect)),
            Decision::Fail => Err(fail("the script says so")),
            Decision::FailAfter => {
                self.world.with(effect);
                Err(fail("the script says so, after the effect"))
            }
            Decision::Stop => Err(fail("the process was killed")),
        }
    }

    fn decide(&self, action: &'static str, changes: bool) -> Decision {
        if self.is_dead() {
            return Decision::Stop;
        }
        let number = self.steps.replace(self.steps.get() + 1);
        let step = Step {
            number,
            action,
            changes,
        };
        let decision = (self.script)(&step);
        if decision == Decision::Stop {
            self.kill();
        }
        // The script may have killed it, or cut the power.
        if self.is_dead() {
            return Decision::Stop;
        }
        decision
    }
}

impl Clock for Process<'_> {
    fn now(&self) -> SystemTime {
        self.world.now()
    }
}

impl fmt::Debug for Process<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Process");
        shown.field("id", &self.id).field("steps", &self.steps);
        shown.finish_non_exhaustive()
    }
}
