//! What enqueueing promises.

#![allow(clippy::unwrap_used)]

mod support;

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixListener;
use std::time::Duration;

use queue_core::*;
use rustix::fs::FlockOperation;
use support::{World, names};

#[test]
fn what_is_accepted_is_queued_and_registered() {
    let world = World::new();
    let paths = world.build_and_enqueue(&["a", "b"]);
    assert_eq!(names(&world.queued()), ["a", "b"]);
    let wanted = paths.iter().map(|path| world.auto_name(path)).collect();
    assert_eq!(world.auto(), wanted);
    let entry = world.directory.path().join(paths[0].base_name());
    assert_eq!(
        std::fs::read_link(&entry).unwrap(),
        world.store.join(&paths[0]).as_std_path()
    );
    let root = world
        .root
        .join("state/gcroots/auto")
        .join(world.auto_name(&paths[0]));
    assert_eq!(std::fs::read_link(root).unwrap(), entry.as_std_path());
}

#[test]
fn twice_is_once_and_the_first_time_stays() {
    let world = World::new();
    let paths = world.build_and_enqueue(&["a"]);
    let before = world.directory.list().unwrap();
    let report = world.enqueue(&paths);
    assert_eq!(report.queues[0].already, paths);
    assert_eq!(world.directory.list().unwrap(), before);
}

#[test]
fn a_path_that_is_not_in_the_store_is_not_queued_and_keeps_no_other_out() {
    let world = World::new();
    let (here, gone) = (world.build("here"), support::path("gone"));
    let report = world.enqueue(&[gone.clone(), here]);
    assert_eq!(report.queues[0].absent, [gone]);
    assert_eq!(names(&world.queued()), ["here"]);
    assert_eq!(world.auto().len(), 1);
}

#[test]
fn one_queue_s_failure_keeps_a_path_out_of_no_other_queue() {
    let (broken, sound) = (World::new(), World::new());
    let path = sound.build("a");
    std::fs::create_dir(broken.directory.path().join(path.base_name())).unwrap();
    let queues = [broken.queue(), sound.queue()];
    let report = enqueue(
        &queues,
        &sound.collector,
        &sound.store,
        std::slice::from_ref(&path),
    );
    let error = &report.queues[0].failed[0].1;
    assert!(
        error.chain().contains("is not a symlink"),
        "{}",
        error.chain()
    );
    assert!(error.hint().is_some());
    assert_eq!(report.queues[1].added, [path]);
}

#[test]
fn a_missing_state_directory_is_an_error_and_the_entry_is_made_all_the_same() {
    let world = World::new();
    let path = world.build("a");
    let nowhere = LocalGc::new(&world.root.join("nowhere"), &world.store);
    let report = enqueue(&[world.queue()], &nowhere, &world.store, &[path]);
    let error = report.unprotected.unwrap().to_string();
    assert!(error.ends_with("nowhere/gc.lock"), "{error}");
    assert_eq!(world.queued().len(), 1);
}

/// A collector that is past its search for roots: it holds the lock and
/// listens. Gives the paths that it was told.
fn collector(
    world: &World,
    answer: &'static [u8],
) -> (std::fs::File, std::thread::JoinHandle<String>) {
    let lock = std::fs::File::create(world.root.join("state/gc.lock")).unwrap();
    rustix::fs::flock(&lock, FlockOperation::LockExclusive).unwrap();
    std::fs::create_dir_all(world.root.join("state/gc-socket")).unwrap();
    let listener = UnixListener::bind(world.root.join("state/gc-socket/socket")).unwrap();
    let told = std::thread::spawn(move || {
        let (mut client, _) = listener.accept().unwrap();
        let mut line = String::new();
        BufReader::new(client.try_clone().unwrap())
            .read_line(&mut line)
            .unwrap();
        if !line.is_empty() {
            client.write_all(answer).unwrap();
        }
        line
    });
    (lock, told)
}

#[test]
fn a_running_collector_is_told_and_not_waited_for() {
    let world = World::new();
    let path = world.build("a");
    let (_lock, told) = collector(&world, b"1");
    let report = world.enqueue(std::slice::from_ref(&path));
    assert!(report.unprotected.is_none(), "{report:?}");
    assert_eq!(
        told.join().unwrap(),
        format!("{}\n", world.store.join(&path))
    );
    assert_eq!(report.queues[0].added, [path]);
}

#[test]
fn a_collector_that_answers_nonsense_is_an_error_with_its_socket() {
    let world = World::new();
    let path = world.build("a");
    let (_lock, told) = collector(&world, b"0");
    let report = world.enqueue(&[path]);
    told.join().unwrap();
    assert!(
        report
            .unprotected
            .unwrap()
            .to_string()
            .ends_with("gc-socket/socket")
    );
}

#[test]
fn a_collector_that_accepts_nobody_is_not_waited_for_without_end() {
    let world = World::new();
    let path = world.build("a");
    let lock = std::fs::File::create(world.root.join("state/gc.lock")).unwrap();
    rustix::fs::flock(&lock, FlockOperation::LockExclusive).unwrap();
    std::fs::create_dir_all(world.root.join("state/gc-socket")).unwrap();
    let socket = world.root.join("state/gc-socket/socket");
    let _frozen = UnixListener::bind(&socket).unwrap();
    let timeout = Duration::from_millis(20);
    let collector = world.collector.clone().with_answer_timeout(timeout);
    // Far more than any backlog: without a timeout the last ones would hang.
    let mut waiting = Vec::new();
    loop {
        let mut set = rustix::net::socket_with(
            rustix::net::AddressFamily::UNIX,
            rustix::net::SocketType::STREAM,
            rustix::net::SocketFlags::NONBLOCK,
            None,
        )
        .unwrap();
        let address = rustix::net::SocketAddrUnix::new(socket.as_str()).unwrap();
        if rustix::net::connect(&mut set, &address).is_err() {
            break;
        }
        waiting.push(set);
    }
    let report = enqueue(&[world.queue()], &collector, &world.store, &[path]);
    let error = report.unprotected.unwrap().chain();
    assert!(error.ends_with("it did not answer within 20ms"), "{error}");
    assert_eq!(report.queues[0].added.len(), 1);
}

#[test]
fn a_collector_that_is_slow_for_each_of_many_paths_is_not_waited_for_without_end() {
    let world = World::new();
    let paths = ["a", "b", "c"].map(|name| world.build(name));
    let (_lock, told) = collector(&world, b"1");
    let impatient = world.collector.clone().with_total_timeout(Duration::ZERO);
    let report = enqueue(&[world.queue()], &impatient, &world.store, &paths);
    let error = report.unprotected.unwrap().chain();
    assert!(
        error.ends_with("it did not answer for all paths within 0s"),
        "{error}"
    );
    assert_eq!(report.queues[0].added.len(), 3);
    assert_eq!(told.join().unwrap(), "", "nothing is told any more");
}

#[test]
fn a_collector_that_holds_the_lock_and_does_not_listen_yet_will_find_the_roots() {
    let world = World::new();
    let path = world.build("a");
    let lock = std::fs::File::create(world.root.join("state/gc.lock")).unwrap();
    rustix::fs::flock(&lock, FlockOperation::LockExclusive).unwrap();
    let report = world.enqueue(&[path]);
    assert!(
        report.unprotected.is_none() && report.queues[0].added.len() == 1,
        "{report:?}"
    );
}

#[test]
fn what_a_collector_took_before_it_was_told_is_not_called_queued() {
    let world = World::new();
    let path = world.build("a");
    struct Faster<'a>(&'a World, StorePath);
    impl GarbageCollector for Faster<'_> {
        fn enter(&self) -> Result<Box<dyn GcSection + '_>, PortError> {
            Ok(Box::new(Faster(self.0, self.1.clone())))
        }
    }
    impl GcSection for Faster<'_> {
        fn protect(&self, _: &[StorePath]) -> Result<Protection, PortError> {
            self.0.collect(&self.1);
            Ok(Protection::LookAgain)
        }
    }
    let faster = Faster(&world, path.clone());
    let report = enqueue(
        &[world.queue()],
        &faster,
        &world.store,
        std::slice::from_ref(&path),
    );
    assert_eq!(
        (report.queues[0].added.len(), &report.queues[0].absent),
        (0, &vec![path])
    );
    assert!(names(&world.push().uploaded).is_empty() && world.queued().is_empty());
}

#[test]
fn removing_takes_entry_and_root() {
    let world = World::new();
    let paths = world.build_and_enqueue(&["a", "b"]);
    let report = remove(world.queue(), &paths[..1]);
    assert_eq!(report.removed, paths[..1]);
    assert_eq!((world.queued().len(), world.auto().len()), (1, 1));
    assert_eq!(remove(world.queue(), &paths[..1]).absent, paths[..1]);
}

/// A store of which nothing can be seen.
struct Unseen;

impl StoreFiles for Unseen {
    fn is_present(&self, path: &StorePath) -> Result<bool, PortError> {
        let error = PortError::new("look at", path, "permission denied");
        Err(error.with_hint("run it as root"))
    }
}

#[test]
fn a_path_that_cannot_be_looked_at_is_told_with_its_hint_for_each_queue() {
    let (one, other) = (World::new(), World::new());
    let paths = [one.build("a")];
    let queues = [one.queue(), other.queue()];
    let report = enqueue(&queues, &one.collector, &Unseen, &paths);
    for queue in &report.queues {
        let [(path, error)] = &queue.failed[..] else {
            panic!("{queue:?}");
        };
        assert_eq!((path, error.hint()), (&paths[0], Some("run it as root")));
        assert!(error.chain().contains("permission denied"), "{error:?}");
    }
}
