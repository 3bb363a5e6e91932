//! The time that a drain has.

use std::time::Duration;

use super::{Process, Step};
use crate::DrainTime;

/// [`DrainTime`] of a process: each wait is a step, and makes the time pass.
#[derive(Debug, Clone, Copy)]
pub struct SimDrainTime<'p> {
    process: &'p Process<'p>,
    /// By the clock that only goes forward.
    until: Option<Duration>,
}

impl Process<'_> {
    /// So much time from now on; `None`: any.
    #[must_use]
    pub fn drain_time(&self, time: Option<Duration>) -> SimDrainTime<'_> {
        let now = self.world.with(|state| state.uptime);
        SimDrainTime {
            process: self,
            until: time.map(|time| now + time),
        }
    }
}

impl DrainTime for SimDrainTime<'_> {
    fn left(&self) -> Option<Duration> {
        let now = self.process.world.with(|state| state.uptime);
        self.until.map(|until| until.saturating_sub(now))
    }

    /// Where the script lets it fail, it comes back for no reason.
    fn wait(&self, time: Duration) {
        if self.process.look(Step::WAIT, |_| ()).is_ok() {
            let left = self.left().unwrap_or(time);
            self.process.world.wait(time.min(left));
        }
    }
}
