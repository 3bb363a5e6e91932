//! What a queue directory promises, on a real file system.

#![allow(clippy::unwrap_used)]

mod support;

use std::os::unix::fs::{PermissionsExt, symlink};

use camino::Utf8Path;
use queue_core::*;
use support::World;

fn open(path: &Utf8Path) -> Result<Option<FsQueueDirectory>, PortError> {
    FsQueueDirectory::open(path, &StoreDir::new("/s").unwrap(), true)
}

#[test]
fn entries_are_listed_oldest_first() {
    let world = World::new();
    for name in ["c", "a", "b"] {
        world.build_and_enqueue(&[name]);
    }
    let listing = world.directory.list().unwrap();
    assert!(listing.entries.is_sorted_by_key(|entry| entry.enqueued_at));
    assert_eq!(listing.entries.len(), 3);
}

#[test]
fn what_is_not_an_entry_is_named_with_the_reason_and_never_removed() {
    let world = World::new();
    let queue = world.directory.path();
    let paths: Vec<_> = ["file", "elsewhere", "relative"].map(support::path).into();
    std::fs::write(queue.join(paths[0].base_name()), "").unwrap();
    symlink("/etc/passwd", queue.join(paths[1].base_name())).unwrap();
    symlink(paths[2].base_name(), queue.join(paths[2].base_name())).unwrap();
    std::fs::create_dir(queue.join("a\nb")).unwrap();
    let listing = world.directory.list().unwrap();
    assert!(listing.entries.is_empty());
    let all = format!("{:?}", listing.foreign);
    for wanted in [
        "is not a symlink",
        "points at",
        "a\\\\nb",
        "is not named like a store path",
    ] {
        assert!(all.contains(wanted), "{wanted}: {all}");
    }
    for path in &paths {
        assert!(world.directory.remove(path).is_err() && world.directory.insert(path).is_err());
    }
    assert_eq!(world.directory.list().unwrap(), listing);
}

#[test]
fn a_queue_that_does_not_exist_is_none_and_is_made_on_demand() {
    let world = World::new();
    let deep = world.root.join("x/y/z");
    assert!(open(&deep).unwrap().is_none());
    let made = FsQueueDirectory::create(&deep, &world.store, true).unwrap();
    made.insert(&support::path("a")).unwrap();
    made.flush().unwrap();
    assert_eq!(made.list().unwrap().entries.len(), 1);
}

#[test]
fn a_directory_that_others_may_write_is_refused_with_the_command_that_mends_it() {
    let world = World::new();
    for mode in [0o775, 0o757, 0o1777] {
        std::fs::set_permissions(world.directory.path(), PermissionsExt::from_mode(mode)).unwrap();
        let error = open(world.directory.path()).unwrap_err();
        assert!(
            error.chain().contains("written by others"),
            "{}",
            error.chain()
        );
        assert_eq!(
            error.hint().unwrap(),
            format!("chmod go-w {}", world.directory.path())
        );
    }
}

#[test]
fn what_is_nix_s_or_everybody_s_is_no_queue() {
    for (path, why) in [
        ("/", "it is the root of all directories"),
        ("/s", "it lies in the store directory"),
        ("/s/x/queue", "it lies in the store directory"),
        ("/q\n", "a control character is in its path"),
    ] {
        let store = StoreDir::new("/s").unwrap();
        let made = FsQueueDirectory::create(path.into(), &store, true);
        for error in [open(path.into()).unwrap_err(), made.unwrap_err()] {
            assert!(error.chain().contains(why), "{}", error.chain());
            assert!(error.hint().is_some(), "{path}");
        }
    }
    assert!(open("/somewhere/store-of-queues".into()).unwrap().is_none());
}

#[test]
fn only_plain_absolute_paths_are_queues() {
    for bad in [
        "queue",
        "/tmp/../tmp/q",
        "/tmp//q",
        "/tmp/q/",
        "/tmp/a\nb",
        "",
    ] {
        assert!(open(Utf8Path::new(bad)).is_err(), "{bad:?}");
    }
}

#[test]
fn a_root_with_the_wrong_content_is_mended() {
    let world = World::new();
    let path = world.build("a");
    let auto = world
        .root
        .join("state/gcroots/auto")
        .join(world.auto_name(&path));
    symlink("/somewhere/else", &auto).unwrap();
    assert!(!world.roots.is_registered(&path).unwrap());
    world.roots.register(&path).unwrap();
    assert!(world.roots.is_registered(&path).unwrap());
}

#[test]
fn what_a_push_makes_belongs_to_the_owner_of_the_queue() {
    use std::os::unix::fs::{MetadataExt, chown};
    let world = World::new();
    let queue = FsQueueDirectory::create(&world.root.join("theirs"), &world.store, false).unwrap();
    // Only root can, and only root needs to: for others it is their own anyway.
    let _ = chown(queue.path(), Some(1234), Some(1234));
    let state = FsPushState::create(&queue).unwrap();
    drop(state.try_lock().unwrap());
    state.save_ledger("").unwrap();
    let owner = |path: &str| queue.path().join(path).metadata().unwrap().uid();
    for made in [".push", ".push/lock", ".push/ledger.toml"] {
        assert_eq!(owner(made), owner(""), "{made}");
    }
}

#[test]
fn nobody_else_can_hold_the_lock_and_keep_pushes_from_their_work() {
    let world = World::new();
    let lock = world.directory.path().join(".push/lock");
    // As an earlier version made it.
    std::fs::write(&lock, "").unwrap();
    std::fs::set_permissions(&lock, PermissionsExt::from_mode(0o644)).unwrap();
    drop(world.state.try_lock().unwrap());
    assert_eq!(lock.metadata().unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn the_directory_of_roots_is_made_in_a_state_that_has_none_yet() {
    let world = World::new();
    let fresh = world.root.join("fresh");
    let open = || AutoRoots::open(&fresh, world.directory.path(), true);
    assert!(
        open()
            .unwrap_err()
            .hint()
            .unwrap()
            .contains("state directory")
    );
    std::fs::create_dir_all(fresh.join("gcroots")).unwrap();
    let path = world.build("a");
    open().unwrap().unwrap().register(&path).unwrap();
    assert!(
        fresh
            .join("gcroots/auto")
            .join(world.auto_name(&path))
            .is_symlink()
    );
}

#[test]
fn flushing_reaches_the_medium_when_asked_to() {
    let world = World::new();
    let queue = FsQueueDirectory::create(&world.root.join("durable"), &world.store, true).unwrap();
    queue.flush().unwrap();
    let state = world.root.join("state");
    AutoRoots::open(&state, queue.path(), true)
        .unwrap()
        .unwrap()
        .flush()
        .unwrap();
}
