//! `status`: what it says of queues in all sorts of states, to people, to programs, and as a check.

#![allow(clippy::unwrap_used, unreachable_pub)]

mod common;
#[path = "status/described.rs"]
mod described;
#[path = "status/metrics.rs"]
mod metrics;
#[path = "status/misconfigured.rs"]
mod misconfigured;
#[path = "status/states.rs"]
mod states;
#[path = "status/watch.rs"]
mod watch;

use common::World;
use states::{STATES, world_of};

#[test]
fn the_most_urgent_queue_comes_first_and_each_headline_says_how_it_is() {
    let world = world_of(&["empty", "ready", "parked", "old", "closed"]);
    let text = world.run(&["status"]).needs_a_look();
    let headlines: Vec<_> = text
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with(' '))
        .collect();
    assert_eq!(
        headlines,
        [
            "5 queues: 1 broken, 2 need a look, 2 ok",
            "closed: broken",
            "parked: needs a look",
            "old: needs a look",
            "ready: ok",
            "empty: ok",
        ]
    );
}

#[test]
fn each_reason_comes_with_the_command_that_mends_it() {
    for (queue, reason, command) in [
        (
            "parked",
            "1 parked: ",
            "`nix-post-build-push retry --all --queue parked`",
        ),
        (
            "old",
            "the oldest entry has waited for ",
            "`nix-post-build-push push --queue old`",
        ),
        (
            "silent",
            "the destination has not answered for ",
            "`nix-post-build-push push --force --queue silent`",
        ),
        (
            "closed",
            "nothing new is taken: it is full",
            "`nix-post-build-push push`",
        ),
        (
            "broken",
            "the last push could copy nothing from here: no nix",
            "`nix-post-build-push push --queue broken`",
        ),
        (
            "absent",
            "1 without a store object",
            "`nix-post-build-push push --queue absent`",
        ),
    ] {
        let text = world_of(&[queue]).run(&["status"]);
        assert_eq!(text.code, 1, "{queue}");
        let lines: Vec<_> = text.stdout.lines().collect();
        let place = lines
            .iter()
            .position(|line| line.starts_with(&format!("  ! {reason}")));
        let place = place.unwrap_or_else(|| panic!("{queue}: {}", text.stdout));
        let hint = lines[place + 1];
        assert!(
            hint.starts_with("    hint: ") && hint.contains(command),
            "{queue}: {hint}"
        );
    }
}

#[test]
fn it_serves_as_a_check_by_thresholds_that_can_be_set() {
    let world = world_of(&["parked"]);
    world.run(&["status"]).needs_a_look();
    let config = std::fs::read_to_string(world.root.join("config.toml")).unwrap();
    world.write(
        "config.toml",
        &format!("{config}[queues.parked.health]\nmax-parked = 1\n"),
    );
    assert!(world.run(&["status"]).ok().starts_with("parked: ok\n"));
    world.run(&["status", "--json"]).ok();
    world_of(&["empty", "ready", "backing-off"])
        .run(&["status"])
        .ok();
}

#[test]
fn a_queue_that_cannot_be_looked_at_hides_no_other_and_is_called_broken() {
    let world = world_of(&["ready", "unreadable"]);
    let ran = world.run(&["status"]);
    assert_eq!(ran.code, 75, "{}", ran.stdout);
    assert!(
        ran.stdout
            .contains("unreadable: broken\n  ! it cannot be looked at: "),
        "{}",
        ran.stdout
    );
    assert!(ran.stdout.contains("ready: ok\n"), "{}", ran.stdout);
    assert!(
        ran.stderr.starts_with("error: unreadable: "),
        "{}",
        ran.stderr
    );
    let ran = world.run(&["status", "--json"]);
    assert_eq!(ran.code, 75);
    let rows: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(rows[1]["reasons"][0]["kind"], "unreadable");
    assert_eq!(
        (&rows[1]["health"], &rows[1]["entries"]),
        (&"broken".into(), &serde_json::Value::Null)
    );
    // What to do about it stands there too.
    let hint = ran
        .stderr
        .lines()
        .find_map(|line| line.strip_prefix("hint: "));
    assert_eq!(rows[1]["reasons"][0]["hint"], hint.unwrap());
}

#[test]
fn when_a_push_tries_next_is_told_to_people_and_to_programs() {
    let next = |queue: &str| {
        let world = world_of(&[queue]);
        let json = world.run(&["status", "--json"]).json();
        let text = world.run(&["status"]).stdout;
        let line = text.lines().find(|line| line.contains("next try:"));
        (
            json[0]["next_try"].clone(),
            line.map(|line| line[16..].to_owned()),
        )
    };
    assert_eq!(next("empty"), (serde_json::Value::Null, None));
    let (time, told) = next("ready");
    assert!(time.is_string());
    assert_eq!(told.unwrap(), "in the next push");
    let (time, told) = next("backing-off");
    let (time, told) = (time.as_str().unwrap().to_owned(), told.unwrap());
    assert!(
        told.starts_with("in the first push in ") && told.contains(&time),
        "{told}"
    );
    let (time, told) = next("parked");
    assert!(time.is_null());
    assert!(told.unwrap().starts_with("none, until somebody asks"));
    // It is not copied, but let go.
    assert_eq!(next("absent").1.unwrap(), "in the next push");
    // Nix takes it for valid, or no copy of it could have failed.
    assert!(
        next("absent-and-failed")
            .1
            .unwrap()
            .starts_with("in the first push in ")
    );
}

#[test]
fn the_last_push_is_told_with_what_it_took_and_what_came_of_it() {
    let mut world = World::with_obedient_nix();
    world.set("PATH", "{}/bin:/usr/bin:/bin");
    world.program(
        "nix",
        "case \"$*\" in *' copy '*) sleep 0.1;; *) echo '{}';; esac",
    );
    world.run(&["enqueue", &world.object("a")]).ok();
    world.run(&["push"]).ok();
    let row = &world.run(&["status", "--json"]).json()[0];
    let last = &row["last_push"];
    assert!(last["seconds"].as_f64().unwrap() >= 0.1, "{last}");
    assert_eq!(
        (&last["end"], &last["uploaded"]),
        (&"finished".into(), &1.into())
    );
    assert!(last["began"].as_str().unwrap() <= last["ended"].as_str().unwrap());
    assert_eq!(row["totals"]["uploaded"], 1);
    let text = world.run(&["status"]).ok();
    assert!(text.contains(" s: 1 copied, 0 failed\n"), "{text}");
}

#[test]
fn a_pipe_gets_neither_colours_nor_broken_lines() {
    let names: Vec<_> = STATES.iter().map(|state| state.name).collect();
    let ran = world_of(&names).run(&["status"]);
    assert!(!ran.stdout.contains('\x1b'));
    assert!(ran.stdout.lines().any(|line| line.len() > 120));
}

#[test]
fn what_is_ready_waits_for_a_destination_that_is_not_asked() {
    let text = world_of(&["silent"]).run(&["status"]).needs_a_look();
    assert!(
        text.contains("  entries:      1 (1 waiting for the destination)\n"),
        "{text}"
    );
}

#[test]
fn a_push_that_is_at_work_is_told_of() {
    let world = world_of(&["ready"]);
    let status = || world.run(&["status", "--json"]).json()[0]["at_work"].clone();
    let gauge = |value| format!("nix_post_build_push_push_running{{queue=\"ready\"}} {value}\n");
    let metrics = || world.run(&["status", "--openmetrics"]).stdout;
    assert!(status().is_null());
    let room = world.root.join("queues/ready/.push");
    std::fs::create_dir_all(&room).unwrap();
    let lock = std::fs::File::create(room.join("lock")).unwrap();
    assert!(status().is_null() && metrics().contains(&gauge(0)));
    lock.lock().unwrap();
    let pid = std::process::id();
    let told = status();
    assert_eq!(told["pid"], pid);
    assert!(told["since"].is_string(), "{told}");
    assert!(metrics().contains(&gauge(1)));
    let text = world.run(&["status"]).ok();
    let line = format!("  at work:      a push, process {pid}, for ");
    assert!(text.contains(&line), "{text}");
    drop(lock);
    assert!(!world.run(&["status"]).ok().contains("at work:"));
}

#[test]
fn the_text_tells_of_the_oldest_entry_of_roots_and_of_the_last_success() {
    let world = world_of(&["ready", "pushed"]);
    let roots = world.root.join("state/gcroots/auto");
    for root in std::fs::read_dir(&roots).unwrap() {
        std::fs::remove_file(root.unwrap().path()).unwrap();
    }
    let text = world.run(&["status", "--queue", "ready"]).ok();
    assert!(text.contains("\n  oldest:       "), "{text}");
    assert!(text.contains("(1 ready, 1 without a root)\n"), "{text}");
    assert!(!text.contains("last success:"), "{text}");
    let text = world.run(&["status", "--queue", "pushed"]).ok();
    assert!(text.contains("\n  last success: 9 minutes ago ("), "{text}");
}

#[test]
fn an_entry_of_a_time_to_come_says_that_the_clock_was_set() {
    let text = world_of(&["early"]).run(&["status"]).ok();
    let line = text.lines().find(|line| line.contains("oldest:")).unwrap();
    assert!(
        line.contains("in 23 hours (") && line.ends_with("): the clock was set back"),
        "{line}"
    );
}

#[test]
fn what_is_parked_comes_before_what_is_tried_again() {
    let row = &world_of(&["two-failures"])
        .run(&["status", "--json"])
        .json()[0];
    let parked = |at: usize| !row["failures"][at]["parked_since"].is_null();
    assert!(parked(0) && !parked(1), "{row}");
}
