//! How a drain ended: what is left, and the exit code.

use queue_core::{DrainEnd, Outcome, Plan, PushReport};

use crate::exit_codes::Exit;

/// A queue after its drain.
pub(super) struct Drained {
    pub(super) report: PushReport,
    pub(super) end: DrainEnd,
    destination_failed: bool,
}

impl Drained {
    pub(super) fn new(
        report: PushReport,
        end: DrainEnd,
        left: Plan,
        destination_failed: bool,
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
            destination_failed,
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
        let unavailable = self.destination_failed
            || matches!(
                self.report.outcome,
                Outcome::BackingOff { .. } | Outcome::Unavailable { .. }
            );
        match self.end {
            DrainEnd::Stopped => Exit::Stopped,
            // What came after it gave up, nobody looked for.
            DrainEnd::GivenUp if self.number_left() == 0 => Exit::Failed,
            _ if self.number_left() == 0 && is_spotless => Exit::Done,
            _ if self.number_left() > 0 && unavailable => Exit::Unavailable,
            _ => Exit::Failed,
        }
    }

    /// The word for its outcome, where that of the last push does not tell.
    pub(super) fn outcome(&self) -> Option<&'static str> {
        let is_told = matches!(
            self.report.outcome,
            Outcome::BackingOff { .. } | Outcome::Unavailable { .. }
        );
        let ends = [DrainEnd::OutOfTime, DrainEnd::NextTryTooLate];
        (ends.contains(&self.end) && !is_told).then_some("out-of-time")
    }
}
