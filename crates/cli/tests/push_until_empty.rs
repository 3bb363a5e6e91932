//! push --until-empty, with programs in the place of Nix.

#![allow(clippy::unwrap_used)]

mod common;
#[path = "push_until_empty/together.rs"]
mod together;

use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Output};
use std::time::{Duration, Instant};

use common::{Ran, World, make_fifo};
use figures::figure;
use rustix::process::{Pid, Signal, kill_process};

const DOWN: &str = "echo \"error: cannot connect to 'there': Connection refused\" >&2; exit 1";

/// Long, for a wait that ends on time.
const LONG: Duration = Duration::from_secs(40);

/// Its Nix writes down when it is called, and then runs this script.
fn world(script: &str) -> World {
    let mut world = World::new();
    world.program("nix", &format!("/bin/date +%s.%N >> {{}}/called\n{script}"));
    world.program("nix-store", "exit 0");
    world.set("NIX_POST_BUILD_PUSH_DESTINATION", "ssh://there");
    world
}

/// When Nix was called, in seconds.
fn calls(world: &World) -> Vec<f64> {
    let text = std::fs::read_to_string(world.root.join("called")).unwrap_or_default();
    text.lines().map(|line| line.parse().unwrap()).collect()
}

fn enqueue(world: &World, name: &str) {
    world.run(&["enqueue", &world.object(name)]).ok();
}

fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !condition() {
        assert!(begun.elapsed() < LONG, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn queued(world: &World) -> usize {
    world.run(&["list"]).ok().lines().count()
}

fn stop(child: Child) -> Output {
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    child.wait_with_output().unwrap()
}

#[test]
fn an_empty_queue_ends_it_with_nothing_left() {
    let world = world("exit 0");
    assert_eq!(
        world.run(&["push", "--until-empty"]).ok(),
        "default: nothing is queued\n"
    );
    enqueue(&world, "a");
    enqueue(&world, "b");
    assert_eq!(
        world.run(&["push", "--until-empty"]).ok(),
        "default: 2 copied to ssh://there, nothing is left\n"
    );
    assert_eq!(calls(&world).len(), 1);
    let row = &world.run(&["push", "--until-empty", "--json"]).json()[0];
    assert_eq!(
        (&row["outcome"], &row["next_try"]),
        (&"finished".into(), &serde_json::Value::Null)
    );
}

#[test]
fn what_does_not_go_with_it_is_refused_with_the_reason() {
    let mut world = world("exit 0");
    let object = world.object("a");
    let paths: &[&str] = &["push", "--until-empty", "--", &object];
    let refused = world.run(paths).fails(2);
    assert!(
        refused.contains("does not go with given paths"),
        "{refused}"
    );
    assert!(refused.contains("hint: `enqueue` them first"), "{refused}");
    let refused = world.run(&["push", "--until-empty", "--dry-run"]).fails(2);
    assert!(refused.contains("does not go with --dry-run"), "{refused}");
    world.run(&["push", "--deadline", "1m"]).fails(2);
    let refused = world.run(&["push", "--until-empty", "--deadline", "soon"]);
    assert!(refused.fails(2).contains("--deadline"));
    world.set("OUT_PATHS", &object);
    world.run(&["perform-upload", "--until-empty"]).fails(2);
    assert_eq!(calls(&world).len(), 0);
}

#[test]
fn a_destination_that_comes_back_is_asked_again_when_it_is_its_turn_and_not_before() {
    let mut world = world(&format!(
        "[ -e {{}}/up ] && exit 0; echo x > {{}}/up; {DOWN}"
    ));
    world.set("NIX_POST_BUILD_PUSH_RETRY_DELAY", "4s");
    enqueue(&world, "a");
    let ran = world.run(&["push", "--until-empty", "--deadline", "1m"]);
    assert_eq!(
        (ran.code, ran.stdout.as_str()),
        (0, "default: 1 copied to ssh://there, nothing is left\n"),
        "{}",
        ran.stderr
    );
    assert!(
        ran.stderr.contains("all is kept; it is asked again in 3s"),
        "{}",
        ran.stderr
    );
    let [first, second] = calls(&world).try_into().unwrap();
    // 80 % of the delay at least; the ledger keeps whole seconds, which takes up to one off.
    let waited: f64 = second - first;
    assert!(waited > 2.0 && waited < 15.0, "{waited} s");
    figure(
        "a wait of 3.2 s to 4 s for a destination took",
        format_args!("{waited:.2} s"),
    );
}

#[test]
fn what_is_parked_is_not_waited_for_and_is_left() {
    let mut world = world("echo \"error: path 'x' is not valid\" >&2; exit 1");
    world.set("NIX_POST_BUILD_PUSH_MAX_ATTEMPTS", "1");
    enqueue(&world, "bad");
    let ran = world.run(&["push", "--until-empty"]);
    assert_eq!(
        (ran.code, ran.stdout.as_str()),
        (75, "default: 0 copied to ssh://there, 1 left: 1 parked\n")
    );
    assert!(
        ran.stderr.contains("error: default: 1 left: 1 parked")
            && ran.stderr.contains("`status --queue default` says more"),
        "{}",
        ran.stderr
    );
    let called = calls(&world).len();
    world.run(&["push", "--until-empty"]).fails(75);
    assert_eq!(calls(&world).len(), called, "and not tried again");
}

#[test]
fn what_was_gone_before_it_could_be_delivered_counts_as_not_delivered() {
    let world = world("exit 0");
    world.program("nix-store", "for last; do :; done; echo \"$last\"");
    enqueue(&world, "a");
    let gone = world.object("gone");
    world.run(&["enqueue", &gone]).ok();
    std::fs::remove_dir(&gone).unwrap();
    let ran = world.run(&["push", "--until-empty"]);
    assert_eq!(
        (ran.code, ran.stdout.as_str()),
        (
            75,
            "default: 1 copied to ssh://there, 1 no longer valid, nothing is left\n"
        ),
        "{}",
        ran.stderr
    );
    world.run(&["push", "--until-empty"]).ok();
}

#[test]
fn the_deadline_ends_a_copy_that_is_under_way_and_keeps_what_is_not_confirmed() {
    let world = world("exec /bin/sleep 600");
    enqueue(&world, "a");
    let begun = Instant::now();
    let ran = world.run(&["push", "--until-empty", "--deadline", "1s", "--json"]);
    assert!(begun.elapsed() < LONG);
    assert_eq!(ran.code, 75, "{}", ran.stderr);
    assert!(
        ran.stderr
            .contains("default: 1 left: 1 ready when the time was over"),
        "{}",
        ran.stderr
    );
    let rows: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(
        (&rows[0]["outcome"], &rows[0]["left"]),
        (&"out-of-time".into(), &1.into())
    );
    assert_eq!(queued(&world), 1);
    let attempts = &world.run(&["list", "--json"]).json()[0]["attempts"];
    assert_eq!(attempts, 0, "nobody is blamed");
}

#[test]
fn a_wait_that_does_not_fit_is_not_begun_and_the_exit_code_tells_why() {
    let mut world = world(DOWN);
    world.set("NIX_POST_BUILD_PUSH_RETRY_DELAY", "1h");
    enqueue(&world, "a");
    let begun = Instant::now();
    let ran = world.run(&["push", "--until-empty", "--deadline", "10m"]);
    assert!(begun.elapsed() < LONG);
    let stderr = ran.fails(69);
    assert!(stderr.contains("ssh://there is unavailable"), "{stderr}");
    assert!(stderr.contains("hint: a push after 2"), "{stderr}");
    let why = "1 left: 1 ready; the next try does not fit into what is left of the time";
    assert!(stderr.contains(why), "{stderr}");
    assert!(!stderr.contains("time was over"), "{stderr}");
    assert_eq!(queued(&world), 1);
}

#[test]
fn a_dead_destination_is_the_reason_also_where_the_deadline_ends_its_last_try() {
    for remembered in [true, false] {
        let mut world = world(&format!(
            "[ -e {{}}/tried ] && exec /bin/sleep 600; echo x > {{}}/tried; {DOWN}"
        ));
        world.set("NIX_POST_BUILD_PUSH_RETRY_DELAY", "1s");
        enqueue(&world, "a");
        if !remembered {
            // No ledger can be read or written.
            std::fs::create_dir_all(world.root.join("queue/.push/ledger.toml")).unwrap();
        }
        let ran = world.run(&["push", "--until-empty", "--deadline", "4s", "--json"]);
        assert_eq!(ran.code, 69, "{}", ran.stderr);
        let cause = "cannot connect to 'there': Connection refused";
        let row: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
        assert_eq!(row[0]["outcome"], "out-of-time");
        assert!(row[0]["error"].as_str().unwrap().contains(cause), "{row}");
        let (_, end) = ran.stderr.split_once("when the time was over").unwrap();
        assert!(end.contains("caused by: ") && end.contains(cause), "{end}");
        if !remembered {
            std::fs::remove_file(world.root.join("tried")).unwrap();
            let plain = world.run(&["push"]);
            assert_eq!(plain.code, 69, "as a plain push: {}", plain.stderr);
        }
    }
}

#[test]
fn one_dead_destination_holds_back_no_other_queue() {
    let mut world = world(&format!("case \"$*\" in *dead*) {DOWN};; esac"));
    world.unset("NIX_POST_BUILD_PUSH_QUEUE_DIR");
    world.unset("NIX_POST_BUILD_PUSH_DESTINATION");
    let file = world.write(
        "config.toml",
        "[queues.a]\nqueue-dir = \"{}/a\"\ndestination = \"ssh://dead\"\nretry-delay = \"1h\"\n\
         [queues.b]\nqueue-dir = \"{}/b\"\ndestination = \"ssh://alive\"\n",
    );
    world.set("NIX_POST_BUILD_PUSH_CONFIG_FILE", file.as_str());
    enqueue(&world, "x");
    let child = world.command(&["push", "--until-empty"]).spawn().unwrap();
    let queue = |name| world.run(&["list", "--queue", name]).ok().lines().count();
    wait_until("the queue that is alive", || queue("b") == 0);
    wait_until("the other to fail", || {
        let status = world.run(&["status", "--queue", "a", "--json"]).json();
        !status[0]["destination_failure"].is_null()
    });
    // What comes while it waits goes too.
    enqueue(&world, "y");
    let output = stop(child);
    assert_eq!((queue("a"), output.status.signal()), (2, Some(15)));
}

#[test]
fn what_is_enqueued_while_it_waits_goes_without_waiting() {
    let mut world = world(
        "case \"$*\" in *bad*) echo \"error: path 'x' is not valid\" >&2; exit 1;; esac; echo '{}'",
    );
    world.set("NIX_POST_BUILD_PUSH_RETRY_DELAY", "1h");
    enqueue(&world, "bad");
    let child = world.command(&["push", "--until-empty"]).spawn().unwrap();
    let state = || world.run(&["list", "--json"]).json()[0]["state"].clone();
    wait_until("the failure", || state() == "backing-off");
    for name in ["good", "fine"] {
        enqueue(&world, name);
        wait_until("what came", || queued(&world) == 1);
    }
    let output = stop(child);
    assert_eq!(output.status.signal(), Some(15));
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert_eq!(
        stdout,
        "default: 2 copied to ssh://there, 1 left: 1 backing off\n"
    );
}

#[test]
fn another_push_is_waited_for_and_then_it_goes_on() {
    let world = world("case \"$*\" in *first*) echo x > {}/started; read line < {}/go;; esac");
    make_fifo(&world.root.join("started"));
    make_fifo(&world.root.join("go"));
    enqueue(&world, "first");
    let first = world.command(&["push"]).spawn().unwrap();
    std::fs::read(world.root.join("started")).unwrap();
    let ran = world.run(&["push", "--until-empty", "--deadline", "1s"]);
    assert_eq!(ran.code, 75, "{}", ran.stderr);
    assert_eq!(ran.stderr.matches("another push is at work").count(), 1);
    let second = world.command(&["push", "--until-empty"]).spawn().unwrap();
    kill_process(Pid::from_child(&first), Signal::TERM).unwrap();
    assert_eq!(first.wait_with_output().unwrap().status.signal(), Some(15));
    // The first gave up its entry, the second takes it.
    std::fs::read(world.root.join("started")).unwrap();
    std::fs::write(world.root.join("go"), "go\n").unwrap();
    let output = second.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(queued(&world), 0);
}

#[test]
fn force_asks_once_and_then_waits() {
    let mut world = world(DOWN);
    world.set("NIX_POST_BUILD_PUSH_RETRY_DELAY", "1h");
    enqueue(&world, "a");
    world.run(&["push"]).fails(69);
    let before = calls(&world).len();
    let line = ["push", "--until-empty", "--force", "--deadline", "1m"];
    let Ran { code, .. } = world.run(&line);
    assert_eq!((code, calls(&world).len() - before), (69, 1));
}
