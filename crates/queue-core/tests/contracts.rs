//! The simulated adapters and the real ones keep the same contracts.

#![allow(clippy::unwrap_used)]

mod support;

use std::fs::File;
use std::time::Duration;

use queue_core::testing::{Rooting, World as Simulated, contract};
use queue_core::*;
use rustix::fs::{FlockOperation, flock};
use support::World;

const ROOTINGS: [Rooting; 3] = [Rooting::Auto, Rooting::ClearedByCollector, Rooting::Inside];

#[test]
fn queue_directories() {
    let world = World::new();
    let queue = world.root.join("another");
    let open = |fsync| FsQueueDirectory::create(&queue, &world.store, fsync).unwrap();
    contract::queue_directory(&open(true), &open(false));

    let world = Simulated::default();
    let (one, other) = (world.process(), world.process());
    contract::queue_directory(&one.queue(0).directory, &other.queue(0).directory);
}

#[test]
fn roots() {
    let world = World::new();
    let path = world.build("a");
    let state = world.root.join("state");
    let open = |fsync| AutoRoots::open(&state, world.directory.path(), fsync);
    let (one, other) = (open(true).unwrap().unwrap(), open(false).unwrap().unwrap());
    assert!(!one.is_registered(&path).unwrap());
    contract::gc_roots(&world.directory, &one, &other, &path);
    assert!(!one.is_registered(&path).unwrap());
    contract::gc_roots(&world.directory, &InsideGcRoots, &InsideGcRoots, &path);
    contract::gc_roots(&world.directory, &NoRoots, &NoRoots, &path);

    let world = Simulated::new(&ROOTINGS);
    world.build(&path, &[]);
    let (one, other) = (world.process(), world.process());
    for queue in 0..ROOTINGS.len() {
        let (one, other) = (one.queue(queue), other.queue(queue));
        contract::gc_roots(
            &one.directory,
            one.queue().roots,
            other.queue().roots,
            &path,
        );
    }
}

#[test]
fn push_states() {
    let world = World::new();
    let other = FsPushState::create(&world.directory).unwrap();
    contract::push_state(&world.state, &other);

    let world = Simulated::default();
    let (one, other) = (world.process(), world.process());
    contract::push_state(&one.queue(0).state, &other.queue(0).state);
}

#[test]
fn limit_states() {
    let world = World::new();
    let open = || FsQueueDirectory::open(world.directory.path(), &world.store, true);
    let (one, other) = (&world.directory, open().unwrap().unwrap());
    let counted = |what| one.tally(what).unwrap().number;
    contract::limit_state(one, one, &other, &counted);

    let world = Simulated::default();
    let (one, other) = (world.process(), world.process());
    let (one, other) = (one.queue(0), other.queue(0));
    let counted = |what| world.counted(0, what) as u64;
    contract::limit_state(
        &one.directory,
        &one.limit_state,
        &other.limit_state,
        &counted,
    );
}

#[test]
fn garbage_collectors() {
    let world = World::new();
    let other = world.collector.clone();
    contract::garbage_collector(&world.collector, &other);
    contract::protection(&world.collector, &other, Protection::NoCollector);
    // As a collector that does not listen yet, or no more.
    let lock = File::create(world.root.join("state/gc.lock")).unwrap();
    flock(&lock, FlockOperation::LockExclusive).unwrap();
    contract::garbage_collector(&world.collector, &other);
    contract::protection(&world.collector, &other, Protection::LookAgain);

    let world = Simulated::default();
    let (one, other) = (world.process(), world.process());
    contract::garbage_collector(&one, &other);
    contract::protection(&one, &other, Protection::NoCollector);
    world.collector_scans();
    contract::garbage_collector(&one, &other);
    contract::protection(&one, &other, Protection::LookAgain);
}

#[test]
fn store_files() {
    let world = World::new();
    let file = world.build("file");
    let [directory, symlink, absent] = ["directory", "symlink", "absent"].map(support::path);
    std::fs::create_dir(world.store.join(&directory)).unwrap();
    std::os::unix::fs::symlink("/nowhere", world.store.join(&symlink)).unwrap();
    let absent = std::slice::from_ref(&absent);
    contract::store_files(&world.store, &[file, directory, symlink], absent);

    let world = Simulated::default();
    let [valid, left_behind] = ["valid", "left-behind"].map(support::path);
    world.build(&valid, &[]);
    world.leave_behind(&left_behind);
    contract::store_files(&world.process(), &[valid, left_behind], absent);
}

#[test]
fn store_databases() {
    let invalid = ["x", "y", "z"].map(support::path);
    let world = World::new();
    let valid = [world.build("a"), world.build("b")];
    contract::store_database(&world.database, &valid, &invalid);

    let world = Simulated::default();
    valid.iter().for_each(|path| world.build(path, &[]));
    world.leave_behind(&invalid[0]);
    contract::store_database(&world.process(), &valid, &invalid);
}

#[test]
fn store_sizes() {
    let [top, below, invalid] = ["top", "below", "invalid"].map(support::path);
    let references = std::slice::from_ref(&below);
    let world = World::new();
    world.sizes.set(&top, 100, references);
    world.sizes.set(&below, 100, &[]);
    contract::store_sizes(&world.sizes, &top, &below, &invalid);

    let world = Simulated::default();
    world.build(&below, &[]);
    world.build(&top, references);
    world.leave_behind(&invalid);
    contract::store_sizes(&world.process(), &top, &below, &invalid);
}

#[test]
fn store_contents() {
    let [sound, damaged, above, invalid] =
        ["sound", "damaged", "above", "invalid"].map(support::path);
    let world = Simulated::default();
    world.build(&sound, &[]);
    world.build(&damaged, &[]);
    world.build(&above, std::slice::from_ref(&damaged));
    world.damage(&damaged);
    let with = contract::Contents {
        sound: &sound,
        damaged: &damaged,
        above: &above,
        invalid: &invalid,
    };
    contract::store_contents(&world.process(), &with);
}

#[test]
fn drain_times() {
    let world = Simulated::default();
    let process = world.process();
    let limited = process.drain_time(Some(Duration::from_secs(3600)));
    contract::drain_time(&limited, &process.drain_time(None));
}

#[test]
fn uploaders() {
    let world = World::new();
    contract::uploader(&world.destination, &[world.build("a"), world.build("b")]);

    let simulated = Simulated::default();
    let paths = [support::path("a"), support::path("b")];
    simulated.build(&paths[0], &[]);
    simulated.build(&paths[1], &paths[..1]);
    contract::uploader(&simulated.process().queue(0).uploader, &paths);
}

/// Both kinds of collector, seen by somebody who adds roots: what it means that
/// one runs, and how far the shared lock holds one off.
#[test]
fn a_collector_that_runs_is_told_and_one_that_waits_goes_on_afterwards() {
    let world = Simulated::default();
    let [kept, taken] = [support::path("kept"), support::path("taken")];
    world.build(&kept, &[]);
    world.build(&taken, &[]);
    world.collector_scans();
    let process = world.process();
    let section = process.enter().unwrap();
    let protection = section.protect(std::slice::from_ref(&kept)).unwrap();
    assert_eq!(protection, Protection::LookAgain);
    world.collect();
    assert!(world.is_valid(&kept) && !world.is_valid(&taken));
    drop(section);

    let section = process.enter().unwrap();
    world.collect();
    assert!(world.is_valid(&kept), "it waits for the lock");
    assert_eq!(section.protect(&[]).unwrap(), Protection::NoCollector);
    drop(section);
    assert!(!world.is_valid(&kept), "nobody holds it any more");
}
