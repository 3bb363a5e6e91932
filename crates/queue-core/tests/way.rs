//! Who can get in the way of a queue: symlinks, and others who may write.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod support;

use std::os::unix::fs::{PermissionsExt, chown, lchown, symlink};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};

use camino::{Utf8Path, Utf8PathBuf};
use figures::{figure, is_long};
use queue_core::*;
use rustix::fs::{CWD, RenameFlags, renameat_with};
use support::World;

fn create(path: &Utf8Path) -> Result<FsQueueDirectory, PortError> {
    FsQueueDirectory::create(path, &StoreDir::new("/s").unwrap(), false)
}

/// Creates it and opens it, and gives the refusal, which must be the same.
#[track_caller]
fn refused(path: &Utf8Path) -> (String, String) {
    let told = |error: PortError| (error.chain(), error.hint().unwrap_or_default().to_owned());
    let error = told(create(path).unwrap_err());
    let store = StoreDir::new("/s").unwrap();
    let opened = FsQueueDirectory::open(path, &store, false);
    assert_eq!(told(opened.unwrap_err()), error);
    error
}

/// As somebody who reads the hint does.
#[track_caller]
fn paste(command: &str) {
    let status = Command::new("sh").args(["-ec", command]).status();
    assert!(status.unwrap().success(), "{command}");
}

fn made(path: Utf8PathBuf) -> Utf8PathBuf {
    std::fs::create_dir_all(&path).unwrap();
    path
}

fn mode(path: &Utf8Path, mode: u32) {
    std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
}

/// Only root can make the files of others that some tests are about.
fn is_root() -> bool {
    let root = rustix::process::geteuid().is_root();
    if !root {
        println!("skipped: needs root, to give files away");
    }
    root
}

#[test]
fn no_symlink_on_the_way_is_followed_and_the_path_behind_it_is_named() {
    let world = World::new();
    let root = &world.root;
    made(root.join("real/a/b/queue"));
    symlink("real", root.join("one")).unwrap();
    symlink(root.join("real/a/b"), root.join("real/a/two")).unwrap();
    symlink("queue", root.join("real/a/b/three")).unwrap();
    let rule = "(roots go by the path as it is written)";
    for (path, link) in [
        ("one/a/b/queue", "one"),
        ("real/a/two/queue", "real/a/two"),
        ("real/a/b/three", "real/a/b/three"),
    ] {
        let (message, hint) = refused(&root.join(path));
        assert!(
            message.ends_with(&format!("{}: it is a symlink", root.join(link))),
            "{message}"
        );
        let real = format!("write the path that it leads to: {root}/real/a/b/queue {rule}");
        assert_eq!(hint, real, "{path}");
    }
}

#[test]
fn nothing_is_made_behind_a_symlink_and_a_dangling_one_is_no_queue_to_be() {
    let world = World::new();
    let elsewhere = made(world.root.join("elsewhere"));
    symlink(&elsewhere, world.root.join("link")).unwrap();
    refused(&world.root.join("link/x/y"));
    assert_eq!(elsewhere.read_dir_utf8().unwrap().count(), 0);
    symlink("nowhere", world.root.join("dangling")).unwrap();
    let (_, hint) = refused(&world.root.join("dangling"));
    assert!(hint.starts_with("write a path without symlinks"), "{hint}");
}

#[test]
fn a_directory_that_is_exchanged_for_a_symlink_meanwhile_leads_nowhere_else() {
    let world = World::new();
    let root = &world.root;
    let (here, elsewhere) = (root.join("here"), made(root.join("elsewhere")));
    made(here.clone());
    let link = root.join("link");
    symlink(&elsewhere, &link).unwrap();
    let done = AtomicBool::new(false);
    let mut outcomes = [0, 0];
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                let exchange = RenameFlags::EXCHANGE;
                renameat_with(CWD, here.as_str(), CWD, link.as_str(), exchange).unwrap();
            }
        });
        for number in 0..if is_long() { 100_000 } else { 2000 } {
            let queue = create(&here.join(format!("{number}/a/b/c/queue")));
            outcomes[usize::from(queue.is_ok())] += 1;
            let inserted = queue.map(|queue| queue.insert(&support::path("a")));
            if let Ok(inserted) = inserted {
                inserted.unwrap();
            }
        }
        done.store(true, Ordering::Relaxed);
    });
    figure(
        "queues opened while a directory above is exchanged for a symlink",
        format_args!("{} refused, {} opened", outcomes[0], outcomes[1]),
    );
    assert_eq!(elsewhere.read_dir_utf8().unwrap().count(), 0);
}

#[test]
fn what_is_no_directory_is_named_with_the_command_that_moves_it_away() {
    let world = World::new();
    let file = world.root.join("it's $(a file)");
    for (queue, action) in [
        (
            file.join("queue"),
            "come to the queue through the directory",
        ),
        (file.clone(), "open the queue directory"),
    ] {
        std::fs::write(&file, "theirs").unwrap();
        let (message, hint) = refused(&queue);
        let expected = format!("failed to {action} {file}: it is not a directory");
        assert_eq!(message, expected);
        paste(&hint);
        create(&queue).unwrap();
        let old = world.root.join("it's $(a file).old");
        assert_eq!(std::fs::read_to_string(&old).unwrap(), "theirs");
        std::fs::remove_file(old).unwrap();
        std::fs::remove_dir_all(&file).unwrap();
    }
}

#[test]
fn a_directory_above_that_everybody_may_write_is_refused_unless_it_is_sticky() {
    let world = World::new();
    let open = made(world.root.join("to everybody"));
    for bad in [0o777, 0o757] {
        mode(&open, bad);
        let (message, hint) = refused(&open.join("queue"));
        assert!(message.contains("written by others"), "{message}");
        assert_eq!(hint, format!("chmod o-w '{open}'"));
        assert!(!open.join("queue").exists());
        paste(&hint);
        create(&open.join("queue")).unwrap();
        std::fs::remove_dir(open.join("queue")).unwrap();
    }
    mode(&open, 0o1777);
    create(&open.join("queue")).unwrap();
}

#[test]
fn the_owners_private_group_may_write_above_and_another_group_may_not() {
    if !is_root() {
        return;
    }
    let world = World::new();
    let home = made(world.root.join("home"));
    for (owner, group, refused_with) in [
        (1234, 1234, None),
        (0, 0, None),
        (1234, 1235, Some("chmod g-w")),
        (0, 1235, Some("chmod g-w")),
    ] {
        chown(&home, Some(owner), Some(group)).unwrap();
        mode(&home, 0o775);
        match refused_with {
            None => drop(create(&home.join("queue")).unwrap()),
            Some(command) => {
                let (_, hint) = refused(&home.join("queue"));
                assert_eq!(hint, format!("{command} {home}"));
                paste(&hint);
                create(&home.join("queue")).unwrap();
            }
        }
    }
}

#[test]
fn for_root_a_queue_and_what_is_above_it_may_belong_to_one_account_and_no_two() {
    if !is_root() {
        return;
    }
    let world = World::new();
    let queue = made(world.root.join("home/state/queue"));
    let (home, state) = (world.root.join("home"), world.root.join("home/state"));
    let give = |to: [u32; 3]| {
        for (path, uid) in [&home, &state, &queue].into_iter().zip(to) {
            chown(path, Some(uid), None).unwrap();
        }
    };
    for fine in [
        [0, 0, 1234],
        [1234, 1234, 1234],
        [1234, 1234, 0],
        [1234, 0, 1234],
    ] {
        give(fine);
        create(&queue).unwrap();
    }
    for (bad, at) in [([1234, 1234, 1235], &queue), ([1234, 1235, 1234], &state)] {
        give(bad);
        let (message, hint) = refused(&queue);
        let why = "it belongs to uid 1235, and a directory above it to uid 1234";
        assert!(message.ends_with(why), "{message}");
        assert_eq!(hint, format!("chown 1234 {at}"));
        paste(&hint);
        create(&queue).unwrap();
    }
}

#[test]
fn an_entry_of_another_account_is_reported_with_the_command_that_takes_it_in() {
    if !is_root() {
        return;
    }
    let world = World::new();
    let [ours, owners, theirs] = ["ours", "owners", "theirs"].map(support::path);
    let queue = world.directory.path().to_owned();
    chown(&queue, Some(1234), None).unwrap();
    let directory = create_in(&world, &queue);
    for path in [&ours, &owners, &theirs] {
        directory.insert(path).unwrap();
    }
    lchown(queue.join(owners.base_name()), Some(1234), None).unwrap();
    let entry = queue.join(theirs.base_name());
    lchown(&entry, Some(1235), None).unwrap();

    let listing = directory.list().unwrap();
    let found: Vec<_> = listing.entries.iter().map(|entry| &entry.path).collect();
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(!found.contains(&&theirs));
    let [foreign] = listing.foreign.as_slice() else {
        panic!("{listing:?}")
    };
    let hint = format!("`chown -h 1234 {entry}` takes it in, `rm {entry}` throws it away");
    assert_eq!(foreign.name, theirs.base_name());
    assert_eq!(foreign.reason, "belongs to uid 1235");
    assert_eq!(foreign.hint, hint);

    for error in [
        directory.remove(&theirs).unwrap_err(),
        directory.insert(&theirs).unwrap_err(),
    ] {
        assert!(
            error.chain().contains("belongs to uid 1235"),
            "{}",
            error.chain()
        );
        assert_eq!(error.hint(), Some(hint.as_str()));
    }
    assert!(entry.is_symlink());
    paste(hint.split('`').nth(1).unwrap());
    assert_eq!(directory.list().unwrap().entries.len(), 3);
}

fn create_in(world: &World, path: &Utf8Path) -> FsQueueDirectory {
    FsQueueDirectory::create(path, &world.store, false).unwrap()
}
