//! What a drain promises, with a clock that stands still but for its waits.

#![allow(clippy::unwrap_used)]

mod support;

use std::cell::{Cell, RefCell};
use std::time::{Duration, SystemTime};

use queue_core::*;
use support::{World, names};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Told the number of the wait that is under way.
type During<'w> = Box<dyn Fn(usize) + 'w>;

/// Told how often it was asked for more; says whether there is.
type More<'w> = Box<dyn Fn(usize) -> bool + 'w>;

/// Time passes only while somebody waits.
struct Waits<'w> {
    world: &'w World,
    left: Cell<Option<Duration>>,
    waited: RefCell<Vec<Duration>>,
    during: During<'w>,
    asked_for_more: Cell<usize>,
    more: More<'w>,
}

impl<'w> Waits<'w> {
    fn new(world: &'w World, left: Option<Duration>) -> Self {
        Self::during(world, left, |_| {})
    }

    fn during(world: &'w World, left: Option<Duration>, during: impl Fn(usize) + 'w) -> Self {
        Self {
            world,
            left: Cell::new(left),
            waited: RefCell::default(),
            during: Box::new(during),
            asked_for_more: Cell::new(0),
            more: Box::new(|_| false),
        }
    }

    fn more(self, more: impl Fn(usize) -> bool + 'w) -> Self {
        let more = Box::new(more);
        Self { more, ..self }
    }

    fn total(&self) -> Duration {
        self.waited.borrow().iter().sum()
    }
}

impl DrainTime for Waits<'_> {
    fn left(&self) -> Option<Duration> {
        self.left.get()
    }

    fn wait(&self, time: Duration) {
        let time = self.left.get().map_or(time, |left| left.min(time));
        self.left.set(self.left.get().map(|left| left - time));
        self.world.wait(time);
        self.waited.borrow_mut().push(time);
        let number = self.waited.borrow().len();
        assert!(number < 1000, "it waits without end");
        (self.during)(number);
    }

    fn more(&self) -> bool {
        self.asked_for_more.set(self.asked_for_more.get() + 1);
        (self.more)(self.asked_for_more.get())
    }
}

/// As the world's policy has it: a minute, doubled, at most an hour, less up to a fifth.
fn is_first_wait(time: Duration) -> bool {
    time > 45 * SECOND && time <= MINUTE
}

#[test]
fn what_goes_at_once_is_not_waited_for() {
    let world = World::new();
    world.build_and_enqueue(&["a", "b"]);
    let waits = Waits::new(&world, None);
    let drained = world.drain(&waits);
    assert_eq!(drained.end, DrainEnd::Drained);
    assert_eq!(names(&drained.push.uploaded), ["a", "b"]);
    assert_eq!(
        (drained.push.left, drained.push.next_try),
        (0, NextTry::Never)
    );
    assert_eq!(*waits.waited.borrow(), []);
    assert_eq!(world.destination.uploads.get(), 1);
}

#[test]
fn an_empty_queue_is_drained() {
    let world = World::new();
    assert_eq!(
        world.drain(&Waits::new(&world, None)).end,
        DrainEnd::Drained
    );
    assert_eq!(world.destination.uploads.get(), 0);
}

#[test]
fn a_destination_that_comes_back_is_asked_when_it_is_its_turn_and_not_before() {
    let world = World::new();
    world.build_and_enqueue(&["a"]);
    *world.destination.down.borrow_mut() = Some(UploadErrorKind::Unavailable);
    let waits = Waits::during(&world, None, |number| {
        if number == 2 {
            *world.destination.down.borrow_mut() = None;
        }
    });
    let drained = world.drain(&waits);
    assert_eq!(drained.end, DrainEnd::Drained);
    assert_eq!(names(&drained.push.uploaded), ["a"]);
    let waited = waits.waited.borrow();
    assert_eq!((waited.len(), world.destination.uploads.get()), (2, 3));
    assert!(is_first_wait(waited[0]) && waited[1] > MINUTE, "{waited:?}");
    assert!(world.saw("Waiting"));
}

#[test]
fn an_entry_that_failed_is_tried_again_until_it_goes() {
    let world = World::new();
    world.build_and_enqueue(&["a", "bad"]);
    world.destination.cannot_take("bad");
    let waits = Waits::during(&world, None, |_| world.destination.bad.borrow_mut().clear());
    let drained = world.drain(&waits);
    assert_eq!(drained.end, DrainEnd::Drained);
    assert_eq!(names(&drained.push.uploaded), ["a", "bad"]);
    assert!(drained.push.failed.is_empty(), "it went in the end");
}

#[test]
fn what_is_parked_is_not_waited_for() {
    let world = World::new();
    world.build_and_enqueue(&["a", "bad"]);
    world.destination.cannot_take("bad");
    let waits = Waits::new(&world, None);
    let drained = world.drain(&waits);
    assert_eq!(drained.end, DrainEnd::Drained);
    assert_eq!(
        (drained.push.parked, drained.push.next_try),
        (1, NextTry::Never)
    );
    assert_eq!(names(&world.queued()), ["bad"]);
    assert_eq!(waits.waited.borrow().len(), 2, "three attempts");
    let waits = Waits::new(&world, None);
    assert_eq!(world.drain(&waits).end, DrainEnd::Drained);
    assert_eq!(waits.total(), Duration::ZERO);
}

#[test]
fn a_wait_that_does_not_fit_into_the_time_is_not_begun() {
    let world = World::new();
    world.build_and_enqueue(&["a"]);
    *world.destination.down.borrow_mut() = Some(UploadErrorKind::Unavailable);
    let waits = Waits::new(&world, Some(40 * SECOND));
    let drained = world.drain(&waits);
    assert_eq!(drained.end, DrainEnd::NextTryTooLate);
    assert_eq!(*waits.waited.borrow(), []);
    let next = drained.push.next_try.time().unwrap();
    assert!(next > world.now.get() + 40 * SECOND);
    assert!(matches!(drained.push.outcome, Outcome::Unavailable { .. }));
}

#[test]
fn of_several_waits_those_that_fit_are_waited_for() {
    let world = World::new();
    world.build_and_enqueue(&["a"]);
    *world.destination.down.borrow_mut() = Some(UploadErrorKind::Unavailable);
    let waits = Waits::new(&world, Some(4 * MINUTE));
    assert_eq!(world.drain(&waits).end, DrainEnd::NextTryTooLate);
    // A minute and two fit, four more do not.
    assert_eq!(waits.waited.borrow().len(), 2);
}

#[test]
fn what_is_enqueued_while_it_waits_goes_as_soon_as_the_wait_ends() {
    let world = World::new();
    world.build_and_enqueue(&["bad"]);
    world.destination.cannot_take("bad");
    let late = world.build("late");
    let waits = Waits::during(&world, Some(2 * MINUTE), |number| {
        if number == 1 {
            // The port comes back before the time: the queue changed.
            world.now.set(world.now.get() - 30 * SECOND);
            let _ = world.enqueue(std::slice::from_ref(&late));
        }
    });
    let drained = world.drain(&waits);
    assert_eq!(names(&drained.push.uploaded), ["late"]);
    assert_eq!(world.destination.uploads.get(), 3, "bad, late, bad");
}

#[test]
fn a_drain_that_has_nothing_left_goes_on_as_long_as_more_comes() {
    let world = World::new();
    world.build_and_enqueue(&["a", "bad"]);
    world.destination.cannot_take("bad");
    let late = [world.build("late"), world.build("later")];
    let waits = Waits::new(&world, Some(30 * SECOND)).more(|number| {
        let more = late.get(number - 1);
        more.inspect(|more| drop(world.enqueue(std::slice::from_ref(more))))
            .is_some()
    });
    let drained = world.drain(&waits);
    assert_eq!(drained.end, DrainEnd::NextTryTooLate);
    assert_eq!(names(&drained.push.uploaded), ["a", "late", "later"]);
    assert_eq!(names(&world.queued()), ["bad"]);
    assert_eq!(waits.asked_for_more.get(), 3);
    let rests = world
        .events
        .borrow()
        .iter()
        .filter(|event| *event == "Resting")
        .count();
    assert_eq!(rests, 3);
    assert_eq!(*waits.waited.borrow(), []);
}

#[test]
fn a_drain_that_is_given_up_or_out_of_time_waits_for_nothing_more() {
    for (kind, left) in [
        (UploadErrorKind::Local, None),
        (UploadErrorKind::Unavailable, Some(Duration::ZERO)),
    ] {
        let world = World::new();
        world.build_and_enqueue(&["a"]);
        *world.destination.down.borrow_mut() = Some(kind);
        let waits = Waits::new(&world, left).more(|_| panic!("it waits for more"));
        world.drain(&waits);
    }
}

#[test]
fn what_cannot_be_remembered_is_not_tried_without_end_since_it_seems_to_be_more() {
    let mut world = World::new();
    world.options.retry.max_attempts = std::num::NonZeroU32::MIN;
    world.build_and_enqueue(&["bad"]);
    world.destination.cannot_take("bad");
    std::fs::create_dir(world.root.join("queue/.push/ledger.toml")).unwrap();
    let waits = Waits::new(&world, None).more(|number| {
        assert!(number < 100, "it goes on without end");
        true
    });
    assert!(!world.drain(&waits).push.problems.is_empty());
    assert_eq!(world.destination.uploads.get(), 1);
}

fn limit<T>(at_most: T, beyond: Beyond) -> Option<Limit<T>> {
    Some(Limit { at_most, beyond })
}

/// Two entries, of which a limit would take both, or the older one, or the one
/// and the other.
fn worlds_beyond_a_limit(beyond: Beyond) -> [World; 3] {
    let age = Limits {
        max_age: limit(DAY, beyond),
        ..Limits::default()
    };
    let pinned = Limits {
        max_pinned: limit(100, beyond),
        ..Limits::default()
    };
    let both = Limits {
        max_age: age.max_age,
        ..pinned
    };
    [age, pinned, both].map(|limits| {
        let mut world = World::new();
        world.limits = limits;
        let paths = world.build_and_enqueue_one_by_one(&["a", "b"]);
        paths.iter().for_each(|path| world.sizes.set(path, 60, &[]));
        world.now.set(SystemTime::now() + 2 * DAY);
        *world.destination.down.borrow_mut() = Some(UploadErrorKind::Unavailable);
        world
    })
}

#[test]
fn no_limit_drops_what_a_later_try_of_the_same_drain_delivers() {
    for world in worlds_beyond_a_limit(Beyond::DropOldest) {
        let waits = Waits::during(&world, Some(10 * MINUTE), |number| {
            if number == 2 {
                *world.destination.down.borrow_mut() = None;
            }
        });
        let drained = world.drain(&waits);
        assert_eq!(names(&drained.push.uploaded), ["a", "b"]);
        assert!(drained.push.dropped.is_empty() && !world.saw("Dropped("));
    }
}

#[test]
fn what_is_beyond_a_limit_after_the_last_try_is_dropped() {
    for world in worlds_beyond_a_limit(Beyond::DropOldest) {
        let waits = Waits::during(&world, Some(4 * MINUTE), |_| {
            assert!(!world.saw("Dropped("), "before its last try");
        });
        let drained = world.drain(&waits);
        assert_eq!(waits.waited.borrow().len(), 2);
        assert!(!drained.push.dropped.is_empty());
        let ends = [DrainEnd::Drained, DrainEnd::NextTryTooLate];
        assert_eq!(drained.end, ends[world.queued().len()]);
    }
}

#[test]
fn a_limit_closes_the_queue_while_a_drain_waits_and_what_is_delivered_opens_it() {
    for world in worlds_beyond_a_limit(Beyond::Refuse) {
        let waits = Waits::during(&world, None, |_| {
            assert!(world.directory.closed().unwrap().is_some());
            *world.destination.down.borrow_mut() = None;
        });
        assert_eq!(world.drain(&waits).end, DrainEnd::Drained);
        assert_eq!(world.directory.closed().unwrap(), None);
        assert_eq!(waits.waited.borrow().len(), 1);
    }
}

#[test]
fn another_push_is_waited_for_and_then_it_goes_on_by_itself() {
    let world = World::new();
    world.build_and_enqueue(&["a"]);
    let lock = RefCell::new(world.state.try_lock().unwrap());
    let waits = Waits::during(&world, None, |number| {
        if number == 3 {
            drop(lock.borrow_mut().take());
        }
    });
    let drained = world.drain(&waits);
    assert_eq!(names(&drained.push.uploaded), ["a"]);
    assert_eq!(waits.waited.borrow().len(), 3);
}

#[test]
fn another_push_that_never_ends_is_waited_for_no_longer_than_there_is_time() {
    let world = World::new();
    world.build_and_enqueue(&["a"]);
    let _lock = world.state.try_lock().unwrap();
    let waits = Waits::new(&world, Some(5 * SECOND / 2));
    let drained = world.drain(&waits);
    assert_eq!(drained.end, DrainEnd::OutOfTime);
    assert!(matches!(drained.push.outcome, Outcome::AlreadyRunning));
    assert_eq!(waits.total(), 5 * SECOND / 2);
}

#[test]
fn a_clock_that_is_set_back_while_it_waits_makes_it_wait_again_and_not_for_ever() {
    for step in [30, 3_000, 500_000_000] {
        let world = World::new();
        world.build_and_enqueue(&["bad"]);
        world.destination.cannot_take("bad");
        let waits = Waits::during(&world, None, |number| {
            if number == 1 {
                world.now.set(world.now.get() - Duration::from_secs(step));
                world.destination.bad.borrow_mut().clear();
            }
        });
        assert_eq!(world.drain(&waits).end, DrainEnd::Drained);
        assert!(world.queued().is_empty());
        assert!(waits.total() <= 62 * MINUTE, "{step}: {:?}", waits.total());
    }
}

#[test]
fn a_clock_that_is_set_forward_ends_no_drain_before_its_time() {
    let world = World::new();
    world.build_and_enqueue(&["a"]);
    *world.destination.down.borrow_mut() = Some(UploadErrorKind::Unavailable);
    let waits = Waits::during(&world, Some(10 * MINUTE), |number| {
        world.now.set(world.now.get() + 1000 * MINUTE);
        if number == 2 {
            *world.destination.down.borrow_mut() = None;
        }
    });
    assert_eq!(world.drain(&waits).end, DrainEnd::Drained);
    assert!(world.queued().is_empty());
}

#[test]
fn force_holds_for_the_first_push_alone() {
    let mut world = World::new();
    world.build_and_enqueue(&["bad"]);
    world.destination.cannot_take("bad");
    world.push();
    world.options.force = true;
    let began = world.now.get();
    let waits = Waits::during(&world, Some(5 * MINUTE), |number| {
        if number == 1 {
            // The port comes back at once, as when something was enqueued.
            world.now.set(began);
            assert_eq!(world.destination.uploads.get(), 2);
        }
    });
    let drained = world.drain(&waits);
    assert_eq!(drained.push.parked, 1);
    let waited = waits.waited.borrow();
    assert!(waited.len() == 2 && waited[1] > MINUTE, "{waited:?}");
    assert_eq!(world.destination.uploads.get(), 3);
}

#[test]
fn a_drain_that_is_asked_to_stop_keeps_what_is_not_confirmed() {
    let world = World::new();
    world.build_and_enqueue(&["a"]);
    *world.destination.down.borrow_mut() = Some(UploadErrorKind::Unavailable);
    let waits = Waits::during(&world, None, |_| world.cancelled.set(true));
    let drained = world.drain(&waits);
    assert_eq!(drained.end, DrainEnd::Stopped);
    assert_eq!((world.queued().len(), drained.push.left), (1, 1));
}

#[test]
fn a_drain_that_is_asked_to_stop_while_nothing_is_ready_ends() {
    let world = World::new();
    world.build_and_enqueue(&["bad"]);
    world.destination.cannot_take("bad");
    let waits = Waits::during(&world, None, |_| {
        // The port comes back at once.
        world.now.set(world.now.get() - 40 * SECOND);
        world.cancelled.set(true);
    });
    assert_eq!(world.drain(&waits).end, DrainEnd::Stopped);
    assert_eq!(waits.waited.borrow().len(), 1);
}

#[test]
fn the_end_of_the_time_ends_an_upload_and_is_told_apart_from_a_request_to_stop() {
    let world = World::new();
    world.build_and_enqueue(&["a"]);
    *world.destination.down.borrow_mut() = Some(UploadErrorKind::Cancelled);
    let waits = Waits::new(&world, Some(Duration::ZERO));
    let drained = world.drain(&waits);
    assert_eq!(drained.end, DrainEnd::OutOfTime);
    assert!(matches!(drained.push.outcome, Outcome::Cancelled));
    assert_eq!(world.queued().len(), 1);
}

#[test]
fn a_machine_that_cannot_upload_is_given_up() {
    let world = World::new();
    world.build_and_enqueue(&["a"]);
    *world.destination.down.borrow_mut() = Some(UploadErrorKind::Local);
    let waits = Waits::new(&world, None);
    assert_eq!(world.drain(&waits).end, DrainEnd::GivenUp);
    assert_eq!(*waits.waited.borrow(), []);
}

#[test]
fn without_a_wait_between_failures_a_dead_destination_is_asked_once_a_second() {
    let mut world = World::new();
    world.options.retry.delay = Duration::ZERO;
    world.build_and_enqueue(&["a"]);
    *world.destination.down.borrow_mut() = Some(UploadErrorKind::Unavailable);
    let waits = Waits::new(&world, Some(10 * SECOND));
    assert_eq!(world.drain(&waits).end, DrainEnd::OutOfTime);
    assert_eq!(world.destination.uploads.get(), 11);
}

#[test]
fn a_report_tells_when_a_push_would_find_something() {
    let world = World::new();
    world.build_and_enqueue(&["bad"]);
    world.destination.cannot_take("bad");
    let next = world.push().next_try.time().unwrap();
    let wait = next.duration_since(world.now.get()).unwrap();
    assert!(is_first_wait(wait), "{wait:?}");
    world.wait(wait - SECOND);
    assert_eq!(world.push().failed.len(), 0, "not yet");
    world.wait(SECOND);
    assert_eq!(world.push().failed.len(), 1, "when it said");
}
