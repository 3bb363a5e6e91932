//! What a limit on the number of entries does to who enqueues.

#![allow(clippy::unwrap_used)]

mod support;

use std::collections::BTreeSet;
use std::sync::Barrier;

use queue_core::*;
use support::{World, names};

fn limited(at_most: usize, beyond: Beyond) -> World {
    let mut world = World::new();
    world.limits.max_entries = Some(Limit { at_most, beyond });
    world
}

fn build(world: &World, names: &[&str]) -> Vec<StorePath> {
    names.iter().map(|name| world.build(name)).collect()
}

fn closing(world: &mut World) {
    world.limits.max_pinned = Some(Limit {
        at_most: 1,
        beyond: Beyond::Refuse,
    });
}

fn tallies(world: &World) -> [u64; 2] {
    [LimitAction::Refused, LimitAction::Dropped]
        .map(|what| world.directory.tally(what).unwrap().number)
}

#[test]
fn those_that_fit_are_taken_in_order_and_the_rest_is_named_with_the_reason() {
    let world = limited(3, Beyond::Refuse);
    world.build_and_enqueue(&["first"]);
    let report = world.enqueue(&build(&world, &["b", "a", "d", "c"]));
    let report = &report.queues[0];
    assert_eq!(names(&report.added), ["a", "b"]);
    assert_eq!(names(&report.refused), ["c", "d"]);
    let why = report.refused_because.as_deref();
    assert_eq!(why, Some("it holds as many entries as it may, 3"));
    assert!(report.problems.is_empty() && report.dropped.is_empty());
    assert_eq!(names(&world.queued()), ["a", "b", "first"]);
    assert_eq!(world.auto().len(), 3);
}

#[test]
fn what_is_queued_already_is_never_refused() {
    let mut world = limited(2, Beyond::Refuse);
    closing(&mut world);
    let paths = world.build_and_enqueue(&["a", "b"]);
    for closed in [None, Some("it is closed")] {
        world.directory.set_closed(closed).unwrap();
        let report = world.enqueue(&paths);
        assert_eq!(report.queues[0].already, paths);
        assert!(report.queues[0].refused.is_empty(), "{report:?}");
    }
}

#[test]
fn a_path_that_is_given_twice_takes_one_place() {
    let world = limited(2, Beyond::Refuse);
    let [a, b] = ["a", "b"].map(|name| world.build(name));
    let report = world.enqueue(&[a.clone(), a.clone(), b.clone(), a.clone()]);
    assert_eq!(report.queues[0].added, [a, b]);
    assert!(report.queues[0].refused.is_empty());
}

#[test]
fn a_path_that_cannot_be_queued_takes_no_place() {
    let world = limited(1, Beyond::Refuse);
    let paths = build(&world, &["bad", "good"]);
    std::fs::create_dir(world.directory.path().join(paths[0].base_name())).unwrap();
    let report = world.enqueue(&paths);
    assert_eq!(names(&report.queues[0].added), ["good"]);
    assert_eq!(report.queues[0].failed.len(), 1);
}

#[test]
fn one_queue_s_bound_keeps_a_path_out_of_no_other_queue() {
    let (full, free) = (limited(0, Beyond::Refuse), World::new());
    let paths = build(&free, &["a"]);
    let queues = [full.queue(), free.queue()];
    let report = enqueue(&queues, &free.collector, &free.store, &paths);
    assert_eq!(report.queues[0].refused, paths);
    assert_eq!(report.queues[1].added, paths);
}

#[test]
fn the_oldest_leave_with_their_roots_and_are_named() {
    let world = limited(3, Beyond::DropOldest);
    world.build_and_enqueue_one_by_one(&["z", "y", "x"]);
    let report = world.enqueue(&build(&world, &["a", "b"]));
    let report = &report.queues[0];
    assert_eq!(names(&report.added), ["a", "b"]);
    assert_eq!(names(&report.dropped), ["y", "z"]);
    assert!(report.refused.is_empty() && report.problems.is_empty());
    assert_eq!(names(&world.queued()), ["a", "b", "x"]);
    let held: BTreeSet<_> = world
        .queued()
        .iter()
        .map(|path| world.auto_name(path))
        .collect();
    assert_eq!(world.auto(), held);
}

#[test]
fn what_is_not_queued_in_the_end_is_not_called_added() {
    let world = limited(1, Beyond::DropOldest);
    let report = world.enqueue(&build(&world, &["a", "b", "c"]));
    let report = &report.queues[0];
    assert_eq!(report.added, world.queued());
    assert_eq!((report.added.len(), report.dropped.len()), (1, 2));
}

#[test]
fn nothing_is_dropped_by_who_brings_nothing_new() {
    let mut world = limited(9, Beyond::DropOldest);
    let paths = world.build_and_enqueue(&["a", "b"]);
    world.limits.max_entries = world.limits.max_entries.map(|limit| Limit {
        at_most: 1,
        ..limit
    });
    assert!(world.enqueue(&paths).queues[0].dropped.is_empty());
    assert_eq!(world.queued().len(), 2);
}

#[test]
fn what_was_refused_and_dropped_is_counted_from_call_to_call() {
    let mut world = limited(1, Beyond::Refuse);
    assert_eq!(tallies(&world), [0, 0]);
    world.build_and_enqueue(&["a"]);
    for names in [["b", "c"], ["d", "e"]] {
        let _ = world.enqueue(&build(&world, &names));
    }
    assert_eq!(tallies(&world), [4, 0]);
    world.limits.max_entries = Some(Limit {
        at_most: 1,
        beyond: Beyond::DropOldest,
    });
    let _ = world.enqueue(&build(&world, &["f"]));
    assert_eq!(tallies(&world), [4, 1]);
    assert!(
        world
            .directory
            .tally(LimitAction::Dropped)
            .unwrap()
            .last
            .is_some()
    );
    assert!(world.directory.list().unwrap().foreign.is_empty());
}

#[test]
fn a_closed_queue_takes_nothing_new_and_says_why() {
    let mut world = World::new();
    closing(&mut world);
    world.directory.set_closed(Some("it is too large")).unwrap();
    let paths = build(&world, &["a"]);
    let report = world.enqueue(&paths);
    assert_eq!(report.queues[0].refused, paths);
    let why = report.queues[0].refused_because.as_deref();
    assert_eq!(why, Some("it is too large"));
    assert!(world.queued().is_empty() && world.auto().is_empty());
    world.directory.set_closed(None).unwrap();
    assert_eq!(world.enqueue(&paths).queues[0].added, paths);
}

#[test]
fn a_verdict_counts_only_while_a_bound_is_set_that_may_close() {
    let world = limited(5, Beyond::Refuse);
    world.directory.set_closed(Some("long ago")).unwrap();
    assert_eq!(world.build_and_enqueue(&["a"]).len(), 1);
    assert_eq!(names(&world.queued()), ["a"]);
}

#[test]
fn a_bound_that_cannot_be_judged_loses_nothing_and_is_reported() {
    let mut world = World::new();
    closing(&mut world);
    // What a push would never leave there.
    std::fs::create_dir(world.directory.path().join(".push/closed")).unwrap();
    let report = world.enqueue(&build(&world, &["a"]));
    assert_eq!(names(&report.queues[0].added), ["a"]);
    let problem = &report.queues[0].problems[0];
    assert!(problem.to_string().ends_with(".push/closed"), "{problem}");
    assert!(problem.hint().is_some());
}

#[test]
fn a_verdict_is_looked_for_in_the_queue_alone() {
    let mut world = World::new();
    closing(&mut world);
    let elsewhere = world.root.join("elsewhere");
    std::fs::create_dir(&elsewhere).unwrap();
    std::fs::write(elsewhere.join("closed"), "a secret").unwrap();
    std::fs::remove_dir_all(world.directory.path().join(".push")).unwrap();
    std::os::unix::fs::symlink(&elsewhere, world.directory.path().join(".push")).unwrap();
    let report = world.enqueue(&build(&world, &["a"]));
    assert_eq!(names(&report.queues[0].added), ["a"]);
    assert!(!format!("{report:?}").contains("a secret"));
}

#[test]
fn counting_that_fails_is_reported_and_changes_nothing_else() {
    let world = limited(0, Beyond::Refuse);
    std::fs::write(world.directory.path().join(".limits"), "").unwrap();
    let paths = build(&world, &["a"]);
    let report = world.enqueue(&paths);
    assert_eq!(report.queues[0].refused, paths);
    assert!(report.queues[0].problems[0].to_string().contains(".limits"));
}

#[test]
fn a_count_belongs_to_the_owner_of_the_queue() {
    use std::os::unix::fs::{MetadataExt, chown};
    let world = World::new();
    // Only root can give a directory away; for anybody else there is nothing to see.
    if chown(world.directory.path(), Some(1234), Some(1234)).is_err() {
        return;
    }
    world.directory.count(LimitAction::Refused, 2).unwrap();
    for name in [".limits", ".limits/refused"] {
        let made = std::fs::metadata(world.directory.path().join(name)).unwrap();
        assert_eq!(
            (made.uid(), made.gid(), made.mode() & 0o022),
            (1234, 1234, 0),
            "{name}"
        );
    }
}

/// A medium that does not confirm anything.
struct Unsure<'a>(&'a FsQueueDirectory);

impl QueueDirectory for Unsure<'_> {
    fn insert(&self, path: &StorePath) -> Result<Insertion, PortError> {
        self.0.insert(path)
    }
    fn remove(&self, path: &StorePath) -> Result<Removal, PortError> {
        self.0.remove(path)
    }
    fn list(&self) -> Result<Listing, PortError> {
        self.0.list()
    }
    fn flush(&self) -> Result<(), PortError> {
        Err(PortError::new("flush", "the medium", "it is broken"))
    }
}

#[test]
fn nothing_leaves_for_what_may_not_outlive_a_power_cut() {
    let world = limited(1, Beyond::DropOldest);
    world.build_and_enqueue(&["a"]);
    let queue = Queue {
        directory: &Unsure(&world.directory),
        ..world.queue()
    };
    let report = enqueue(
        &[queue],
        &world.collector,
        &world.store,
        &build(&world, &["b"]),
    );
    assert!(report.queues[0].not_durable.is_some());
    assert!(report.queues[0].dropped.is_empty());
    assert_eq!(names(&world.queued()), ["a", "b"]);
}

/// A path that is delivered between the look at the queue and its turn.
struct Delivered<'a> {
    directory: &'a FsQueueDirectory,
    path: StorePath,
}

impl LimitState for Delivered<'_> {
    fn names(&self) -> Result<BTreeSet<StorePath>, PortError> {
        let names = self.directory.names();
        self.directory.remove(&self.path)?;
        names
    }
    fn closed(&self) -> Result<Option<String>, PortError> {
        self.directory.closed()
    }
    fn set_closed(&self, reason: Option<&str>) -> Result<(), PortError> {
        self.directory.set_closed(reason)
    }
    fn count(&self, what: LimitAction, number: usize) -> Result<(), PortError> {
        self.directory.count(what, number)
    }
}

#[test]
fn what_was_queued_takes_no_second_place_though_it_was_delivered_meanwhile() {
    let world = limited(2, Beyond::Refuse);
    let mut paths = world.build_and_enqueue(&["a"]);
    paths.extend(build(&world, &["b", "c"]));
    let delivered = Delivered {
        directory: &world.directory,
        path: paths[0].clone(),
    };
    let limits = Some(LimitsWithState {
        limits: &world.limits,
        state: &delivered,
    });
    let queue = Queue {
        limits,
        ..world.queue()
    };
    let report = enqueue(&[queue], &world.collector, &world.store, &paths);
    assert_eq!(report.queues[0].added, paths[..2]);
    assert_eq!(report.queues[0].refused, paths[2..]);
}

/// Hooks that all look before any of them makes its entry: the worst there is.
struct Together<'a> {
    directory: &'a FsQueueDirectory,
    all_looked: &'a Barrier,
}

impl LimitState for Together<'_> {
    fn names(&self) -> Result<BTreeSet<StorePath>, PortError> {
        let names = self.directory.names();
        self.all_looked.wait();
        names
    }
    fn closed(&self) -> Result<Option<String>, PortError> {
        self.directory.closed()
    }
    fn set_closed(&self, reason: Option<&str>) -> Result<(), PortError> {
        self.directory.set_closed(reason)
    }
    fn count(&self, what: LimitAction, number: usize) -> Result<(), PortError> {
        self.directory.count(what, number)
    }
}

/// Enqueues one path each, all at once, with a limit.
fn race(world: &World, paths: &[StorePath], all_look_first: bool) {
    let all_looked = Barrier::new(paths.len());
    std::thread::scope(|scope| {
        for path in paths {
            let (directory, roots, limits) = (&world.directory, &world.roots, &world.limits);
            let (collector, store, all_looked) = (&world.collector, &world.store, &all_looked);
            scope.spawn(move || {
                let together = Together {
                    directory,
                    all_looked,
                };
                let state: &dyn LimitState = if all_look_first { &together } else { directory };
                let queue = Queue {
                    directory,
                    roots,
                    limits: Some(LimitsWithState { limits, state }),
                };
                let report = enqueue(&[queue], collector, store, std::slice::from_ref(path));
                assert!(report.queues[0].problems.is_empty(), "{report:?}");
            });
        }
    });
}

const HOOKS: usize = 8;

#[test]
fn hooks_at_once_go_beyond_a_bound_by_at_most_their_number() {
    for all_look_first in [false, true] {
        let world = limited(3, Beyond::Refuse);
        world.build_and_enqueue(&["a", "b"]);
        let paths: Vec<_> = (0..HOOKS).map(|n| world.build(&format!("n{n}"))).collect();
        race(&world, &paths, all_look_first);
        let number = world.queued().len();
        assert!((3..=2 + HOOKS).contains(&number), "{number}");
        // Who came later finds it full.
        let late = world.enqueue(&build(&world, &["late"]));
        assert_eq!(late.queues[0].refused.len(), 1);
        assert_eq!(tallies(&world)[0] as usize + number, 3 + HOOKS);
    }
}

#[test]
fn hooks_at_once_that_drop_the_oldest_leave_as_many_as_the_bound_says() {
    let world = limited(3, Beyond::DropOldest);
    world.build_and_enqueue_one_by_one(&["a", "b", "c"]);
    let paths: Vec<_> = (0..HOOKS).map(|n| world.build(&format!("n{n}"))).collect();
    race(&world, &paths, true);
    assert_eq!(world.queued().len(), 3);
    assert!(
        !names(&world.queued())
            .iter()
            .any(|name| ["a", "b", "c"].contains(name))
    );
    // Two may drop the same one; only who removed it counts it.
    assert_eq!(tallies(&world), [0, HOOKS as u64]);
    assert_eq!(world.auto().len(), 3);
}
