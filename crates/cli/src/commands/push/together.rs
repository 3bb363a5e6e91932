//! Queues that are drained at the same time, and end together.

use std::collections::BTreeMap;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::event::{EventfdFlags, eventfd};
use rustix::io::{read, write};

/// What they know of each other.
///
/// What is built while one of them is at work is enqueued in all of them. So one that has nothing
/// left rests, and is at work again when it has; and only when all of them rest, and each was
/// looked at since, have they ended.
pub(super) struct Together<'a> {
    state: Mutex<State>,
    /// Readable once they have ended, or one that rests has something to do and may not know it.
    wake: OwnedFd,
    /// Readable once they have ended.
    end: OwnedFd,
    /// Whether a queue has something to do.
    is_due: Box<dyn Fn(&str) -> bool + Send + Sync + 'a>,
}

struct State {
    /// Those that did not leave, and whether they rest.
    rests: BTreeMap<String, bool>,
    have_ended: bool,
}

/// One of them; it leaves when this is dropped.
pub(super) struct Member<'a> {
    together: &'a Together<'a>,
    queue: &'a str,
}

/// What becomes of a queue that rests.
pub(super) enum Rest<'a> {
    /// It has something to do again.
    Over,
    /// It rests on, until this is readable or something is enqueued.
    Until(BorrowedFd<'a>),
    /// All queues have ended.
    Ended,
}

impl<'a> Together<'a> {
    /// All of them are at work. `is_due` says whether a queue has something to do; it is asked
    /// while all who rest wait for the answer.
    ///
    /// # Errors
    ///
    /// If the system lacks the means.
    pub(super) fn new(
        queues: impl IntoIterator<Item = impl Into<String>>,
        is_due: impl Fn(&str) -> bool + Send + Sync + 'a,
    ) -> io::Result<Self> {
        let rests = queues.into_iter().map(|queue| (queue.into(), false));
        let event = || eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK);
        Ok(Self {
            state: Mutex::new(State {
                rests: rests.collect(),
                have_ended: false,
            }),
            wake: event()?,
            end: event()?,
            is_due: Box::new(is_due),
        })
    }

    /// That of these which is called so.
    pub(super) fn member<'m>(&'m self, queue: &'m str) -> Member<'m> {
        Member {
            together: self,
            queue,
        }
    }

    /// Readable once all of them have ended: then what is left in a queue can be counted.
    pub(super) fn end(&self) -> Option<BorrowedFd<'_>> {
        (!self.state().have_ended).then(|| self.end.as_fd())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks whether all have ended, now that one rests or has left. Either they have, or whoever
    /// has something to do is woken.
    fn look(&self, state: &mut State) {
        if state.rests.values().all(|rests| *rests) {
            state.have_ended = !state.rests.keys().any(|queue| (self.is_due)(queue));
            // Full, they are readable as well.
            let _ = write(&self.wake, &1_u64.to_ne_bytes());
            if state.have_ended {
                let _ = write(&self.end, &1_u64.to_ne_bytes());
            }
        }
    }
}

impl Member<'_> {
    /// It has nothing to do, as far as it knows. To be asked again after each wait.
    pub(super) fn rest(&self) -> Rest<'_> {
        let Self { together, queue } = *self;
        let mut state = together.state();
        if state.have_ended {
            return Rest::Ended;
        }
        let is_due = (together.is_due)(queue);
        state.rests.insert(queue.to_owned(), !is_due);
        if is_due {
            // The others need not look any more. Where nobody was woken, it is empty.
            let _ = read(&together.wake, &mut [0; 8]);
            return Rest::Over;
        }
        together.look(&mut state);
        match state.have_ended {
            true => Rest::Ended,
            false => Rest::Until(together.wake.as_fd()),
        }
    }
}

impl Drop for Member<'_> {
    /// The others do not wait for it.
    fn drop(&mut self) {
        let mut state = self.together.state();
        state.rests.remove(self.queue);
        self.together.look(&mut state);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use rustix::event::{PollFd, PollFlags, Timespec, poll};

    use super::*;

    /// Queues of these names, and those of them that have something to do.
    fn together(due: &Mutex<BTreeSet<String>>) -> Together<'_> {
        Together::new(["a", "b"], |queue| due.lock().unwrap().contains(queue)).unwrap()
    }

    fn is_woken(together: &Together<'_>) -> bool {
        let mut set = [PollFd::new(&together.wake, PollFlags::IN)];
        poll(&mut set, Some(&Timespec::default())).unwrap() > 0
    }

    fn goes_on(member: &Member<'_>) -> bool {
        matches!(member.rest(), Rest::Until(_))
    }

    #[test]
    fn they_end_when_the_last_of_them_rests() {
        let due = Mutex::default();
        let together = together(&due);
        let (a, b) = (together.member("a"), together.member("b"));
        assert!(goes_on(&a) && !is_woken(&together));
        assert!(matches!(b.rest(), Rest::Ended));
        assert!(is_woken(&together) && matches!(a.rest(), Rest::Ended));
    }

    #[test]
    fn what_came_into_one_that_rests_is_seen_when_the_last_one_rests() {
        let due = Mutex::default();
        let together = together(&due);
        let (a, b) = (together.member("a"), together.member("b"));
        assert!(goes_on(&a));
        due.lock().unwrap().insert("a".to_owned());
        assert!(!is_woken(&together));
        assert!(goes_on(&b), "not while the other has something to do");
        assert!(is_woken(&together) && matches!(a.rest(), Rest::Over));
        assert!(!is_woken(&together));
        due.lock().unwrap().clear();
        assert!(goes_on(&b), "nor while it does it");
        assert!(matches!(a.rest(), Rest::Ended));
    }

    #[test]
    fn one_that_leaves_is_waited_for_no_longer() {
        let due = Mutex::default();
        let together = together(&due);
        let (a, b) = (together.member("a"), together.member("b"));
        assert!(goes_on(&a));
        due.lock().unwrap().insert("b".to_owned());
        assert!(together.end().is_some());
        drop(b);
        assert!(together.end().is_none() && matches!(a.rest(), Rest::Ended));
    }

    #[test]
    fn what_came_and_went_while_all_rested_keeps_nobody() {
        let due = Mutex::default();
        let together = together(&due);
        let (a, b) = (together.member("a"), together.member("b"));
        assert!(goes_on(&a));
        due.lock().unwrap().insert("a".to_owned());
        assert!(goes_on(&b));
        due.lock().unwrap().clear();
        assert!(matches!(a.rest(), Rest::Ended) && matches!(b.rest(), Rest::Ended));
    }
}
