//! What a push promises.

#![allow(clippy::unwrap_used)]

mod support;

use std::time::Duration;

use proptest::prelude::*;
use queue_core::*;
use support::{World, names};

#[test]
fn a_push_copies_everything_in_one_upload_and_leaves_nothing_behind() {
    let world = World::new();
    let paths = world.build_and_enqueue(&["a", "b", "c"]);
    let report = world.push();
    assert!(matches!(report.outcome, Outcome::Finished));
    assert_eq!(names(&report.uploaded), ["a", "b", "c"]);
    assert_eq!(world.destination.holds.borrow().len(), paths.len());
    assert_eq!(
        (
            world.destination.uploads.get(),
            world.destination.probes.get()
        ),
        (1, 0)
    );
    assert_eq!(
        world.database.questions.get(),
        0,
        "nothing is asked that is not needed"
    );
    assert!(world.queued().is_empty() && world.auto().is_empty());
}

#[test]
fn a_second_push_does_nothing_and_writes_nothing() {
    let world = World::new();
    world.build_and_enqueue(&["a"]);
    world.push();
    let ledger = world.state.load_ledger().unwrap();
    world.wait(Duration::from_secs(99));
    let report = world.push();
    assert!(matches!(report.outcome, Outcome::Finished) && report.uploaded.is_empty());
    assert_eq!(world.destination.uploads.get(), 1);
    assert_eq!(world.state.load_ledger().unwrap(), ledger);
}

#[test]
fn uploads_are_no_larger_than_the_batch_size() {
    let mut world = World::new();
    world.options.batch_size = 2.try_into().unwrap();
    world.build_and_enqueue(&["a", "b", "c", "d", "e"]);
    assert_eq!(world.push().uploaded.len(), 5);
    assert_eq!(world.destination.uploads.get(), 3);
}

#[test]
fn who_watches_is_told_how_much_there_is_and_when_each_batch_is_over() {
    let mut world = World::new();
    world.options.batch_size = 2.try_into().unwrap();
    world.build_and_enqueue(&["a", "b", "c", "d", "e"]);
    world.destination.cannot_take("c");
    world.push();
    let events = world.events.borrow();
    let is_told = |event: &&String| event.starts_with("Ready") || event.starts_with("BatchEnded");
    let told: Vec<_> = events.iter().filter(is_told).collect();
    let ended = "BatchEnded";
    assert_eq!(told, ["Ready(5)", ended, ended, ended]);
    // Each batch ends after what became of its entries.
    let at = |text: &str| events.iter().position(|event| event.starts_with(text));
    assert!(at("Uploaded") < at(ended), "{events:?}");
    let failed = at("Failed").unwrap();
    let ends_before = events[..failed].iter().filter(|event| *event == ended);
    assert_eq!(ends_before.count(), 1, "{events:?}");
}

#[test]
fn a_push_with_nothing_to_do_has_nothing_ready_and_no_batch() {
    let world = World::new();
    world.push();
    assert!(!world.saw("Ready") && !world.saw("BatchEnded"));
}

#[test]
fn one_push_at_a_time_and_the_second_does_not_wait() {
    let world = World::new();
    world.build_and_enqueue(&["a"]);
    let lock = world.state.try_lock().unwrap().unwrap();
    assert!(matches!(world.push().outcome, Outcome::AlreadyRunning));
    assert_eq!(world.queued().len(), 1);
    drop(lock);
    assert!(matches!(world.push().outcome, Outcome::Finished));
}

#[test]
fn an_entry_without_a_root_is_rooted_before_anything_else() {
    let world = World::new();
    let path = world.build("a");
    world.directory.insert(&path).unwrap();
    *world.destination.down.borrow_mut() = Some(UploadErrorKind::Unavailable);
    world.push();
    assert!(world.saw("Rooted"));
    assert!(world.auto().contains(&world.auto_name(&path)));
}

#[test]
fn an_entry_no_longer_valid_leaves_the_queue_and_is_reported() {
    let world = World::new();
    let paths = world.build_and_enqueue(&["gone", "here"]);
    world.collect(&paths[0]);
    let report = world.push();
    assert_eq!(names(&report.invalid), ["gone"]);
    assert_eq!(names(&report.uploaded), ["here"]);
    assert!(world.saw("Invalid"));
    assert!(world.queued().is_empty() && world.auto().is_empty());
}

#[test]
fn a_path_on_disk_that_the_database_does_not_know_fails_no_other() {
    let world = World::new();
    let paths = world.build_and_enqueue(&["a", "ghost", "z"]);
    world.database.invalid.borrow_mut().insert(paths[1].clone());
    world.destination.cannot_take("ghost");
    let report = world.push();
    assert_eq!(names(&report.invalid), ["ghost"]);
    assert_eq!(names(&report.uploaded), ["a", "z"]);
    assert!(report.failed.is_empty());
}

#[test]
fn a_bad_path_fails_alone_backs_off_and_is_parked_in_the_end() {
    let world = World::new();
    world.build_and_enqueue(&["a", "bad", "c"]);
    world.destination.cannot_take("bad");
    let first = world.push();
    assert_eq!(names(&first.uploaded), ["a", "c"]);
    assert_eq!(
        (first.failed[0].path.name(), first.failed[0].attempts),
        ("bad", 1)
    );
    assert_eq!(first.failed[0].error.message, "cannot copy bad");

    let waiting = world.push();
    assert_eq!((waiting.backing_off, waiting.failed.len()), (1, 0));

    for _ in 0..2 {
        world.wait(Duration::from_secs(3600));
        world.push();
    }
    assert!(
        world
            .ledger()
            .entry(&support::path("bad"))
            .unwrap()
            .parked_since
            .is_some()
    );
    world.wait(Duration::from_secs(1_000_000));
    let parked = world.push();
    assert_eq!((parked.parked, parked.failed.len()), (1, 0));
    assert_eq!(names(&world.queued()), ["bad"], "parked is still queued");
    assert!(!world.auto().is_empty(), "and still held");
}

#[test]
fn what_was_parked_goes_after_retry_and_its_failures_are_forgotten() {
    let mut world = World::new();
    world.options.retry.max_attempts = 1.try_into().unwrap();
    let paths = world.build_and_enqueue(&["bad"]);
    world.destination.cannot_take("bad");
    world.push();
    world.destination.bad.borrow_mut().clear();
    assert!(world.push().uploaded.is_empty(), "parked");
    let mut ledger = world.ledger();
    assert!(ledger.forget(&paths[0]));
    world.state.save_ledger(&ledger.to_text()).unwrap();
    assert_eq!(names(&world.push().uploaded), ["bad"]);
    assert_eq!(world.ledger().entry(&paths[0]), None);
}

#[test]
fn force_takes_what_backs_off_but_not_what_is_parked() {
    let mut world = World::new();
    world.build_and_enqueue(&["bad"]);
    world.destination.cannot_take("bad");
    world.push();
    world.options.force = true;
    assert_eq!(world.push().failed.len(), 1);
    assert_eq!(world.push().failed.len(), 1);
    assert_eq!(world.push().parked, 1);
}

#[test]
fn what_is_dropped_during_a_push_starts_anew_when_it_is_enqueued_again() {
    let world = World::new();
    let paths = world.build_and_enqueue(&["bad", "good"]);
    world.destination.cannot_take("bad");
    world.push();
    let _ = remove(world.queue(), &paths[..1]);
    world.wait(Duration::from_secs(3600));
    world.push();
    assert!(world.ledger().entry(&paths[0]).is_none());
}

/// A push that finds `a` gone, and back when it looks again.
fn push_while_a_is_built_anew(world: &World) -> PushReport {
    world.collect(&support::path("a"));
    /// Says that it is not valid, and builds it anew.
    struct Rebuilt<'a>(&'a World);
    impl StoreDatabase for Rebuilt<'_> {
        fn invalid(&self, paths: &[StorePath]) -> Result<Vec<StorePath>, PortError> {
            let answer = self.0.database.invalid(paths);
            self.0.build("a");
            answer
        }
    }
    let push = Push {
        queue: world.queue(),
        leaving: world.leaving(),
        collector: &world.collector,
        files: &world.store,
        database: &Rebuilt(world),
        sizes: None,
        contents: None,
        uploader: &world.destination,
        state: &world.state,
        clock: &world.now.get(),
        cancelled: &|| false,
    };
    push.run(&world.options, &mut |_: &PushEvent<'_>| {})
        .unwrap()
}

#[test]
fn a_path_that_came_back_is_queued_again_and_not_called_invalid() {
    let world = World::new();
    let paths = world.build_and_enqueue(&["a"]);
    let report = push_while_a_is_built_anew(&world);
    assert!(report.invalid.is_empty(), "{report:?}");
    assert_eq!(world.queued(), paths);
    assert!(world.auto().contains(&world.auto_name(&paths[0])));
}

/// It was queued all the while for whoever enqueued it.
#[test]
fn a_path_that_came_back_is_queued_again_whatever_the_bounds_of_the_queue() {
    let mut world = World::new();
    let paths = world.build_and_enqueue(&["a", "b"]);
    world.destination.cannot_take("b");
    for beyond in [Beyond::Refuse, Beyond::DropOldest] {
        world.limits.max_entries = Some(Limit { at_most: 1, beyond });
        let report = push_while_a_is_built_anew(&world);
        assert!(report.problems.is_empty(), "{report:?}");
        assert_eq!(names(&world.queued()), names(&paths));
    }
}

#[test]
fn what_failed_before_is_not_mixed_with_what_is_new() {
    let world = World::new();
    world.build_and_enqueue(&["bad"]);
    world.destination.cannot_take("bad");
    world.push();
    world.wait(Duration::from_secs(60));
    world.build_and_enqueue(&["x", "y", "z"]);
    let before = world.destination.uploads.get();
    assert_eq!(world.push().uploaded.len(), 3);
    assert_eq!(world.destination.uploads.get() - before, 2);
}

/// Before that upload, a producer enqueues the path and dies before it is rooted.
fn enqueue_before(world: &World, upload: usize, path: &StorePath) {
    let entry = world.directory.path().join(path.base_name());
    let object = world.store.join(path);
    *world.destination.before.borrow_mut() = Some(Box::new(move |number| {
        if number == upload {
            std::os::unix::fs::symlink(&object, &entry).unwrap();
        }
    }));
}

#[test]
fn what_is_enqueued_during_a_push_goes_in_the_same_push() {
    let world = World::new();
    world.build_and_enqueue(&["early"]);
    enqueue_before(&world, 1, &world.build("late"));
    let report = world.push();
    assert_eq!(names(&report.uploaded), ["early", "late"]);
    assert!(world.saw("Rooted") && world.queued().is_empty());
    let last = world.ledger().last_push().cloned().unwrap();
    assert_eq!((last.uploaded, last.failed), (2, 0));
}

#[test]
fn what_left_and_is_enqueued_anew_during_a_push_goes_again() {
    let mut world = World::new();
    world.options.batch_size = 1.try_into().unwrap();
    let paths = world.build_and_enqueue(&["a", "b"]);
    let first = world.queued()[0].clone();
    enqueue_before(&world, 2, &first);
    let report = world.push();
    assert_eq!((report.uploaded.len(), paths.len()), (3, 2));
    assert!(world.queued().is_empty());
}

#[test]
fn what_failed_is_not_tried_again_for_what_was_enqueued_meanwhile() {
    let world = World::new();
    world.build_and_enqueue(&["bad", "good"]);
    world.destination.cannot_take("bad");
    enqueue_before(&world, 1, &world.build("late"));
    let report = world.push();
    assert_eq!(names(&report.uploaded), ["good", "late"]);
    assert_eq!((report.failed.len(), report.failed[0].attempts), (1, 1));
}

#[test]
fn a_destination_that_went_away_is_not_asked_for_what_was_enqueued_meanwhile() {
    let world = World::new();
    world.build_and_enqueue(&["early"]);
    enqueue_before(&world, 1, &world.build("late"));
    *world.destination.down.borrow_mut() = Some(UploadErrorKind::Unavailable);
    let report = world.push();
    assert!(matches!(report.outcome, Outcome::Unavailable { .. }));
    assert_eq!(world.destination.uploads.get(), 1);
    assert_eq!(world.queued().len(), 2);
}

#[test]
fn a_push_that_is_asked_to_stop_keeps_what_is_not_confirmed() {
    let mut world = World::new();
    world.options.batch_size = 1.try_into().unwrap();
    world.build_and_enqueue(&["a", "b"]);
    *world.destination.down.borrow_mut() = Some(UploadErrorKind::Cancelled);
    assert!(matches!(world.push().outcome, Outcome::Cancelled));
    assert_eq!(world.queued().len(), 2);
    *world.destination.down.borrow_mut() = None;
    world.cancelled.set(true);
    let report = world.push();
    assert!(matches!(report.outcome, Outcome::Cancelled));
    assert_eq!((report.left, world.destination.uploads.get()), (2, 1));
}

#[test]
fn a_damaged_ledger_costs_only_the_memory_of_failures() {
    let world = World::new();
    world.build_and_enqueue(&["bad", "good"]);
    world.destination.cannot_take("bad");
    world.push();
    world.state.save_ledger("entries = 7\n\u{0}").unwrap();
    let report = world.push();
    assert!(world.saw("LedgerLost"));
    assert_eq!(report.failed[0].attempts, 1);
}

#[test]
fn a_clock_set_back_does_not_make_an_entry_wait_for_years() {
    let world = World::new();
    world.build_and_enqueue(&["bad"]);
    world.destination.cannot_take("bad");
    world.push();
    world.destination.bad.borrow_mut().clear();
    world
        .now
        .set(world.now.get() - Duration::from_secs(500_000_000));
    assert_eq!(names(&world.push().uploaded), ["bad"]);
}

#[test]
fn what_is_not_an_entry_is_reported_and_left() {
    let world = World::new();
    world.build_and_enqueue(&["a"]);
    let strange = world.directory.path().join("note.txt");
    std::fs::write(&strange, "mine").unwrap();
    world.push();
    assert!(world.saw("Foreign") && strange.exists());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn every_good_entry_leaves_and_every_bad_one_stays(
        kinds in proptest::collection::vec(0..8u8, 0..40),
        batch_size in 1..50usize,
        clear in any::<bool>(),
    ) {
        let mut world = World::new();
        world.options.batch_size = batch_size.try_into().unwrap();
        let all: Vec<String> = (0..kinds.len()).map(|n| format!("p{n}")).collect();
        let paths = world.build_and_enqueue(&all.iter().map(String::as_str).collect::<Vec<_>>());
        let kind = if clear { UploadErrorKind::Paths } else { UploadErrorKind::Unclear };
        let (mut bad, mut gone, mut good) = (vec![], vec![], vec![]);
        for (n, path) in paths.iter().enumerate() {
            match kinds[n] {
                0 => { world.destination.bad.borrow_mut().push((path.name().into(), kind)); bad.push(path.clone()) }
                1 => { world.collect(path); gone.push(path.clone()) }
                _ => good.push(path.clone()),
            }
        }
        let report = world.push();
        let failed: Vec<_> = report.failed.iter().map(|failed| failed.path.clone()).collect();
        prop_assert_eq!(names(&report.uploaded), names(&good));
        prop_assert_eq!(names(&report.invalid), names(&gone));
        prop_assert_eq!(names(&failed), names(&bad));
        let queued = world.queued();
        prop_assert_eq!(names(&queued), names(&bad));
        prop_assert_eq!((world.auto().len(), report.left), (bad.len(), 0));
    }
}

#[test]
fn what_pushes_did_is_counted_over_time_and_one_with_nothing_to_do_counts_for_nothing() {
    let mut world = World::new();
    world.options.force = true;
    let gone = world.build_and_enqueue(&["good", "bad", "gone"])[2].clone();
    world.destination.cannot_take("bad");
    world.collect(&gone);
    world.push();
    world.push();
    let expected = Totals {
        finished: 2,
        uploaded: 1,
        failed: 2,
        invalid: 1,
        ..Totals::default()
    };
    assert_eq!(*world.ledger().totals(), expected);
    let last = world.ledger().last_push().cloned().unwrap();
    assert_eq!(
        (last.end, last.took),
        (Some(PushEnd::Finished), Some(Duration::ZERO))
    );
    *world.destination.down.borrow_mut() = Some(UploadErrorKind::Unavailable);
    world.push();
    *world.destination.down.borrow_mut() = Some(UploadErrorKind::Local);
    world.push();
    let expected = Totals {
        unavailable: 1,
        broken: 1,
        ..expected
    };
    assert_eq!(*world.ledger().totals(), expected);
    assert_eq!(
        world.ledger().last_push().unwrap().end,
        Some(PushEnd::Broken)
    );
    // The rest backs off.
    world.options.force = false;
    world.push();
    assert_eq!(*world.ledger().totals(), expected);
}

#[test]
fn a_push_that_only_finds_something_no_longer_valid_counts_it() {
    let world = World::new();
    let gone = world.build_and_enqueue(&["gone"])[0].clone();
    world.collect(&gone);
    world.push();
    assert_eq!(world.ledger().totals().invalid, 1);
    assert_eq!(world.ledger().last_push(), None);
}
