//! The caller's wish to stop.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

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
pub struct Cancel(Option<Arc<OwnedFd>>);

impl Cancel {
    /// Nobody will ask.
    #[must_use]
    pub fn never() -> Self {
        Self(None)
    }

    /// Asked once `descriptor` is readable or at its end.
    #[must_use]
    pub fn when_readable(descriptor: OwnedFd) -> Self {
        Self(Some(Arc::new(descriptor)))
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
        self.0.as_ref().map(|descriptor| descriptor.as_fd())
    }
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
    fn never_is_never() {
        assert!(!Cancel::never().is_cancelled());
    }
}
