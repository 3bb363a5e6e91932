//! Whom a push blames: the destination, or a path.

#![allow(clippy::unwrap_used)]

mod support;

use std::time::Duration;

use queue_core::*;
use support::{World, names};

#[test]
fn a_dead_destination_backs_off_as_a_whole_and_blames_no_path() {
    for kind in [
        UploadErrorKind::Unavailable,
        UploadErrorKind::Unclear,
        UploadErrorKind::Stalled,
    ] {
        let world = World::new();
        world.build_and_enqueue(&["a", "b", "c"]);
        *world.destination.down.borrow_mut() = Some(kind);
        let report = world.push();
        assert!(
            matches!(report.outcome, Outcome::Unavailable { .. }),
            "{report:?}"
        );
        assert_eq!((report.failed.len(), report.left), (0, 3));
        assert_eq!(world.destination.uploads.get(), 1);
        assert!(world.ledger().entry(&support::path("a")).is_none());

        *world.destination.down.borrow_mut() = None;
        assert!(matches!(world.push().outcome, Outcome::BackingOff { .. }));
        assert_eq!(world.destination.uploads.get(), 1, "nobody asked");
        world.wait(Duration::from_secs(60));
        assert_eq!(world.push().uploaded.len(), 3);
        assert!(world.ledger().destination().is_none());
    }
}

#[test]
fn a_dead_destination_holds_up_nothing_that_goes_to_another_one() {
    let mut world = World::new();
    world.build_and_enqueue(&["a"]);
    *world.destination.down.borrow_mut() = Some(UploadErrorKind::Unavailable);
    assert!(matches!(world.push().outcome, Outcome::Unavailable { .. }));
    *world.destination.down.borrow_mut() = None;
    world.options.destination = "elsewhere".into();
    assert_eq!(names(&world.push().uploaded), ["a"]);
}

#[test]
fn what_failed_at_a_wrong_address_is_tried_at_once_when_that_is_mended() {
    let mut world = World::new();
    world.options.retry.max_attempts = std::num::NonZeroU32::MIN;
    world.build_and_enqueue(&["parked", "damaged"]);
    world.contents.damage("damaged", "damaged");
    world.destination.cannot_take("parked");
    assert_eq!(world.push().parked, 2);
    world.destination.bad.borrow_mut().clear();
    assert!(world.push().uploaded.is_empty(), "the same address");
    world.options.destination = "elsewhere".into();
    assert_eq!(names(&world.push().uploaded), ["parked"]);
    assert!(world.saw("OtherDestination(1)"));
    assert_eq!(names(&world.queued()), ["damaged"], "damaged anywhere");
    let told = |world: &World| {
        let events = world.events.borrow();
        events
            .iter()
            .filter(|event| event.contains("OtherD"))
            .count()
    };
    world.push();
    assert_eq!(told(&world), 1, "told once");
}

#[test]
fn what_failed_before_destinations_were_noted_is_not_forgotten() {
    let world = World::new();
    let paths = world.build_and_enqueue(&["bad"]);
    world.destination.cannot_take("bad");
    world.push();
    let text = world.state.load_ledger().unwrap().unwrap();
    let lines = text
        .lines()
        .filter(|line| !line.starts_with("destination-name"));
    let older = lines.collect::<Vec<_>>().join("\n");
    assert_ne!(older.len(), text.trim_end().len(), "it was noted: {text}");
    world.state.save_ledger(&older).unwrap();
    assert_eq!(world.push().backing_off, 1);
    assert_eq!(world.ledger().entry(&paths[0]).unwrap().attempts, 1);
}

#[test]
fn a_destination_that_dies_while_a_batch_is_split_blames_no_path() {
    let world = World::new();
    world.build_and_enqueue(&["a", "b", "bad", "d"]);
    world.destination.cannot_take("bad");
    // Alive when the batch fails and is asked about, dead from then on.
    let down = std::rc::Rc::new(std::cell::Cell::new(false));
    let told = down.clone();
    *world.destination.before.borrow_mut() = Some(Box::new(move |n| told.set(n > 1)));
    struct Dying<'a>(&'a support::Destination, std::rc::Rc<std::cell::Cell<bool>>);
    impl Uploader for Dying<'_> {
        fn upload(&self, paths: &[StorePath]) -> Result<Vec<UploadWarning>, UploadError> {
            let result = self.0.upload(paths);
            if self.1.get() {
                Err(UploadError::new(UploadErrorKind::Unclear, "eh?"))
            } else {
                result
            }
        }
        fn probe(&self) -> Result<(), UploadError> {
            if self.1.get() {
                return Err(UploadError::new(UploadErrorKind::Unavailable, "dead"));
            }
            Ok(())
        }
        fn missing(&self, paths: &[StorePath]) -> Result<Vec<StorePath>, UploadError> {
            self.0.missing(paths)
        }
    }
    let push = Push {
        queue: world.queue(),
        leaving: world.leaving(),
        collector: &world.collector,
        files: &world.store,
        database: &world.database,
        sizes: None,
        contents: None,
        uploader: &Dying(&world.destination, down),
        state: &world.state,
        clock: &world.now.get(),
        cancelled: &|| false,
    };
    let report = push
        .run(&world.options, &mut |_: &PushEvent<'_>| {})
        .unwrap();
    assert!(
        matches!(report.outcome, Outcome::Unavailable { .. }),
        "{report:?}"
    );
    assert!(report.failed.is_empty(), "{report:?}");
    assert_eq!(world.queued().len(), 4);
}

#[test]
fn a_destination_that_answers_and_takes_nothing_does_not_cost_a_timeout_per_entry() {
    let world = World::new();
    let names: Vec<String> = (0..64).map(|n| format!("p{n}")).collect();
    world.build_and_enqueue(&names.iter().map(String::as_str).collect::<Vec<_>>());
    *world.destination.down.borrow_mut() = Some(UploadErrorKind::Stalled);
    world.destination.only_uploads_fail.set(true);
    let report = world.push();
    assert!(
        matches!(report.outcome, Outcome::Unavailable { .. }),
        "{report:?}"
    );
    assert!(
        world.destination.uploads.get() <= 8,
        "{}",
        world.destination.uploads.get()
    );
    assert_eq!((world.queued().len(), report.failed.len()), (64, 2));
}

/// A world with many entries, of which one is bad, and errors that speak of another one or of it.
fn many_and_one(bad: &str, named: &str) -> World {
    let world = World::new();
    let names: Vec<String> = (0..256).map(|n| format!("p{n}")).collect();
    world.build_and_enqueue(&names.iter().map(String::as_str).collect::<Vec<_>>());
    world.destination.cannot_take(bad);
    world.destination.named.borrow_mut().push(named.into());
    world
}

#[test]
fn an_entry_that_the_error_names_is_tried_alone_and_then_the_rest() {
    let world = many_and_one("p77", "p77");
    let report = world.push();
    assert_eq!(world.destination.uploads.get(), 3);
    assert_eq!((report.uploaded.len(), report.failed.len()), (255, 1));
    assert_eq!(report.failed[0].path.name(), "p77");
}

#[test]
fn nobody_is_blamed_for_what_an_error_names() {
    for named in ["p78", "unknown"] {
        let world = many_and_one("p77", named);
        let report = world.push();
        assert!(world.destination.uploads.get() <= 2 + 2 * 8, "{named}");
        assert_eq!((report.uploaded.len(), report.failed.len()), (255, 1));
        assert_eq!(report.failed[0].path.name(), "p77", "{named}");
    }
}

#[test]
fn an_entry_that_is_refused_is_blamed_once_others_got_through_whatever_was_named() {
    let mut world = many_and_one("p77", "p77");
    world.destination.bad.borrow_mut()[0].1 = UploadErrorKind::Refused;
    world.options.retry.max_attempts = std::num::NonZeroU32::MIN;
    let report = world.push();
    assert_eq!((report.uploaded.len(), report.parked), (255, 1));
}

#[test]
fn one_entry_that_is_refused_or_stalls_holds_no_other_up() {
    for kind in [
        UploadErrorKind::Stalled,
        UploadErrorKind::TimedOut,
        UploadErrorKind::Refused,
    ] {
        let world = World::new();
        world.build_and_enqueue(&["a", "b", "c", "d"]);
        let first = world.queued()[0].name().to_owned();
        world.destination.bad.borrow_mut().push((first, kind));
        let report = world.push();
        assert!(matches!(report.outcome, Outcome::Finished), "{report:?}");
        assert_eq!((report.uploaded.len(), report.failed.len()), (3, 1));
    }
}

#[test]
fn an_only_entry_that_is_refused_holds_up_nothing_that_comes_later() {
    let world = World::new();
    world.build_and_enqueue(&["bad"]);
    let bad = ("bad".to_owned(), UploadErrorKind::Refused);
    world.destination.bad.borrow_mut().push(bad);
    assert!(matches!(world.push().outcome, Outcome::Finished));
    world.build_and_enqueue(&["good"]);
    assert_eq!(names(&world.push().uploaded), ["good"]);
}

#[test]
fn many_refused_entries_in_front_hold_up_nothing_behind_them() {
    let world = World::new();
    world.build_and_enqueue(&["a", "b", "c", "d", "e", "f", "g", "h"]);
    for path in &world.queued()[..6] {
        let bad = (path.name().to_owned(), UploadErrorKind::Refused);
        world.destination.bad.borrow_mut().push(bad);
    }
    let report = world.push();
    assert_eq!((report.uploaded.len(), report.failed.len()), (2, 6));
}

#[test]
fn nobody_is_parked_for_what_may_be_the_destination_s_fault() {
    let world = World::new();
    world.build_and_enqueue(&["a", "b"]);
    *world.destination.down.borrow_mut() = Some(UploadErrorKind::Refused);
    world.destination.only_uploads_fail.set(true);
    for _ in 0..10 {
        assert_eq!(world.push().parked, 0);
        world.wait(Duration::from_secs(3600));
    }
    *world.destination.down.borrow_mut() = None;
    assert_eq!(world.push().uploaded.len(), 2);
}

#[test]
fn what_may_have_been_the_destination_s_fault_does_not_count_when_an_entry_fails_by_itself() {
    let world = World::new();
    let paths = world.build_and_enqueue(&["a", "b"]);
    *world.destination.down.borrow_mut() = Some(UploadErrorKind::Refused);
    world.destination.only_uploads_fail.set(true);
    for _ in 0..10 {
        let _ = world.push();
        world.wait(Duration::from_secs(3600));
    }
    *world.destination.down.borrow_mut() = None;
    world.destination.cannot_take("a");
    let most = world.options.retry.max_attempts.get();
    for attempt in 1..most {
        let report = world.push();
        assert_eq!((report.failed.len(), report.parked), (1, 0), "{attempt}");
        world.wait(Duration::from_secs(3600));
    }
    assert_eq!(world.push().parked, 1, "as often as any other");
    assert!(world.ledger().entry(&paths[0]).unwrap().attempts > most);
}

#[test]
fn an_uploader_that_cannot_run_blames_nobody() {
    let world = World::new();
    world.build_and_enqueue(&["a"]);
    *world.destination.down.borrow_mut() = Some(UploadErrorKind::Local);
    assert!(matches!(world.push().outcome, Outcome::Broken(_)));
    assert!(world.ledger().destination().is_none());
    assert!(world.ledger().entry(&support::path("a")).is_none());
}

#[test]
fn verifying_keeps_what_the_destination_lost() {
    let mut world = World::new();
    world.options.verify = true;
    world.build_and_enqueue(&["a", "lost"]);
    world.destination.lost.borrow_mut().push("lost".into());
    let report = world.push();
    assert_eq!(names(&report.uploaded), ["a"]);
    assert_eq!(report.failed[0].path.name(), "lost");
    assert_eq!(names(&world.queued()), ["lost"]);
}

/// A directory on a disk that cannot read one of its entries.
struct Unreadable<'d>(&'d FsQueueDirectory, &'d StorePath);

impl QueueDirectory for Unreadable<'_> {
    fn insert(&self, path: &StorePath) -> Result<Insertion, PortError> {
        self.0.insert(path)
    }

    fn remove(&self, path: &StorePath) -> Result<Removal, PortError> {
        self.0.remove(path)
    }

    fn list(&self) -> Result<Listing, PortError> {
        let mut listing = self.0.list()?;
        listing.entries.retain(|entry| entry.path != *self.1);
        listing.foreign.push(Foreign {
            name: self.1.base_name().to_owned(),
            reason: "cannot be looked at".into(),
            hint: "look at the disk".into(),
            may_be_an_entry: true,
        });
        Ok(listing)
    }

    fn flush(&self) -> Result<(), PortError> {
        self.0.flush()
    }
}

#[test]
fn what_is_known_of_an_entry_is_kept_while_it_cannot_be_read() {
    let world = World::new();
    let paths = world.build_and_enqueue(&["a"]);
    world.destination.cannot_take("a");
    let _ = world.push();
    assert_eq!(world.ledger().entry(&paths[0]).unwrap().attempts, 1);
    let _ = world.push_through(&Unreadable(&world.directory, &paths[0]));
    assert_eq!(world.ledger().entry(&paths[0]).unwrap().attempts, 1);
}
