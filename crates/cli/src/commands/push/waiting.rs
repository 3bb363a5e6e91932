//! The time that a drain has, and how it waits: for its next turn, and for the other queues.

use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use camino::Utf8Path;
use nix_copy::Cancel;
use queue_core::DrainTime;
use rustix::fs::inotify::{self, CreateFlags, Reader, WatchFlags};

use super::together::{Member, Rest, Together};
use crate::message::Message;

/// Between looks at a queue that cannot be watched, and at one that waits for the others: not all
/// that gives it work is seen by watching (a `retry`).
const LOOK: Duration = Duration::from_secs(10);

/// Waits until the time is over, something is enqueued, or somebody asks to stop.
pub(super) struct Waiting<'a> {
    deadline: Option<Instant>,
    stop: &'a Cancel,
    /// Its place among the queues that are drained with it.
    member: &'a Member<'a>,
    /// Readable once something was enqueued; `None` where the system watches no more.
    watch: Option<OwnedFd>,
}

impl<'a> Waiting<'a> {
    /// `stop` also tells of the deadline.
    pub(super) fn new(
        queue_dir: &Utf8Path,
        deadline: Option<Instant>,
        stop: &'a Cancel,
        member: &'a Member<'a>,
    ) -> Self {
        let watch = watch(queue_dir).inspect_err(|error| {
            let text = format!("{queue_dir} cannot be watched, it is looked at now and then");
            Message::new(text).caused_by(error).debug();
        });
        Self {
            deadline,
            stop,
            member,
            watch: watch.ok(),
        }
    }

    /// Waits for `other` as well. What was enqueued before ends the wait too: it may have come
    /// after the last look.
    fn wait_for(&self, time: Duration, other: Option<BorrowedFd<'_>>) {
        let time = self.left().map_or(time, |left| left.min(time));
        let Some(watch) = &self.watch else {
            return self.stop.wait(time.min(LOOK), other);
        };
        self.stop
            .wait(time, other.into_iter().chain([watch.as_fd()]));
        let mut buffer = [MaybeUninit::uninit(); 4096];
        let mut events = Reader::new(watch, &mut buffer);
        // Whatever it was, the look that follows sees all of it.
        while events.next().is_ok() {}
    }
}

/// Waits until all queues have ended, the time is over, or somebody asks to stop, which `stop` tells.
pub(super) fn for_all(together: &Together<'_>, stop: &Cancel) {
    while let Some(end) = together.end().filter(|_| !stop.is_cancelled()) {
        stop.wait(LOOK, [end]);
    }
}

/// How much time is left until then.
pub(super) fn left(deadline: Option<Instant>) -> Option<Duration> {
    Some(deadline?.saturating_duration_since(Instant::now()))
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
        left(self.deadline)
    }

    fn wait(&self, time: Duration) {
        self.wait_for(time, None);
    }

    fn more(&self) -> bool {
        while !self.stop.is_cancelled() {
            match self.member.rest() {
                Rest::Ended => return false,
                Rest::Over => return true,
                Rest::Until(end) => self.wait_for(LOOK, Some(end)),
            }
        }
        false
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
        let together = Together::new(["one"], |_| false).unwrap();
        let member = together.member("one");
        for queue_dir in [there.to_owned(), there.join("nowhere")] {
            let soon = Instant::now() + Duration::from_millis(50);
            let limited = Waiting::new(&queue_dir, Some(soon), &stop, &member);
            let unlimited = Waiting::new(&queue_dir, None, &stop, &member);
            contract::drain_time(&limited, &unlimited);
        }
    }
}
