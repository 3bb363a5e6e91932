//! What a user asks for: entries out for good, or tried again.

#![allow(clippy::unwrap_used)]

mod support;

use std::time::Duration;

use queue_core::*;
use support::World;

fn drop_from(world: &World, paths: &[StorePath]) -> DropReport {
    drop_entries(
        world.queue(),
        Some(world.leaving()),
        Some(&world.state),
        paths,
    )
}

fn retry(world: &World, paths: &[StorePath]) -> RetryReport {
    retry_entries(&world.state, paths).unwrap().unwrap()
}

/// A queue of which one entry failed.
fn failed() -> (World, Vec<StorePath>) {
    let world = World::new();
    world.destination.cannot_take("bad");
    let paths = world.build_and_enqueue(&["bad"]);
    assert_eq!(world.push().failed.len(), 1);
    (world, paths)
}

#[test]
fn what_is_dropped_is_forgotten_and_starts_anew_when_it_comes_again() {
    let (world, paths) = failed();
    let report = drop_from(&world, &paths);
    assert_eq!(report.removed, paths);
    assert!(report.failed.is_empty() && report.not_forgotten.is_none());
    assert!(world.queued().is_empty() && world.auto().is_empty());
    assert!(world.ledger().entry(&paths[0]).is_none());
}

#[test]
fn what_a_killed_push_put_aside_is_dropped_as_well() {
    let world = World::new();
    let paths = world.build_and_enqueue(&["a"]);
    let aside = enqueue(&[world.leaving()], &world.collector, &world.store, &paths);
    assert_eq!(aside.queues[0].added, paths);
    assert_eq!(drop_from(&world, &paths).removed, paths);
    assert!(world.push().uploaded.is_empty() && world.queued().is_empty());
}

#[test]
fn what_stands_nowhere_else_any_more_is_dropped_from_there() {
    let world = World::new();
    let paths = [world.build("a"), world.build("b")];
    let _ = enqueue(&[world.leaving()], &world.collector, &world.store, &paths);
    assert_eq!(drop_from(&world, &paths).removed, paths);
    assert!(world.push().uploaded.is_empty() && world.auto().is_empty());
    assert!(drop_from(&world, &paths).removed.is_empty());
}

#[test]
fn what_cannot_be_taken_from_where_it_was_put_aside_is_not_called_dropped() {
    let world = World::new();
    let paths = world.build_and_enqueue(&["a"]);
    let _ = enqueue(&[world.leaving()], &world.collector, &world.store, &paths);
    let aside = world.leaving.path().join(paths[0].base_name());
    std::fs::remove_file(&aside).unwrap();
    std::fs::write(&aside, "not an entry").unwrap();
    let report = drop_from(&world, &paths);
    assert!(report.removed.is_empty());
    assert_eq!(report.failed[0].0, paths[0]);
}

#[test]
fn what_cannot_be_removed_keeps_its_root() {
    let world = World::new();
    let paths = world.build_and_enqueue(&["a"]);
    let entry = world.directory.path().join(paths[0].base_name());
    std::fs::remove_file(&entry).unwrap();
    std::fs::write(&entry, "not an entry").unwrap();
    let report = drop_from(&world, &paths);
    assert!(report.removed.is_empty());
    assert_eq!(report.failed.len(), 1, "{report:?}");
    assert!(world.roots.is_registered(&paths[0]).unwrap());
}

#[test]
fn what_can_neither_be_removed_nor_held_again_is_told_of_both() {
    struct Gone<'a>(&'a AutoRoots);
    impl GcRoots for Gone<'_> {
        fn is_registered(&self, path: &StorePath) -> Result<bool, PortError> {
            self.0.is_registered(path)
        }
        fn register(&self, path: &StorePath) -> Result<(), PortError> {
            Err(PortError::new("create the root", path, "no space left"))
        }
        fn unregister(&self, path: &StorePath) -> Result<(), PortError> {
            self.0.unregister(path)
        }
        fn flush(&self) -> Result<(), PortError> {
            self.0.flush()
        }
    }
    let world = World::new();
    let paths = world.build_and_enqueue(&["a"]);
    let entry = world.directory.path().join(paths[0].base_name());
    std::fs::remove_file(&entry).unwrap();
    std::fs::write(&entry, "not an entry").unwrap();
    let roots = &Gone(&world.roots);
    let report = remove(
        Queue {
            roots,
            ..world.queue()
        },
        &paths,
    );
    let told = report.failed.iter().map(|(_, error)| error.chain());
    let told: Vec<_> = told.collect();
    assert!(told[0].contains("remove the entry"), "{told:?}");
    assert!(told[1].contains("create the root"), "{told:?}");
}

#[test]
fn a_queue_that_a_limit_closed_takes_what_is_new_after_a_drop() {
    let mut world = World::new();
    world.limits.max_age = Some(Limit {
        at_most: Duration::ZERO,
        beyond: Beyond::Refuse,
    });
    world.directory.set_closed(Some("it is too old")).unwrap();
    let report = drop_from(&world, &[]);
    assert!(report.still_closed.is_none());
    assert_eq!(world.directory.closed().unwrap(), None);
}

#[test]
fn a_drop_waits_for_no_push_and_leaves_the_memory_to_it() {
    let (world, paths) = failed();
    let _push = world.state.try_lock().unwrap().unwrap();
    let report = drop_from(&world, &paths);
    assert!(report.beside_a_push && report.not_forgotten.is_none());
    assert_eq!(report.removed, paths);
    assert!(world.ledger().entry(&paths[0]).is_some());
}

#[test]
fn a_drop_without_any_push_before_it_remembers_nothing_and_takes_no_lock() {
    let world = World::new();
    let paths = world.build_and_enqueue(&["a"]);
    let report = drop_entries(world.queue(), None, None, &paths);
    assert_eq!(report.removed, paths);
    assert!(!report.beside_a_push && report.not_forgotten.is_none());
}

#[test]
fn a_memory_that_nobody_understands_stands_in_the_way_of_no_drop() {
    let (world, paths) = failed();
    let lock = world.state.try_lock().unwrap().unwrap();
    world.state.save_ledger("nonsense").unwrap();
    drop(lock);
    assert_eq!(drop_from(&world, &paths).removed, paths);
    let left = world.state.load_ledger().unwrap();
    assert_eq!(
        left.as_deref(),
        Some("nonsense"),
        "the next push tells of it"
    );
}

#[test]
fn a_memory_that_cannot_be_read_is_told_and_stands_in_the_way_of_no_drop() {
    let (world, paths) = failed();
    let ledger = world.directory.path().join(".push/ledger.toml");
    std::fs::remove_file(&ledger).unwrap();
    std::fs::create_dir(&ledger).unwrap();
    let report = drop_from(&world, &paths);
    assert_eq!(report.removed, paths);
    assert!(report.not_forgotten.unwrap().to_string().contains("ledger"));
}

#[test]
fn what_is_retried_goes_in_the_next_push_whatever_it_or_the_destination_did() {
    let (world, paths) = failed();
    world.destination.bad.borrow_mut().clear();
    world
        .destination
        .down
        .replace(Some(UploadErrorKind::Unavailable));
    let more = world.build_and_enqueue(&["more"]);
    assert!(matches!(world.push().outcome, Outcome::Unavailable { .. }));
    world.destination.down.replace(None);
    let report = retry(&world, &[paths[0].clone(), more[0].clone()]);
    assert_eq!(report.forgotten, paths);
    assert!(report.destination_forgotten && !report.is_idle());
    assert_eq!(world.push().uploaded.len(), 2);
}

#[test]
fn nothing_is_retried_beside_a_push_which_would_write_its_own_memory() {
    let (world, paths) = failed();
    let _push = world.state.try_lock().unwrap().unwrap();
    assert!(retry_entries(&world.state, &paths).unwrap().is_none());
    assert!(world.ledger().entry(&paths[0]).is_some());
}

#[test]
fn a_memory_that_nobody_understands_is_told_and_begun_anew() {
    let (world, paths) = failed();
    let lock = world.state.try_lock().unwrap().unwrap();
    world.state.save_ledger("nonsense").unwrap();
    drop(lock);
    let report = retry(&world, &paths);
    assert!(report.ledger_lost.is_some() && report.forgotten.is_empty());
    assert_eq!(world.ledger(), Ledger::default());
}

#[test]
fn where_nothing_failed_nothing_is_written() {
    let world = World::new();
    let paths = world.build_and_enqueue(&["a"]);
    assert!(retry(&world, &paths).is_idle());
    assert_eq!(world.state.load_ledger().unwrap(), None);
}
