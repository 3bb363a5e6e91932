//! Pushing again and again, until nothing is left that a push could copy.

use std::time::{Duration, SystemTime};

use super::run::run;
use super::{NextTry, Outcome, Push, PushEvent, PushObserver, PushOptions, PushReport};
use crate::{PortError, StorePath};

/// Between looks whether another push has let go of the lock.
const LOCK_INTERVAL: Duration = Duration::from_secs(1);
/// The shortest wait after a push that got nothing through: with no wait
/// between failures a destination would be asked without end.
const SHORTEST_WAIT: Duration = Duration::from_secs(1);

/// The port to the time that a drain has.
///
/// It is not the [`Clock`](crate::Clock), which may be set: what is left of the
/// time only becomes less.
pub trait DrainTime {
    /// How long the drain may still take; `None`: however long. Once it is zero
    /// the push's `cancelled` should say so as well, which ends an upload that
    /// is under way.
    fn left(&self) -> Option<Duration>;

    /// Waits so long, not longer than what is [`left`](Self::left), and shorter
    /// where something was enqueued meanwhile or somebody asks to stop (the
    /// push's `cancelled` tells). Coming back for no reason costs a look at the
    /// queue, nothing else.
    fn wait(&self, time: Duration);

    /// Waits, while nothing is left that could be pushed in time, for what may
    /// still come, as long as somebody enqueues for whom this drain is not to end
    /// yet. Says whether there is something to push again. Once the time is over,
    /// or somebody asks to stop, there is not.
    ///
    /// By default nothing is waited for: a drain ends when it has nothing left.
    fn more(&self) -> bool {
        false
    }
}

/// Why a drain ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DrainEnd {
    /// Nothing is left but what is parked.
    Drained,
    /// The time is over.
    OutOfTime,
    /// What is left is tried again later than the time allows.
    NextTryTooLate,
    /// The caller asked to stop.
    Stopped,
    /// Trying again would not help: the uploader cannot run on this machine, or
    /// a push changed nothing and did not know when to try again.
    GivenUp,
}

impl DrainEnd {
    /// Whether something new could be pushed still.
    fn is_for_now(self) -> bool {
        matches!(self, Self::Drained | Self::NextTryTooLate)
    }
}

/// What a drain did.
#[derive(Debug)]
pub struct DrainReport {
    /// All its pushes taken together: what any of them copied, and what failed
    /// and was not copied later. The rest is that of the last one.
    pub push: PushReport,
    /// Why it ended.
    pub end: DrainEnd,
    /// What the destination last said, if a push of this drain found that it does
    /// not answer and nothing got through since: also where the last one was
    /// ended in the midst of a try.
    pub unavailable: Option<String>,
}

/// What to do after a push.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    End(DrainEnd),
    PushAfter(Duration),
}

/// A drain under way.
struct Drain<'d> {
    push: &'d Push<'d>,
    options: PushOptions,
    time: &'d dyn DrainTime,
    observer: &'d mut dyn PushObserver,
    /// What the destination last said, where it does not answer.
    unavailable: Option<String>,
    /// Not where something did not work: that could be without end, since what
    /// could not be remembered is due at once.
    may_wait_for_more: bool,
}

pub(super) fn drain(
    push: &Push<'_>,
    options: &PushOptions,
    time: &dyn DrainTime,
    observer: &mut dyn PushObserver,
) -> Result<DrainReport, PortError> {
    let mut drain = Drain {
        push,
        options: options.clone(),
        time,
        observer,
        unavailable: None,
        may_wait_for_more: true,
    };
    let (mut total, mut follows) = drain.push_once()?;
    loop {
        if let Some(end) = drain.end(follows, &total.outcome) {
            return Ok(DrainReport {
                push: total,
                end,
                unavailable: drain.unavailable,
            });
        }
        (total, follows) = drain.push_again(total);
    }
}

impl Drain<'_> {
    /// Waits for what follows. Gives why the drain ends if it does, or if it was
    /// stopped meanwhile: a push that finds nothing ready would not ask.
    fn end(&mut self, follows: Next, why: &Outcome) -> Option<DrainEnd> {
        match follows {
            Next::End(end) if !self.waits_for_more(end) => return Some(end),
            Next::End(_) => {}
            Next::PushAfter(pause) if pause.is_zero() => {}
            Next::PushAfter(pause) => {
                let event = PushEvent::Waiting { time: pause, why };
                self.observer.notice(&event);
                self.time.wait(pause);
            }
        }
        (self.push.cancelled)().then(|| ended(self.time.left()))
    }

    fn waits_for_more(&mut self, end: DrainEnd) -> bool {
        if !self.may_wait_for_more || !end.is_for_now() {
            return false;
        }
        self.observer.notice(&PushEvent::Resting);
        self.time.more()
    }

    fn push_once(&mut self) -> Result<(PushReport, Next), PortError> {
        let (push, time) = (self.push, self.time);
        let after = |report: &PushReport| next(report, push.clock.now(), time.left());
        let is_last = |report: &PushReport| matches!(after(report), Next::End(_));
        let report = run(push, &self.options, self.observer, &is_last)?;
        let follows = after(&report);
        self.may_wait_for_more = report.problems.is_empty();
        self.unavailable = unavailable_after(&report, self.unavailable.take());
        Ok((report, follows))
    }

    fn push_again(&mut self, mut total: PushReport) -> (PushReport, Next) {
        if !matches!(total.outcome, Outcome::AlreadyRunning) {
            // Once is what was asked for; what fails again waits its turn.
            self.options.force = false;
        }
        self.options.seed = self.options.seed.wrapping_add(1 << 32);
        match self.push_once() {
            Ok((report, follows)) => (together(total, report), follows),
            Err(error) => {
                self.observer.notice(&PushEvent::Problem(&error));
                total.problems.push(error);
                (total, Next::End(DrainEnd::GivenUp))
            }
        }
    }
}

/// The later report, with what the earlier one copied, dropped and could not do.
fn together(earlier: PushReport, later: PushReport) -> PushReport {
    let settled = |path: &StorePath| {
        let failed_anew = later.failed.iter().any(|failed| failed.path == *path);
        failed_anew || later.uploaded.contains(path) || later.invalid.contains(path)
    };
    let mut failed = earlier.failed;
    failed.retain(|failed| !settled(&failed.path));
    PushReport {
        failed: joined(failed, later.failed),
        uploaded: joined(earlier.uploaded, later.uploaded),
        invalid: joined(earlier.invalid, later.invalid),
        dropped: joined(earlier.dropped, later.dropped),
        problems: joined(earlier.problems, later.problems),
        ..later
    }
}

/// Pure: what the destination last said, where it does not answer.
fn unavailable_after(report: &PushReport, before: Option<String>) -> Option<String> {
    match &report.outcome {
        Outcome::Unavailable { error, .. } => Some(error.message.clone()),
        Outcome::BackingOff { error, .. } => Some(error.clone()),
        _ => before.filter(|_| report.uploaded.is_empty()),
    }
}

fn joined<T>(mut earlier: Vec<T>, later: Vec<T>) -> Vec<T> {
    earlier.extend(later);
    earlier
}

/// Decides after each push. Pure.
fn next(last: &PushReport, now: SystemTime, left: Option<Duration>) -> Next {
    let is_over = left.is_some_and(|left| left.is_zero());
    let wait = match (&last.outcome, last.next_try) {
        (Outcome::Cancelled, _) => return Next::End(ended(left)),
        (Outcome::Broken(_), _) => return Next::End(DrainEnd::GivenUp),
        (Outcome::AlreadyRunning, _) => left.map_or(LOCK_INTERVAL, |left| left.min(LOCK_INTERVAL)),
        (_, NextTry::Never) => return Next::End(DrainEnd::Drained),
        (_, NextTry::At(at)) => at.duration_since(now).unwrap_or_default(),
        // The next push looks.
        (_, NextTry::Unknown) => Duration::ZERO,
    };
    if is_over {
        return Next::End(DrainEnd::OutOfTime);
    }
    if left.is_some_and(|left| wait > left) {
        return Next::End(DrainEnd::NextTryTooLate);
    }
    let got_through = !last.uploaded.is_empty();
    if wait.is_zero() && !got_through && !has_changed_something(last) {
        return Next::End(DrainEnd::GivenUp);
    }
    let shortest = match got_through {
        true => Duration::ZERO,
        false => SHORTEST_WAIT,
    };
    Next::PushAfter(wait.max(shortest))
}

/// What a cancelled push means: the end of the time does that as well.
fn ended(left: Option<Duration>) -> DrainEnd {
    match left {
        Some(Duration::ZERO) => DrainEnd::OutOfTime,
        _ => DrainEnd::Stopped,
    }
}

/// Whether the same push once more would be another one.
fn has_changed_something(last: &PushReport) -> bool {
    !last.failed.is_empty()
        || !last.invalid.is_empty()
        || matches!(last.outcome, Outcome::Unavailable { .. })
}

#[cfg(test)]
mod tests;
