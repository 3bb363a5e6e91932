//! Queues that are drained at the same time: none ends before the others.

use super::*;

/// Two queues, and a file that makes the destination of the second one answer.
fn alive_and_slow(retry_delay: &str) -> World {
    let mut world = world(&format!(
        "case \"$*\" in *slow*) [ -e {{}}/up ] || {{ {DOWN}; }};; esac"
    ));
    world.unset("NIX_POST_BUILD_PUSH_QUEUE_DIR");
    world.unset("NIX_POST_BUILD_PUSH_DESTINATION");
    let file = world.write(
        "config.toml",
        &format!(
            "[queues.alive]\nqueue-dir = \"{{}}/alive\"\ndestination = \"ssh://alive\"\n\
             [queues.slow]\nqueue-dir = \"{{}}/slow\"\ndestination = \"ssh://slow\"\n\
             retry-delay = \"{retry_delay}\"\n"
        ),
    );
    world.set("NIX_POST_BUILD_PUSH_CONFIG_FILE", file.as_str());
    world
}

fn queued_in(world: &World, queue: &str) -> usize {
    let listed = world.run(&["list", "--queue", queue]).ok();
    listed.lines().count()
}

fn wait_until_slow_has_failed(world: &World) {
    wait_until("the first failure", || {
        let status = world.run(&["status", "--queue", "slow", "--json"]).json();
        !status[0]["destination_failure"].is_null()
    });
}

#[test]
fn what_is_enqueued_in_a_queue_that_is_done_goes_as_long_as_another_one_is_not() {
    let world = alive_and_slow("3s");
    enqueue(&world, "a");
    let child = world
        .command(&["push", "--until-empty", "--deadline", "1m"])
        .spawn()
        .unwrap();
    wait_until("the queue that is alive", || {
        queued_in(&world, "alive") == 0
    });
    wait_until_slow_has_failed(&world);
    enqueue(&world, "b");
    // At once, while the other one waits.
    wait_until("what came", || queued_in(&world, "alive") == 0);
    enqueue(&world, "c");
    world.write("up", "");
    let output = child.wait_with_output().unwrap();
    let (stdout, stderr) = (
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    );
    assert_eq!(output.status.code(), Some(0), "{stderr}");
    for line in [
        "alive: 3 copied to ssh://alive, nothing is left\n",
        "slow: 3 copied to ssh://slow, nothing is left\n",
    ] {
        assert!(stdout.contains(line), "{stdout}");
    }
    assert_eq!(
        (queued_in(&world, "alive"), queued_in(&world, "slow")),
        (0, 0)
    );
}

#[test]
fn a_queue_that_is_done_goes_on_beside_one_that_is_dead_until_the_deadline() {
    let world = alive_and_slow("2s");
    // The queue that is alive is not there yet.
    world
        .run(&["enqueue", "--queue", "slow", &world.object("a")])
        .ok();
    let child = world
        .command(&["push", "--until-empty", "--deadline", "8s"])
        .spawn()
        .unwrap();
    wait_until_slow_has_failed(&world);
    enqueue(&world, "b");
    let output = child.wait_with_output().unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(69));
    for line in [
        "alive: 1 copied to ssh://alive, nothing is left\n",
        "slow: 0 copied to ssh://slow, 2 left: 2 ready\n",
    ] {
        assert!(stdout.contains(line), "{stdout}");
    }
}

/// What could not be remembered would be due again at once.
#[test]
fn a_queue_with_a_problem_is_tried_no_longer_and_what_came_since_is_told_as_left() {
    let world = alive_and_slow("3s");
    enqueue(&world, "a");
    let ledger = world.root.join("alive/.push/ledger.toml");
    std::fs::create_dir_all(&ledger).unwrap();
    let child = world
        .command(&["push", "--until-empty", "--deadline", "1m"])
        .spawn()
        .unwrap();
    let gone = world.root.join("alive/11111111111111111111111111111111-a");
    wait_until("the queue with a problem", || !gone.is_symlink());
    wait_until_slow_has_failed(&world);
    enqueue(&world, "b");
    world.write("up", "");
    let output = child.wait_with_output().unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(75));
    for line in [
        "alive: 1 copied to ssh://alive, 1 left: 1 ready\n",
        "slow: 2 copied to ssh://slow, nothing is left\n",
    ] {
        assert!(stdout.contains(line), "{stdout}");
    }
}

#[test]
fn queues_that_wait_for_each_other_end_as_soon_as_all_are_done() {
    let world = alive_and_slow("1h");
    world.write("up", "");
    enqueue(&world, "a");
    let begun = Instant::now();
    world.run(&["push", "--until-empty"]).ok();
    assert!(begun.elapsed() < LONG);
    assert_eq!(calls(&world).len(), 2);
}
