//! What a garbage collector that runs gets to see of us. It may crash when a
//! connection ends at once (see `LocalGc`).

#![allow(clippy::unwrap_used)]

mod support;

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use queue_core::{GarbageCollector, LocalGc};
use rustix::fs::FlockOperation;
use support::World;

const LONG: Duration = Duration::from_secs(600);
const SHORT: Duration = Duration::from_millis(300);

/// What a collector sees of its clients, which it numbers.
#[derive(Debug, PartialEq, Eq)]
enum Seen {
    Named(usize, String),
    Ended(usize),
}

/// Holds the lock, listens, and answers everybody, as Nix's collector does after
/// its search for roots.
struct Collector {
    _lock: File,
    listener: UnixListener,
}

impl Collector {
    fn start(world: &World) -> Self {
        let lock = File::create(world.root.join("state/gc.lock")).unwrap();
        rustix::fs::flock(&lock, FlockOperation::LockExclusive).unwrap();
        let socket = world.root.join("state/gc-socket/socket");
        fs::create_dir_all(socket.parent().unwrap()).unwrap();
        let _ = fs::remove_file(&socket);
        Self {
            _lock: lock,
            listener: UnixListener::bind(socket).unwrap(),
        }
    }

    /// Serves all that come from now on, until this process ends.
    fn serve(self) -> Receiver<Seen> {
        let (seen, receiver) = channel();
        thread::spawn(move || {
            let Self { _lock, listener } = self;
            for (number, client) in listener.incoming().enumerate() {
                let (client, seen) = (client.unwrap(), seen.clone());
                thread::spawn(move || {
                    answer(&client, |path| drop(seen.send(Seen::Named(number, path))));
                    drop(seen.send(Seen::Ended(number)));
                });
            }
        });
        receiver
    }

    /// Serves one client, for one path, and ends.
    fn serve_one_path(self) {
        let (client, _) = self.listener.accept().unwrap();
        BufReader::new(&client)
            .read_line(&mut String::new())
            .unwrap();
        (&client).write_all(b"1").unwrap();
    }
}

/// Until the client goes.
fn answer(mut client: &UnixStream, mut named: impl FnMut(String)) {
    for line in BufReader::new(client).lines() {
        named(line.unwrap());
        if client.write_all(b"1").is_err() {
            return;
        }
    }
}

fn next(seen: &Receiver<Seen>) -> Seen {
    seen.recv_timeout(LONG / 10).unwrap()
}

fn told_by(world: &World, collector: &LocalGc, name: &str) -> String {
    let path = world.build(name);
    let report = queue_core::enqueue(
        &[world.queue()],
        collector,
        &world.store,
        std::slice::from_ref(&path),
    );
    assert!(report.unprotected.is_none(), "{report:?}");
    assert_eq!(report.queues[0].added, std::slice::from_ref(&path));
    world.store.join(&path).into_string()
}

#[test]
fn no_collector_gets_the_lock_while_anybody_is_in_a_section() {
    let world = World::new();
    let own = LocalGc::new(&world.root.join("state"), &world.store);
    let lock = File::create(world.root.join("state/gc.lock")).unwrap();
    let exclusive = || rustix::fs::flock(&lock, FlockOperation::NonBlockingLockExclusive);
    let (first, second) = (own.enter().unwrap(), world.collector.enter().unwrap());
    assert!(exclusive().is_err());
    drop(first);
    assert!(exclusive().is_err(), "somebody is left");
    drop(second);
    exclusive().unwrap();
}

#[test]
fn all_that_one_process_enqueues_is_named_on_one_connection() {
    let world = World::new();
    let seen = Collector::start(&world).serve();
    let (one, other) = (world.collector.clone(), world.collector.clone());
    for (collector, name) in [(&one, "a"), (&other, "b"), (&one, "c")] {
        let path = told_by(&world, collector, name);
        assert_eq!(next(&seen), Seen::Named(0, path));
    }
    drop((one, other));
    assert!(
        seen.try_recv().is_err(),
        "it is kept for as long as anybody may use it"
    );
    drop(world);
    assert_eq!(next(&seen), Seen::Ended(0));
}

#[test]
fn a_connection_stays_open_for_a_while_after_the_answer() {
    let world = World::new();
    let seen = Collector::start(&world).serve();
    let own = LocalGc::new(&world.root.join("state"), &world.store).with_open_time(SHORT);
    let begun = Instant::now();
    let path = told_by(&world, &own, "a");
    drop(own);
    assert!(begun.elapsed() >= SHORT);
    assert_eq!(next(&seen), Seen::Named(0, path));
    assert_eq!(next(&seen), Seen::Ended(0));
}

#[test]
fn a_collector_that_has_ended_is_not_waited_for() {
    let world = World::new();
    let own = LocalGc::new(&world.root.join("state"), &world.store).with_open_time(LONG);
    let collector = Collector::start(&world);
    let ended = thread::spawn(|| collector.serve_one_path());
    told_by(&world, &own, "a");
    ended.join().unwrap();
    let begun = Instant::now();
    drop(own);
    assert!(begun.elapsed() < LONG / 2);
}

#[test]
fn the_next_collector_is_told_although_the_connection_to_the_last_one_was_kept() {
    let world = World::new();
    let collector = Collector::start(&world);
    let ended = thread::spawn(|| collector.serve_one_path());
    told_by(&world, &world.collector, "a");
    ended.join().unwrap();
    let seen = Collector::start(&world).serve();
    let path = told_by(&world, &world.collector, "b");
    assert_eq!(next(&seen), Seen::Named(0, path));
}

#[test]
fn when_the_last_collector_has_ended_and_none_follows_the_roots_are_enough() {
    let world = World::new();
    let collector = Collector::start(&world);
    let ended = thread::spawn(|| {
        let lock = collector._lock.try_clone().unwrap();
        collector.serve_one_path();
        lock
    });
    told_by(&world, &world.collector, "a");
    // Held by a collector that does not listen yet.
    let _lock = ended.join().unwrap();
    told_by(&world, &world.collector, "b");
}

#[test]
fn whoever_has_nothing_to_name_does_not_connect() {
    let world = World::new();
    let collector = Collector::start(&world);
    let absent = support::path("absent");
    let report = world.enqueue(&[absent]);
    assert!(report.unprotected.is_none(), "{report:?}");
    collector.listener.set_nonblocking(true).unwrap();
    let error = collector.listener.accept().unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock);
}

#[test]
fn with_no_time_for_an_answer_it_is_still_known_that_nobody_listens() {
    let world = World::new();
    // Held by a collector that does not listen yet.
    let lock = File::create(world.root.join("state/gc.lock")).unwrap();
    rustix::fs::flock(&lock, FlockOperation::LockExclusive).unwrap();
    let own = || LocalGc::new(&world.root.join("state"), &world.store);
    told_by(&world, &own().with_answer_timeout(Duration::ZERO), "a");
    told_by(&world, &own().with_total_timeout(Duration::ZERO), "b");
    told_by(&world, &own().with_deadline(Instant::now()), "c");
}

/// What is said of a collector that answers nothing to who names it two paths, one after the other.
fn unheard(world: &World, collector: &LocalGc) -> [String; 2] {
    ["a", "b"].map(|name| {
        let path = world.build(name);
        let report = queue_core::enqueue(&[world.queue()], collector, &world.store, &[path]);
        assert!(report.queues[0].failed.is_empty(), "{report:?}");
        report.unprotected.unwrap().chain()
    })
}

#[test]
fn after_the_deadline_no_answer_is_waited_for() {
    let world = World::new();
    let _frozen = Collector::start(&world);
    let own = LocalGc::new(&world.root.join("state"), &world.store)
        .with_answer_timeout(LONG)
        .with_total_timeout(LONG);
    let begun = Instant::now();
    let soon = unheard(&world, &own.clone().with_deadline(begun + SHORT));
    assert!(begun.elapsed() < LONG / 2);
    assert!(soon.iter().all(|why| why.contains("it did not answer ")));
    for why in unheard(&world, &own.clone().with_deadline(Instant::now())) {
        let all = "it did not answer for all paths within 0s";
        assert!(why.ends_with(all), "{why}");
    }
    for why in unheard(&world, &own.with_answer_timeout(Duration::ZERO)) {
        assert!(why.ends_with("it did not answer within 0s"), "{why}");
    }
}

#[test]
fn a_connection_that_had_no_time_for_an_answer_stays_open_for_a_while_all_the_same() {
    let world = World::new();
    let seen = Collector::start(&world).serve();
    let own = LocalGc::new(&world.root.join("state"), &world.store)
        .with_deadline(Instant::now())
        .with_open_time(SHORT);
    let begun = Instant::now();
    unheard(&world, &own);
    assert!(begun.elapsed() >= SHORT * 2);
    for number in [0, 1] {
        assert_eq!(next(&seen), Seen::Ended(number));
    }
}

#[test]
fn only_a_state_directory_that_is_not_there_is_asked_about() {
    use queue_core::GarbageCollector;

    let world = World::new();
    let lock = world.root.join("state/gc.lock");
    let _ = fs::remove_file(&lock);
    fs::create_dir(&lock).unwrap();
    let collector = |state: &str| LocalGc::new(&world.root.join(state), &world.store);
    assert_eq!(hint(&collector("state")), None);
    assert!(
        hint(&collector("elsewhere"))
            .unwrap()
            .contains("state directory")
    );

    fn hint(collector: &LocalGc) -> Option<String> {
        let error = collector.enter().err().unwrap();
        error.hint().map(str::to_owned)
    }
}
