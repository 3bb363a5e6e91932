//! One push of several queues, with programs in the place of Nix.

mod common;

use std::io::{BufRead, BufReader};
use std::process::Child;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use common::{World, make_fifo};

/// Two queues with an entry each. A copy to the first one's destination says that it began and
/// then waits for a word.
fn slow_and_fast() -> World {
    let mut world = World::new();
    world.unset("NIX_POST_BUILD_PUSH_QUEUE_DIR");
    world.program(
        "nix",
        "case \"$*\" in *slow*) echo x > {}/started; read line < {}/go;; esac",
    );
    make_fifo(&world.root.join("started"));
    make_fifo(&world.root.join("go"));
    let file = world.write(
        "config.toml",
        "[queues.a]\nqueue-dir = \"{}/a\"\ndestination = \"ssh://slow\"\n\
         [queues.b]\nqueue-dir = \"{}/b\"\ndestination = \"ssh://fast\"\n",
    );
    world.set("NIX_POST_BUILD_PUSH_CONFIG_FILE", file.as_str());
    world.run(&["enqueue", &world.object("x")]).ok();
    world
}

/// The lines that a child prints, as it prints them.
fn lines(child: &mut Child) -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    let stdout = BufReader::new(child.stdout.take().expect("it is a pipe"));
    std::thread::spawn(move || {
        stdout
            .lines()
            .map_while(Result::ok)
            .try_for_each(|line| sender.send(line))
    });
    receiver
}

#[test]
fn a_destination_that_stalls_holds_back_no_other_queue() {
    let world = slow_and_fast();
    let object = world.object("x");
    for line in [&["push"][..], &["push", "--", &object]] {
        let mut child = world.command(line).spawn().unwrap();
        let told = lines(&mut child);
        // Blocks until the first queue's copy is under way.
        std::fs::read(world.root.join("started")).unwrap();
        let meanwhile = told.recv_timeout(Duration::from_secs(20));
        std::fs::write(world.root.join("go"), "go\n").unwrap();
        assert!(child.wait().unwrap().success());
        assert_eq!(
            meanwhile.as_deref(),
            Ok("b: 1 copied to ssh://fast"),
            "{line:?}"
        );
        assert_eq!(told.recv().unwrap(), "a: 1 copied to ssh://slow");
    }
}

#[test]
fn json_has_the_queues_in_their_order_however_they_end() {
    let world = slow_and_fast();
    let child = world.command(&["push", "--json"]).spawn().unwrap();
    std::fs::read(world.root.join("started")).unwrap();
    let deadline = Instant::now() + Duration::from_secs(20);
    let b_is_empty = || world.run(&["list", "--queue", "b"]).ok().is_empty();
    let mut ended = b_is_empty();
    while !ended && Instant::now() < deadline {
        ended = b_is_empty();
    }
    std::fs::write(world.root.join("go"), "go\n").unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(ended, "the second queue waited for the first");
    let rows: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&rows[0]["queue"], &rows[1]["queue"]),
        (&"a".into(), &"b".into())
    );
}

#[test]
fn queues_that_share_a_directory_hold_back_no_other() {
    let mut world = World::new();
    world.program("nix", "true");
    world.set("NIX_POST_BUILD_PUSH_DESTINATION", "file://{}/cache");
    world.unset("NIX_POST_BUILD_PUSH_QUEUE_DIR");
    let file = world.write(
        "config.toml",
        "[queues.a]\nqueue-dir = \"{}/q\"\n[queues.b]\nqueue-dir = \"{}/b\"\n\
         [queues.c]\nqueue-dir = \"{}/q\"\n",
    );
    world.set("NIX_POST_BUILD_PUSH_CONFIG_FILE", file.as_str());
    world
        .run(&["enqueue", "--queue", "b", &world.object("x")])
        .ok();
    let ran = world.run(&["push"]);
    assert_eq!(
        (ran.code, ran.stdout.as_str()),
        (78, "b: 1 copied to file://ROOT/cache\n"),
        "{}",
        ran.stderr
    );
    assert!(
        ran.stderr
            .contains("queues `a` and `c` have the same directory")
    );
}
