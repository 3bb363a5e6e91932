//! The time that a drain has, and how it waits.

use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

use camino::Utf8Path;
use nix_copy::Cancel;
use queue_core::DrainTime;
use rustix::fs::inotify::{self, CreateFlags, Reader, WatchFlags};

/// Between looks at a queue that cannot be watched.
const LOOK: Duration = Duration::from_secs(10);

/// Waits until the time is over, something is enqueued, or somebody asks to stop.
pub(super) struct Waiting<'a> {
    deadline: Option<Instant>,
    stop: &'a Cancel,
    /// Readable once something was enqueued; `None` where the system watches no more.
    watch: Option<OwnedFd>,
}

impl<'a> Waiting<'a> {
    /// `stop` also tells of the deadline.
    pub(super) fn new(queue_dir: &Utf8Path, deadline: Option<Instant>, stop: &'a Cancel) -> Self {
        let watch = watch(queue_dir).inspect_err(|error| {
            tracing::debug!(
                "{queue_dir} cannot be watched ({error}), it is looked at now and then"
            );
        });
        Self {
            deadline,
            stop,
            watch: watch.ok(),
        }
    }
}

/// An entry is made, or moved into its place by `nix-store --add-root`.
fn watch(queue_dir: &Utf8Path) -> rustix::io::Result<OwnedFd> {
    let watch = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)?;
    let made = WatchFlags::CREATE | WatchFlags::MOVED_TO | WatchFlags::ONLYDIR;
    inotify::add_watch(&watch, queue_dir.as_str(), made)?;
    Ok(watch)
}

impl DrainTime for Waiting<'_> {
    fn left(&self) -> Option<Duration> {
        let deadline = self.deadline?;
        Some(deadline.saturating_duration_since(Instant::now()))
    }

    /// What was enqueued before ends the wait as well: it may have come after the last look.
    fn wait(&self, time: Duration) {
        let time = self.left().map_or(time, |left| left.min(time));
        let Some(watch) = &self.watch else {
            return self.stop.wait(time.min(LOOK), None);
        };
        self.stop.wait(time, Some(watch.as_fd()));
        let mut buffer = [MaybeUninit::uninit(); 4096];
        let mut events = Reader::new(watch, &mut buffer);
        // Whatever it was, the push that follows sees all of it.
        while events.next().is_ok() {}
    }
}

#[cfg(test)]
mod tests {
    use queue_core::testing::contract;

    use super::*;

    #[test]
    fn the_time_of_a_drain_keeps_its_contract_whether_or_not_the_queue_can_be_watched() {
        let directory = tempfile::tempdir().unwrap();
        let there = Utf8Path::from_path(directory.path()).unwrap();
        let stop = Cancel::never();
        for queue_dir in [there.to_owned(), there.join("nowhere")] {
            let soon = Instant::now() + Duration::from_millis(50);
            let limited = Waiting::new(&queue_dir, Some(soon), &stop);
            contract::drain_time(&limited, &Waiting::new(&queue_dir, None, &stop));
        }
    }
}
