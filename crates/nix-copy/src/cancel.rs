//! The caller's wish to stop.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, epoll, poll};
use rustix::io::Errno;
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, timerfd_create, timerfd_settime,
};

/// Becomes true when the caller asks to stop, and stays so.
///
/// It is a file descriptor that becomes readable then and is never read: the
/// read end of a pipe that a signal handler writes to, say. So it ends a wait
/// at once, without a thread. Clones share the descriptor.
///
/// ```
/// let (read, write) = std::io::pipe()?;
/// let cancel = nix_copy::Cancel::when_readable(read.into());
/// assert!(!cancel.is_cancelled());
/// drop(write); // the end of the pipe counts as well
/// assert!(cancel.is_cancelled());
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Cancel {
    descriptor: Option<Arc<OwnedFd>>,
    /// What an epoll descriptor watches has to stay open.
    watched: Vec<Arc<OwnedFd>>,
}

impl Cancel {
    /// Nobody will ask.
    #[must_use]
    pub fn never() -> Self {
        Self::default()
    }

    /// Asked once `descriptor` is readable or at its end.
    #[must_use]
    pub fn when_readable(descriptor: OwnedFd) -> Self {
        Self {
            descriptor: Some(Arc::new(descriptor)),
            watched: Vec::new(),
        }
    }

    /// Asked as well once so much time has passed from now on, whatever is done
    /// to the system's clock. A time that is too long to be counted (up to
    /// [`Duration::MAX`]) never passes.
    ///
    /// # Errors
    ///
    /// If the system lacks the means.
    pub fn or_after(&self, time: Duration) -> io::Result<Self> {
        match Timespec::try_from(time) {
            Ok(time) => self.or(timer(time)?),
            Err(_) => Ok(self.clone()),
        }
    }

    /// Asked as well once `descriptor` is readable or at its end.
    pub(crate) fn or_when_readable(&self, descriptor: OwnedFd) -> io::Result<Self> {
        self.or(Arc::new(descriptor))
    }

    fn or(&self, other: Arc<OwnedFd>) -> io::Result<Self> {
        let both = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        let watched: Vec<_> = self.descriptor.iter().cloned().chain([other]).collect();
        for descriptor in &watched {
            let data = epoll::EventData::new_u64(0);
            epoll::add(&both, descriptor, data, epoll::EventFlags::IN)?;
        }
        Ok(Self {
            descriptor: Some(Arc::new(both)),
            watched: [watched, self.watched.clone()].concat(),
        })
    }

    /// Waits until somebody asks, one of the `others` is readable, or the time is over.
    pub fn wait<'a>(&'a self, time: Duration, others: impl IntoIterator<Item = BorrowedFd<'a>>) {
        let descriptors = self.descriptor().into_iter().chain(others);
        let mut set: Vec<PollFd<'_>> = descriptors
            .map(|descriptor| PollFd::from_borrowed_fd(descriptor, PollFlags::IN))
            .collect();
        // One that does not fit is as good as none.
        let time = Timespec::try_from(time).ok();
        // An interrupted wait is over: whoever waits looks again anyway.
        let _ = poll(&mut set, time.as_ref());
    }

    /// Whether the caller has asked to stop.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        let Some(descriptor) = self.descriptor() else {
            return false;
        };
        let mut set = [PollFd::from_borrowed_fd(descriptor, PollFlags::IN)];
        matches!(poll(&mut set, Some(&Timespec::default())), Ok(ready) if ready > 0)
    }

    pub(crate) fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        self.descriptor
            .as_ref()
            .map(|descriptor| descriptor.as_fd())
    }
}

/// Readable from then on.
fn timer(time: Timespec) -> Result<Arc<OwnedFd>, Errno> {
    let timer = timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::CLOEXEC)?;
    let never = Timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // Zero would mean never.
    let soon = Timespec {
        tv_sec: 0,
        tv_nsec: 1,
    };
    let once = Itimerspec {
        it_interval: never,
        it_value: time.max(soon),
    };
    timerfd_settime(&timer, TimerfdTimerFlags::empty(), &once)?;
    Ok(Arc::new(timer))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn it_stays_cancelled_once_it_was_asked_for() {
        let (read, mut write) = std::io::pipe().unwrap();
        let cancel = Cancel::when_readable(read.into());
        assert!(!cancel.is_cancelled());
        write.write_all(b"x").unwrap();
        assert!(cancel.is_cancelled());
        assert!(cancel.clone().is_cancelled());
    }

    #[test]
    fn time_cancels_as_well_and_so_does_what_did_before() {
        let (read, mut write) = io::pipe().unwrap();
        let asked = Cancel::when_readable(read.into());
        let late = asked.or_after(Duration::from_secs(600)).unwrap();
        let soon = asked.or_after(Duration::ZERO).unwrap();
        soon.wait(Duration::from_secs(60), None);
        assert!(soon.is_cancelled() && soon.clone().is_cancelled());
        assert!(!late.is_cancelled() && !asked.is_cancelled());
        drop(asked);
        write.write_all(b"x").unwrap();
        assert!(late.is_cancelled());
        let alone = Cancel::never().or_after(Duration::ZERO).unwrap();
        alone.wait(Duration::from_secs(60), None);
        assert!(alone.is_cancelled());
    }

    #[test]
    fn each_of_two_can_ask() {
        let pipe = || io::pipe().unwrap();
        let ((first, ask_first), (second, ask_second)) = (pipe(), pipe());
        let one = Cancel::when_readable(first.into());
        let both = one.or_when_readable(second.into()).unwrap();
        assert!(!both.is_cancelled());
        drop(ask_second);
        assert!(both.is_cancelled() && !one.is_cancelled());
        let (third, _ask_third) = pipe();
        let other = one.or_when_readable(third.into()).unwrap();
        assert!(!other.is_cancelled());
        drop(ask_first);
        assert!(one.is_cancelled() && other.is_cancelled());
    }

    #[test]
    fn a_wait_ends_with_whatever_comes_first() {
        let (read, mut write) = io::pipe().unwrap();
        let begun = std::time::Instant::now();
        Cancel::never().wait(Duration::from_millis(50), Some(read.as_fd()));
        assert!(begun.elapsed() >= Duration::from_millis(50));
        write.write_all(b"x").unwrap();
        Cancel::never().wait(Duration::from_secs(600), Some(read.as_fd()));
        Cancel::when_readable(read.into()).wait(Duration::from_secs(600), None);
        assert!(begun.elapsed() < Duration::from_secs(60));
    }

    #[test]
    fn never_is_never() {
        assert!(!Cancel::never().is_cancelled());
        let longest = Duration::from_secs(i64::MAX as u64);
        for time in [longest, longest * 2, Duration::MAX] {
            let late = Cancel::never().or_after(time).unwrap();
            assert!(!late.is_cancelled());
        }
    }
}
