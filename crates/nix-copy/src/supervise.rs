//! Running one process group to its end, whatever it does.

use std::io;
use std::process::{Command, ExitStatus};
use std::time::{Duration, Instant};

use crate::Cancel;
use crate::log::Log;
use crate::movement::Movement;

mod running;
use running::Running;

/// How long one call of Nix may take: one process, with all that it starts. An
/// operation of this crate may need several calls; each has all of this time.
///
/// Whatever is over ends the call's whole process group: SIGTERM first, SIGKILL
/// after the grace. Zero is no time at all, not for ever: the call is ended as
/// soon as it runs, unless it is done by then. `None` is for ever. Times are of
/// the monotonic clock, so nobody who sets the system's changes them.
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

/// Runs a command, which is a process group of its own, and waits for it to
/// exit, not for its pipes to close: a process that it leaves behind may hold
/// those open for ever.
///
/// To end it, the whole group gets SIGTERM, and SIGKILL after the grace period
/// or when the process itself is gone and others of its group are not.
///
/// # Errors
///
/// When it cannot be started or waited for; it is killed then.
pub(crate) fn run(
    command: &mut Command,
    timeouts: &Timeouts,
    cancel: &Cancel,
    started: &mut dyn FnMut(&str),
) -> io::Result<Finished> {
    let mut running = Running::start(command)?;
    let mut clock = Clock::start(timeouts, running.pid());
    let mut stopped = None;
    loop {
        let waiting = if stopped.is_none() {
            cancel.descriptor()
        } else {
            None
        };
        let news = running.wait(clock.until_next(), waiting, started)?;
        if running.has_exited()? {
            break;
        }
        if stopped.is_some() {
            if clock.is_grace_over() {
                running.kill_group();
            }
            continue;
        }
        clock.note(news, running.heard());
        stopped = if cancel.is_cancelled() {
            Some(Stop::Cancelled)
        } else {
            clock.verdict()
        };
        if let Some(reason) = stopped {
            tracing::debug!(?reason, pid = running.pid(), "ending the process group");
            running.ask_group_to_end();
            clock.begin_grace();
        }
    }
    if stopped.is_some() {
        running.kill_group();
    }
    running.reap(stopped, started)
}

/// The timeouts of a call that is under way.
struct Clock<'a> {
    timeouts: &'a Timeouts,
    begun: Instant,
    moved: Instant,
    look_at: Instant,
    kill_at: Option<Instant>,
    movement: Movement,
}

impl<'a> Clock<'a> {
    fn start(timeouts: &'a Timeouts, pid: u32) -> Self {
        let now = Instant::now();
        let movement = Movement::of(pid);
        Self {
            timeouts,
            begun: now,
            moved: now,
            look_at: now,
            kill_at: None,
            movement,
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

    fn begin_grace(&mut self) {
        self.kill_at = Some(Instant::now() + self.timeouts.grace);
    }

    fn is_grace_over(&self) -> bool {
        self.kill_at.is_some_and(|end| Instant::now() >= end)
    }

    /// `None` when only the process can end the wait.
    fn until_next(&self) -> Option<Duration> {
        let next = match self.kill_at {
            // Already killed: look again now and then, a process in
            // uninterruptible sleep may take a while.
            Some(end) => Some(end.max(Instant::now() + Duration::from_millis(20))),
            None => [
                self.timeouts.total.map(|total| self.begun + total),
                self.timeouts.stall.map(|_| self.look_at),
            ]
            .into_iter()
            .flatten()
            .min(),
        };
        next.map(|next| next.saturating_duration_since(Instant::now()))
    }
}

#[cfg(test)]
mod tests;
