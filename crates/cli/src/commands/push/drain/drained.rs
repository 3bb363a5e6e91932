//! How a drain ended: what is left, and the exit code.

use std::time::SystemTime;

use queue_core::{DrainEnd, Outcome, Plan, PushReport};

use crate::commands::push::summary::Ended;
use crate::exit_codes::Exit;

/// A queue after its drain.
pub(super) struct Drained {
    pub(super) report: PushReport,
    pub(super) end: DrainEnd,
    /// What the destination last said, if it does not answer.
    unavailable: Option<String>,
    /// It is not asked before that time.
    until: Option<SystemTime>,
}

impl Drained {
    pub(super) fn new(
        report: PushReport,
        end: DrainEnd,
        left: Plan,
        unavailable: Option<String>,
    ) -> Self {
        let report = PushReport {
            backing_off: left.backing_off.len(),
            parked: left.parked.len(),
            left: left.ready.len() + left.again.len(),
            next_try: left.next_try.into(),
            ..report
        };
        Self {
            report,
            end,
            unavailable,
            until: left.destination_until,
        }
    }

    pub(super) fn number_left(&self) -> usize {
        self.report.left + self.report.backing_off + self.report.parked
    }

    /// Whether all that left the queue is at the destination. What became invalid may have gone
    /// before or since.
    fn all_was_delivered(&self) -> bool {
        let PushReport {
            uploaded,
            invalid,
            dropped,
            ..
        } = &self.report;
        dropped.is_empty() && invalid.iter().all(|path| uploaded.contains(path))
    }

    /// What left undelivered counts as what is left, and so does what did not work besides.
    pub(super) fn exit(&self) -> Exit {
        let is_spotless = self.all_was_delivered() && self.report.problems.is_empty();
        match self.end {
            DrainEnd::Stopped => Exit::Stopped,
            // What came after it gave up, nobody looked for.
            DrainEnd::GivenUp if self.number_left() == 0 => Exit::Failed,
            _ if self.number_left() == 0 && is_spotless => Exit::Done,
            _ if self.number_left() > 0 && self.unavailable.is_some() => Exit::Unavailable,
            _ => Exit::Failed,
        }
    }

    /// Its outcome, where that of the last push does not tell.
    pub(super) fn ended(&self) -> Option<Ended<'_>> {
        let is_told = matches!(
            self.report.outcome,
            Outcome::BackingOff { .. } | Outcome::Unavailable { .. }
        );
        let ends = [DrainEnd::OutOfTime, DrainEnd::NextTryTooLate];
        let is_out_of_time = ends.contains(&self.end) && !is_told;
        is_out_of_time.then_some(("out-of-time", self.unavailable.as_deref(), self.until))
    }
}
