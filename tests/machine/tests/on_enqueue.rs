//! `pushOnEnqueue`: a push begins soon after something was queued.

use std::time::Instant;

use machine_tests::Machine;
use system_tests::{expr, wait_until};

const QUEUE: &str = "/var/lib/nix-post-build-push/main";
const PUSH: &str = "nix-post-build-push-main.service";

/// The timer never comes: what is pushed is pushed because of the path unit.
fn configure(machine: &Machine, account: &str, destination: &str) {
    machine.configure(&format!(
        r#"{{
          services.nix-post-build-push.queues.main = {{
            destination = "{destination}";
            user = "{account}";
            group = "{account}";
            sshKeyFile = "/etc/secrets/key";
            interval = "1 day";
            pushOnEnqueue = true;
            pushOnEnqueueDelay = "1s";
          }};
        }}"#
    ));
}

#[test]
fn a_burst_of_builds_is_pushed_without_the_timer_and_by_few_pushes() {
    let machine = Machine::boot();
    machine.accept_ssh("receiver", "/etc/secrets/key", &["cache.example.org"]);
    configure(&machine, "root", "file:///srv/cache");
    let begin = Instant::now();
    let built = machine.build(&expr::independent(20));
    wait_until("the push", || machine.queued(QUEUE).is_empty());
    machine.wait_for_rest();
    // However slow the builds are, before each push lies a second in which paths are gathered.
    let (starts, seconds) = (machine.starts(PUSH), begin.elapsed().as_secs());
    assert!(starts as u64 <= seconds, "{starts} pushes in {seconds} s");
    assert_eq!(machine.valid_in("file:///srv/cache", &built), built);
}

#[test]
fn what_is_queued_while_a_push_runs_is_pushed_without_a_further_event() {
    let machine = Machine::boot();
    machine.accept_ssh("receiver", "/etc/secrets/key", &["cache.example.org"]);
    machine.hold_ssh("receiver");
    configure(
        &machine,
        "root",
        "ssh://receiver@cache.example.org?remote-store=/srv/remote",
    );
    let first = machine.build(&expr::file("first", "1"));
    machine.wait_for_held_ssh();
    let second = machine.build(&expr::file("second", "2"));
    assert_eq!(machine.queued(QUEUE), &first | &second);
    machine.release_ssh();
    wait_until("both to arrive", || machine.queued(QUEUE).is_empty());
    assert_eq!(machine.valid_in("/srv/remote", &second), second);
}

#[test]
fn a_destination_that_fails_makes_for_one_push_for_each_event_and_no_more() {
    let machine = Machine::boot();
    machine.accept_ssh("receiver", "/etc/secrets/key", &["cache.example.org"]);
    machine.sh("systemctl stop ssh.service");
    configure(
        &machine,
        "pusher",
        "ssh://receiver@cache.example.org?remote-store=/srv/remote",
    );
    let events = 4;
    for event in 1..=events {
        let before = machine.starts(PUSH);
        machine.build(&expr::file(&format!("path-{event}"), "hello"));
        machine.wait_for_start(PUSH, before);
        machine.wait_for_rest();
    }
    assert_eq!(machine.queued(QUEUE).len(), events);
    // A push that started itself anew would have done so several times. The one too many is due to
    // the first push, which makes a directory of its own in the queue directory.
    let starts = machine.starts(PUSH);
    assert!(starts <= events + 1, "{starts} pushes");
    assert_eq!(
        machine.property("nix-post-build-push-main.path", "ActiveState"),
        "active"
    );
}
