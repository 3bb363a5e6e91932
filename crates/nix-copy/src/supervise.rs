//! Running one process group to its end, whatever it does.

use std::io;
use std::process::{Command, ExitStatus};
use std::time::{Duration, Instant};

use crate::Cancel;
use crate::log::{Log, Said};
use crate::movement::Movement;

mod running;
use running::Running;

/// How long a process may take to go once it was killed. One that is in the
/// middle of a call of the kernel goes when that ends.
const AFTER_KILL: Duration = Duration::from_secs(5);

/// How long one call of Nix may take: one process, with all that it starts. An
/// operation of this crate may need several calls; each has all of this time.
///
/// Whatever is over ends the call's whole process group: SIGTERM first, SIGKILL
/// after the grace. A process that is not gone 5 seconds after that is left
/// alone ([`CallError::Unkillable`]): it hangs in the kernel, over a network
/// file system that does not answer, say.
///
/// Zero is no time at all, not for ever: the call is ended as soon as it runs,
/// unless it is done by then. `None` is for ever, and so is what is too long to
/// be counted (up to [`Duration::MAX`]). Times are of the monotonic clock, so
/// nobody who sets the system's changes them.
///
/// [`CallError::Unkillable`]: crate::CallError::Unkillable
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timeouts {
    /// From its start to its end. What is over is [`CallError::TimedOut`],
    /// for an upload the kind `TimedOut`.
    ///
    /// [`CallError::TimedOut`]: crate::CallError::TimedOut
    pub total: Option<Duration>,
    /// Without anything moving: news on its output, bytes read or written,
    /// bytes that the other side of a connection takes. Repeated states and
    /// retries are no news. What is over is [`CallError::Stalled`], for an
    /// upload the kind `Stalled`. Looked at twenty times in this time, but not
    /// more often than every 20 ms nor less than every 5 s: it may last that
    /// much longer.
    ///
    /// [`CallError::Stalled`]: crate::CallError::Stalled
    pub stall: Option<Duration>,
    /// Between SIGTERM and SIGKILL, also when the caller asked to stop. With
    /// zero SIGKILL follows at once.
    pub grace: Duration,
}

impl Timeouts {
    /// A total only; nothing is said about stalls. The grace is 10 seconds.
    #[must_use]
    pub fn total(total: Duration) -> Self {
        Self {
            total: Some(total),
            stall: None,
            grace: Duration::from_secs(10),
        }
    }
}

/// Why we ended a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    TimedOut(Duration),
    Stalled(Duration),
    Cancelled,
}

/// What is left of a call.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: Vec<u8>,
    /// Whether the process wrote more than we keep.
    pub(crate) stdout_is_cut: bool,
    pub(crate) log: Log,
    /// Set when we asked it to end. It may have been done by then all the
    /// same: the status tells.
    pub(crate) stopped: Option<Stop>,
}

/// Why nothing is known of how a command ended.
#[derive(Debug)]
pub(crate) enum RunError {
    /// It could not be tell, or not be waited for.
    System(io::Error),
    /// It was killed, and is still there.
    Unkillable { pid: u32, state: String },
}

impl From<io::Error> for RunError {
    fn from(error: io::Error) -> Self {
        Self::System(error)
    }
}

/// Runs a command, which is a process group of its own, and waits for it to
/// exit, not for its pipes to close: a process that it leaves behind may hold
/// those open for ever.
///
/// To end it, the whole group gets SIGTERM, and SIGKILL after the grace period
/// or when the process itself is gone and others of its group are not.
///
/// # Errors
///
/// When it cannot be started or waited for, it is killed; when it does not go
/// even then, it is left alone, and so is its zombie.
pub(crate) fn run(
    command: &mut Command,
    timeouts: &Timeouts,
    cancel: &Cancel,
    tell: &mut dyn FnMut(Said<'_>),
) -> Result<Finished, RunError> {
    let mut running = Running::start(command)?;
    let stopped = watch(&mut running, timeouts, cancel, tell)?;
    if let Some(reason) = stopped {
        tracing::debug!(?reason, pid = running.pid(), "ending the process group");
        end(&mut running, timeouts.grace, tell)?;
    }
    Ok(running.reap(stopped, tell)?)
}

/// Waits until it exits, or there is a reason to end it.
fn watch(
    running: &mut Running,
    timeouts: &Timeouts,
    cancel: &Cancel,
    tell: &mut dyn FnMut(Said<'_>),
) -> io::Result<Option<Stop>> {
    let mut time = CallTime::start(timeouts, running.pid());
    loop {
        let news = running.wait(time.until_next(), cancel.descriptor(), tell)?;
        if running.has_exited()? {
            return Ok(None);
        }
        time.note(news, running.heard());
        let reason = match cancel.is_cancelled() {
            true => Some(Stop::Cancelled),
            false => time.verdict(),
        };
        if reason.is_some() {
            return Ok(reason);
        }
    }
}

/// Ends the whole group: by asking, and by killing what is left of it.
fn end(
    running: &mut Running,
    grace: Duration,
    tell: &mut dyn FnMut(Said<'_>),
) -> Result<(), RunError> {
    running.ask_group_to_end();
    let obeyed = running.exits_within(grace, tell)?;
    running.kill_group();
    if obeyed || running.exits_within(AFTER_KILL, tell)? {
        return Ok(());
    }
    let (pid, state) = (running.pid(), running.state());
    running.leave_alone();
    Err(RunError::Unkillable { pid, state })
}

/// The timeouts of a call that is under way.
struct CallTime<'a> {
    timeouts: &'a Timeouts,
    begun: Instant,
    moved: Instant,
    look_at: Instant,
    movement: Movement,
}

impl<'a> CallTime<'a> {
    fn start(timeouts: &'a Timeouts, pid: u32) -> Self {
        let now = Instant::now();
        Self {
            timeouts,
            begun: now,
            moved: now,
            look_at: now,
            movement: Movement::of(pid),
        }
    }

    /// Often enough to see a slow connection move in between.
    fn interval(stall: Duration) -> Duration {
        (stall / 20).clamp(Duration::from_millis(20), Duration::from_secs(5))
    }

    fn note(&mut self, news: bool, heard: u64) {
        let Some(stall) = self.timeouts.stall else {
            return;
        };
        let now = Instant::now();
        if news {
            self.moved = now;
        }
        if now >= self.look_at {
            self.look_at = now + Self::interval(stall);
            if self.movement.look(heard) {
                self.moved = now;
            }
        }
    }

    fn verdict(&self) -> Option<Stop> {
        let over = |limit: Option<Duration>, since: Instant| {
            limit.filter(|limit| since.elapsed() >= *limit)
        };
        let timed_out = over(self.timeouts.total, self.begun).map(Stop::TimedOut);
        timed_out.or_else(|| over(self.timeouts.stall, self.moved).map(Stop::Stalled))
    }

    /// `None` when only the process can end the wait.
    fn until_next(&self) -> Option<Duration> {
        let total = self
            .timeouts
            .total
            .map(|total| total.saturating_sub(self.begun.elapsed()));
        let look = self
            .timeouts
            .stall
            .map(|_| self.look_at.saturating_duration_since(Instant::now()));
        [total, look].into_iter().flatten().min()
    }
}

#[cfg(test)]
mod tests;
