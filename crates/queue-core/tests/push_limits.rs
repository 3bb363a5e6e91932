//! What a push does about limits, at its end.

#![allow(clippy::unwrap_used)]

mod support;

use std::time::{Duration, SystemTime};

use queue_core::*;
use support::{World, names};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn age(beyond: Beyond) -> World {
    let mut world = World::new();
    world.limits.max_age = Some(Limit {
        at_most: DAY,
        beyond,
    });
    world.now.set(SystemTime::now());
    world
}

fn pinned(at_most: u64, beyond: Beyond) -> World {
    let mut world = World::new();
    world.limits.max_pinned = Some(Limit { at_most, beyond });
    world
}

fn enqueue_sized(world: &World, sizes: &[(&str, u64)]) {
    let names: Vec<_> = sizes.iter().map(|(name, _)| *name).collect();
    let paths = world.build_and_enqueue_one_by_one(&names);
    for (path, (_, size)) in paths.iter().zip(sizes) {
        world.sizes.set(path, *size, &[]);
    }
}

fn down(world: &World) {
    let kind = UploadErrorKind::Unavailable;
    world.destination.down.replace(Some(kind));
}

fn dropped(world: &World) -> u64 {
    world.directory.tally(LimitAction::Dropped).unwrap().number
}

#[test]
fn what_can_be_delivered_is_delivered_before_anything_is_dropped() {
    let world = age(Beyond::DropOldest);
    let paths = world.build_and_enqueue(&["a", "b"]);
    world.wait(DAY * 2);
    let report = world.push();
    assert_eq!(report.uploaded, paths);
    assert!(report.dropped.is_empty());
    assert_eq!(dropped(&world), 0);
}

#[test]
fn what_waits_too_long_is_dropped_named_and_counted() {
    let world = age(Beyond::DropOldest);
    down(&world);
    let old = world.build_and_enqueue(&["old"]);
    assert!(world.push().dropped.is_empty());
    world.wait(DAY + Duration::from_secs(1));
    let report = world.push();
    assert_eq!(report.dropped, old);
    assert!(world.saw("Dropped(") && world.saw("and may wait for 1day"));
    assert_eq!((report.left, dropped(&world)), (0, 1));
    assert!(world.queued().is_empty() && world.auto().is_empty());
}

#[test]
fn a_push_that_asked_nobody_drops_nothing_and_the_next_one_that_tried_does() {
    let world = age(Beyond::DropOldest);
    down(&world);
    let old = world.build_and_enqueue(&["old"]);
    world.wait(DAY - Duration::from_secs(2));
    assert!(world.push().dropped.is_empty());
    world.wait(Duration::from_secs(4));
    let report = world.push();
    assert!(matches!(report.outcome, Outcome::BackingOff { .. }));
    assert!(report.dropped.is_empty() && world.queued() == old);
    world.wait(Duration::from_secs(3600));
    let report = world.push();
    assert!(matches!(report.outcome, Outcome::Unavailable { .. }));
    assert_eq!(report.dropped, old);
}

#[test]
fn a_push_that_asked_nobody_drops_nothing_for_its_size_and_measures_nothing() {
    let mut world = pinned(100, Beyond::Refuse);
    down(&world);
    enqueue_sized(&world, &[("a", 101)]);
    assert!(world.push().closed.is_some());
    let asked = world.sizes.questions.get();
    world.limits.max_pinned = Some(Limit {
        at_most: 100,
        beyond: Beyond::DropOldest,
    });
    let report = world.push();
    assert!(matches!(report.outcome, Outcome::BackingOff { .. }));
    assert_eq!((report.dropped.len(), world.queued().len()), (0, 1));
    assert_eq!(world.sizes.questions.get(), asked);
}

#[test]
fn a_push_that_asked_nobody_closes_the_queue_all_the_same() {
    let world = age(Beyond::Refuse);
    down(&world);
    world.build_and_enqueue(&["old"]);
    world.wait(DAY - Duration::from_secs(2));
    assert!(world.push().closed.is_none());
    world.wait(Duration::from_secs(4));
    let report = world.push();
    assert!(matches!(report.outcome, Outcome::BackingOff { .. }));
    assert!(report.closed.is_some());
}

#[test]
fn a_push_whose_uploader_cannot_run_here_drops_nothing() {
    let world = age(Beyond::DropOldest);
    world.destination.down.replace(Some(UploadErrorKind::Local));
    let old = world.build_and_enqueue(&["old"]);
    world.wait(DAY * 2);
    let report = world.push();
    assert!(matches!(report.outcome, Outcome::Broken(_)));
    assert!(report.dropped.is_empty() && world.queued() == old);
}

#[test]
fn what_is_parked_is_dropped_by_a_push_that_asked_nobody_since_none_would_try_it() {
    let world = age(Beyond::DropOldest);
    world.destination.cannot_take("bad");
    let bad = world.build_and_enqueue(&["bad"]);
    let mut parked = 0;
    while parked == 0 {
        parked = world.push().parked;
        world.wait(Duration::from_secs(3600));
    }
    world.wait(DAY);
    let report = world.push();
    assert_eq!((&report.dropped, report.parked), (&bad, 0));
    assert!(world.ledger().entry(&bad[0]).is_none());
}

#[test]
fn a_push_that_is_stopped_drops_nothing() {
    let world = age(Beyond::DropOldest);
    world.build_and_enqueue(&["old"]);
    world.wait(DAY * 2);
    world.cancelled.set(true);
    let report = world.push();
    assert!(matches!(report.outcome, Outcome::Cancelled));
    assert!(report.dropped.is_empty() && world.queued().len() == 1);
}

#[test]
fn a_push_beside_another_drops_nothing() {
    let world = age(Beyond::DropOldest);
    world.build_and_enqueue(&["old"]);
    world.wait(DAY * 2);
    let _other = world.state.try_lock().unwrap().unwrap();
    assert!(world.push().dropped.is_empty() && world.queued().len() == 1);
}

#[test]
fn what_waits_too_long_closes_the_queue_until_it_is_delivered() {
    let world = age(Beyond::Refuse);
    down(&world);
    world.build_and_enqueue(&["old"]);
    world.wait(DAY * 2);
    let report = world.push();
    assert!(report.dropped.is_empty() && world.saw("Closed("));
    assert_eq!(world.directory.closed().unwrap(), report.closed);
    assert!(
        report
            .closed
            .unwrap()
            .starts_with("its oldest entry is from 2")
    );
    let new = [world.build("new")];
    assert_eq!(world.enqueue(&new).queues[0].refused, new);
    world.destination.down.replace(None);
    world.wait(DAY);
    assert!(world.push().closed.is_none() && world.saw("Opened"));
    assert_eq!(world.enqueue(&new).queues[0].added, new);
}

#[test]
fn the_oldest_are_dropped_until_the_rest_is_small_enough() {
    let world = pinned(100, Beyond::DropOldest);
    down(&world);
    enqueue_sized(&world, &[("a", 50), ("b", 50), ("c", 50)]);
    let report = world.push();
    assert_eq!(names(&report.dropped), ["a"]);
    assert!(world.saw("it keeps 150 B of the store alive, and may keep 100 B"));
    assert_eq!(names(&world.queued()), ["b", "c"]);
    assert_eq!((report.left, dropped(&world)), (2, 1));
}

#[test]
fn what_entries_share_counts_once() {
    let world = pinned(120, Beyond::DropOldest);
    down(&world);
    let shared = world.build("shared");
    world.sizes.set(&shared, 100, &[]);
    for path in world.build_and_enqueue(&["a", "b"]) {
        world.sizes.set(&path, 10, std::slice::from_ref(&shared));
    }
    assert!(world.push().dropped.is_empty());
}

#[test]
fn what_keeps_too_much_alive_closes_the_queue_and_stays() {
    let world = pinned(100, Beyond::Refuse);
    down(&world);
    enqueue_sized(&world, &[("a", 101)]);
    let reason = "it keeps 101 B of the store alive, and may keep 100 B";
    assert_eq!(world.push().closed.as_deref(), Some(reason));
    assert_eq!(world.directory.closed().unwrap().as_deref(), Some(reason));
    assert_eq!(world.queued().len(), 1);
    // Somebody drops it by hand.
    let _ = remove(world.queue(), &world.queued());
    assert!(world.push().closed.is_none());
    assert_eq!(world.directory.closed().unwrap(), None);
}

#[test]
fn a_store_that_cannot_be_asked_drops_nothing_and_leaves_the_door_as_it_is() {
    let mut world = pinned(1, Beyond::Refuse);
    down(&world);
    enqueue_sized(&world, &[("a", 101)]);
    world.sizes.broken.set(true);
    assert_eq!(world.push().problems.len(), 1);
    assert_eq!(world.directory.closed().unwrap(), None);
    world.directory.set_closed(Some("before")).unwrap();
    assert_eq!(world.push().closed.as_deref(), Some("before"));
    world.cancelled.set(true);
    assert_eq!(world.push().closed.as_deref(), Some("before"));
    world.cancelled.set(false);
    assert_eq!(world.directory.closed().unwrap().as_deref(), Some("before"));
    world.limits.max_pinned = Some(Limit {
        at_most: 1,
        beyond: Beyond::DropOldest,
    });
    assert!(world.push().dropped.is_empty());
    assert_eq!(world.queued().len(), 1);
}

#[test]
fn a_store_that_cannot_be_asked_is_told_of_though_another_limit_closes_the_queue() {
    let mut world = pinned(1, Beyond::DropOldest);
    down(&world);
    world.limits.max_age = Some(Limit {
        at_most: DAY,
        beyond: Beyond::Refuse,
    });
    enqueue_sized(&world, &[("a", 101)]);
    world.now.set(SystemTime::now() + DAY * 2);
    world.sizes.broken.set(true);
    let report = world.push();
    assert!(report.closed.is_some() && world.saw("Closed("));
    assert_eq!(report.problems.len(), 1, "{report:?}");
    assert!(report.dropped.is_empty());
}

#[test]
fn what_was_dropped_for_its_age_is_not_measured() {
    let mut world = pinned(100, Beyond::Refuse);
    down(&world);
    world.limits.max_age = Some(Limit {
        at_most: DAY,
        beyond: Beyond::DropOldest,
    });
    enqueue_sized(&world, &[("a", 101)]);
    world.now.set(SystemTime::now() + DAY * 2);
    let report = world.push();
    assert_eq!((names(&report.dropped), report.closed), (vec!["a"], None));
    assert_eq!(world.sizes.questions.get(), 0);
}

#[test]
fn the_store_is_asked_only_for_a_bound_in_bytes_and_if_anything_is_queued() {
    let mut world = age(Beyond::Refuse);
    down(&world);
    world.build_and_enqueue(&["a"]);
    let _ = world.push();
    assert_eq!(world.sizes.questions.get(), 0);
    world.limits = Limits::default();
    let _ = world.push();
    world.limits.max_pinned = Some(Limit {
        at_most: 1,
        beyond: Beyond::Refuse,
    });
    let _ = remove(world.queue(), &world.queued());
    let _ = world.push();
    assert_eq!(world.sizes.questions.get(), 0);
    world.build_and_enqueue(&["b"]);
    let _ = world.push();
    assert_eq!(world.sizes.questions.get(), 1);
}

#[test]
fn a_push_within_its_bounds_leaves_no_trace() {
    let world = age(Beyond::Refuse);
    let _ = world.push();
    let files = std::fs::read_dir(world.directory.path().join(".push")).unwrap();
    let names: Vec<_> = files.map(|file| file.unwrap().file_name()).collect();
    assert_eq!(names, ["lock"]);
    assert!(!world.directory.path().join(".limits").exists());
}

#[test]
fn no_limit_keeps_from_leaving_what_is_no_longer_valid() {
    let world = World::new();
    let paths = world.build_and_enqueue(&["gone", "lost"]);
    paths.iter().for_each(|path| world.collect(path));
    let one = Limits {
        max_entries: Some(Limit {
            at_most: 1,
            beyond: Beyond::DropOldest,
        }),
        ..Limits::default()
    };
    let leaving = Queue {
        limits: Some(LimitsWithState {
            limits: &one,
            state: &world.directory,
        }),
        ..world.leaving()
    };
    let report = world.push_leaving(leaving);
    assert_eq!(names(&report.invalid), ["gone", "lost"]);
    assert!(world.queued().is_empty() && world.auto().is_empty());
    assert_eq!(dropped(&world), 0);
}

#[test]
fn a_push_that_had_to_know_how_much_is_kept_tells_how_much_is_left() {
    for (beyond, left) in [(Beyond::Refuse, 110), (Beyond::DropOldest, 50)] {
        let world = pinned(100, beyond);
        enqueue_sized(&world, &[("old", 60), ("new", 50)]);
        down(&world);
        assert_eq!(world.push().pinned, Some(left), "{beyond:?}");
    }
    let unlimited = World::new();
    enqueue_sized(&unlimited, &[("a", 60)]);
    assert_eq!(unlimited.push().pinned, None);
}
