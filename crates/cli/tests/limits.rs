//! The limits of a queue: hook, enqueue, push, status, drop.

#![allow(clippy::unwrap_used)]

mod common;

use std::process::Command;
use std::time::{Duration, Instant};

use common::{Ran, World};
use serde_json::json;

/// A queue with these limits, and a Nix that says how large everything is.
fn world(limits: &str) -> World {
    let mut world = World::new();
    world.unset("NIX_POST_BUILD_PUSH_QUEUE_DIR");
    let text = format!(
        "[queues.main]\nqueue-dir = \"{{}}/queue\"\ndestination = \"file://{{}}/cache\"\n\
         [queues.main.limits]\n{limits}\n"
    );
    world.write("config.toml", &text);
    world.set("NIX_POST_BUILD_PUSH_CONFIG_FILE", "{}/config.toml");
    nix(&world, 1000, false);
    world
}

/// A Nix for which each path has so many bytes, and whose copies succeed or not.
fn nix(world: &World, size: u64, copies: bool) {
    let copy = if copies {
        "exit 0"
    } else {
        "echo 'error: cannot connect to h: Connection refused' >&2; exit 1"
    };
    let script = format!(
        r#"case "$*" in
        *' copy '*) {copy};;
        *--recursive*)
            list=
            for word; do case $word in {}/store/*)
                list="$list,{{\"path\":\"$word\",\"narSize\":{size},\"references\":[]}}";;
            esac; done
            echo "[${{list#,}}]";;
        *path-info*) {copy};;
        esac"#,
        world.root
    );
    world.program("nix", &script);
    world.program("nix-store", "exit 0");
}

fn enqueue(world: &World, names: &[&str]) -> Ran {
    let paths: Vec<_> = names.iter().map(|name| world.object(name)).collect();
    let words = std::iter::once("enqueue").chain(paths.iter().map(String::as_str));
    world.run(&words.collect::<Vec<_>>())
}

fn hook(world: &World, names: &[&str]) -> (i32, String) {
    let paths: Vec<_> = names.iter().map(|name| world.object(name)).collect();
    let program = env!("CARGO_BIN_EXE_nix-post-build-push-hook");
    let mut command = Command::new(program);
    let like = world.command(&[]);
    let variables = like
        .get_envs()
        .filter_map(|(name, value)| Some((name, value?)));
    command
        .env_clear()
        .envs(variables)
        .env("OUT_PATHS", paths.join(" "));
    let output = command.output().unwrap();
    assert!(output.stdout.is_empty());
    let stderr = String::from_utf8(output.stderr).unwrap();
    (
        output.status.code().unwrap(),
        stderr.replace(world.root.as_str(), "ROOT"),
    )
}

fn status(world: &World) -> serde_json::Value {
    world.run(&["status", "--json"]).json()[0].clone()
}

fn queued(world: &World) -> usize {
    world.run(&["list"]).stdout.lines().count()
}

#[test]
fn an_answer_without_the_entries_opens_no_queue() {
    let world = world("max-pinned = 1");
    enqueue(&world, &["a"]).ok();
    world.run(&["push"]).fails(69);
    let closed = world.root.join("queue/.push/closed");
    assert!(closed.exists());
    for (open, close) in [('[', ']'), ('{', '}')] {
        let refuse = "echo 'error: cannot connect to h: Connection refused' >&2; exit 1";
        let script = format!(
            "case \"$*\" in *' copy '*) {refuse};; *) printf '%s%s' '{open}' '{close}';; esac"
        );
        world.program("nix", &script);
        let stderr = world.run(&["push", "--force"]).fails(75);
        assert!(stderr.contains("not understood"), "{stderr}");
        assert!(closed.exists(), "{open}");
        let row = &world.run(&["status", "--json"]).json()[0];
        assert_eq!(row["pinned_bytes"], json!(null), "{open}");
    }
}

#[test]
fn enqueue_names_each_path_that_a_limit_refuses_and_fails() {
    let world = world("max-entries = 2");
    enqueue(&world, &["a"]).ok();
    let ran = enqueue(&world, &["b", "c", "d"]);
    assert_eq!(ran.stdout, "main: 1 enqueued\n");
    let messages = ran.fails(75);
    for name in ["-c", "-d"] {
        let line = messages.lines().find(|line| line.contains(name)).unwrap();
        assert!(line.ends_with("was not enqueued"), "{line}");
    }
    assert!(
        messages.contains("it holds as many entries as it may, 2"),
        "{messages}"
    );
    assert!(!messages.contains("-b"), "{messages}");
    assert_eq!(status(&world)["refused"]["paths"], 2);
}

#[test]
fn a_refusal_is_a_failure_of_the_hook_in_one_line() {
    let mut world = world("max-entries = 1");
    enqueue(&world, &["a"]).ok();
    let (code, said) = hook(&world, &["b", "c"]);
    assert_eq!(code, 0);
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(
        said.starts_with("error: nix-post-build-push-hook: queue main: ROOT/store/"),
        "{said}"
    );
    let end = "-b is not queued, nor 1 more: it holds as many entries as it may, 1 \
               (hint: push the queue, `drop` what is not wanted, or raise the limit)\n";
    assert!(said.ends_with(end), "{said}");
    world.set("NIX_POST_BUILD_PUSH_ON_ERROR", "fail");
    assert_eq!(hook(&world, &["b"]).0, 1);
    // What is queued already is no failure.
    assert_eq!(hook(&world, &["a"]), (0, String::new()));
}

#[test]
fn what_is_dropped_for_room_is_told_and_no_failure() {
    let mut world = world("max-entries = 1\nbeyond-max-entries = \"drop-oldest\"");
    world.set("NIX_POST_BUILD_PUSH_ON_ERROR", "fail");
    enqueue(&world, &["a"]).ok();
    let (code, said) = hook(&world, &["b"]);
    assert_eq!(code, 0, "{said}");
    assert!(
        said.starts_with("error: nix-post-build-push-hook: queue main: ROOT/store/"),
        "{said}"
    );
    assert!(
        said.ends_with("was dropped undelivered to make room\n"),
        "{said}"
    );
    let ran = enqueue(&world, &["c"]);
    assert_eq!(ran.code, 0);
    assert!(ran.stderr.starts_with("error: main: "), "{}", ran.stderr);
    assert_eq!(
        (queued(&world), status(&world)["dropped"]["paths"].as_u64()),
        (1, Some(2))
    );
}

#[test]
fn a_push_closes_a_queue_that_keeps_too_much_and_drop_opens_it() {
    let world = world("max-pinned = 2500");
    enqueue(&world, &["a", "b", "c"]).ok();
    let messages = world.run(&["push"]).fails(69);
    assert!(
        messages.contains("error: main: nothing new is queued from now on"),
        "{messages}"
    );
    let why = "it keeps 2.9 KiB of the store alive, and may keep 2.4 KiB";
    assert!(messages.contains(why), "{messages}");
    let (_, said) = hook(&world, &["d"]);
    assert!(said.contains(why), "{said}");
    let row = status(&world);
    assert_eq!((&row["closed"], &row["entries"]), (&json!(why), &json!(3)));
    let limit = json!({"limit": "max-pinned", "at_most": 2500, "used": 3000, "beyond": "refuse"});
    assert_eq!(row["limits"], json!([limit]));
    let text = world.run(&["status"]).needs_a_look();
    assert!(
        text.starts_with("main: broken\n  ! nothing new is taken: it keeps"),
        "{text}"
    );
    world.run(&["drop", "*-a"]).ok();
    assert_eq!(status(&world)["closed"], json!(null));
    enqueue(&world, &["d"]).ok();
}

#[test]
fn who_is_refused_by_a_closed_queue_reads_what_opens_it_also_after_the_limit_was_raised() {
    let world = world("max-pinned = 2500");
    enqueue(&world, &["a", "b", "c"]).ok();
    let push = world.run(&["push"]).fails(69);
    let opened_by = "`nix-post-build-push push` opens it again once it is within its limits, also \
                     after one was raised; `nix-post-build-push drop` opens it at once";
    assert!(push.contains(&format!("hint: {opened_by}\n")), "{push}");
    for limit in [2500, 9999] {
        let config = std::fs::read_to_string(world.root.join("config.toml")).unwrap();
        world.write("config.toml", &config.replace("2500", &limit.to_string()));
        let (_, said) = hook(&world, &["d"]);
        assert!(said.ends_with(&format!("(hint: {opened_by})\n")), "{said}");
        let said = enqueue(&world, &["d"]).fails(75);
        assert!(said.ends_with(&format!("hint: {opened_by}\n")), "{said}");
        let status = world.run(&["status"]).needs_a_look();
        assert!(status.contains(opened_by), "{status}");
    }
    world.run(&["push"]).fails(69);
    enqueue(&world, &["d"]).ok();
}

#[test]
fn a_push_drops_the_oldest_and_names_them() {
    let world = world("max-pinned = \"2kB\"\nbeyond-max-pinned = \"drop-oldest\"");
    enqueue(&world, &["a", "b", "c"]).ok();
    let ran = world.run(&["push", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    let dropped = json[0]["dropped"].as_array().unwrap();
    assert_eq!((dropped.len(), &json[0]["left"]), (1, &json!(2)));
    let name = dropped[0].as_str().unwrap();
    let told = format!("error: main: {name} was dropped undelivered");
    let messages = ran.fails(69);
    assert!(messages.contains(&told), "{messages}");
    let hint = "hint: it is asked again after ";
    assert!(messages.contains(hint), "{messages}");
    assert_eq!(queued(&world), 2);
    assert_eq!(status(&world)["dropped"]["paths"], 1);
}

#[test]
fn a_drain_that_dropped_something_does_not_say_that_all_is_kept() {
    let mut world = world("max-pinned = \"2kB\"\nbeyond-max-pinned = \"drop-oldest\"");
    world.set("NIX_POST_BUILD_PUSH_RETRY_DELAY", "6s");
    enqueue(&world, &["a", "b", "c"]).ok();
    // The second try ends long before that, however busy the machine is; the third would come after it.
    let ran = world.run(&["push", "--until-empty", "--deadline", "12s"]);
    let messages = ran.fails(69);
    // While it waits, and what is left could go still, nothing is dropped.
    let (waiting, end) = messages.split_once("was dropped undelivered").unwrap();
    let kept = "hint: all is kept; it is asked again in ";
    assert!(waiting.contains(kept), "{messages}");
    assert!(end.contains("hint: it is asked again after "), "{messages}");
    assert!(!end.contains("all is kept"), "{messages}");
}

#[test]
fn a_drain_drops_nothing_that_it_delivers_when_the_destination_is_back() {
    let mut world = world("max-pinned = \"2kB\"\nbeyond-max-pinned = \"drop-oldest\"");
    world.set("NIX_POST_BUILD_PUSH_RETRY_DELAY", "2s");
    enqueue(&world, &["a", "b", "c"]).ok();
    let mut command = world.command(&["push", "--until-empty", "--deadline", "1m"]);
    let child = command.spawn().unwrap();
    let begun = Instant::now();
    while status(&world)["destination_failure"].is_null() {
        assert!(begun.elapsed() < Duration::from_secs(40), "it never failed");
    }
    nix(&world, 1000, true);
    let output = child.wait_with_output().unwrap();
    let (said, messages) = (
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    );
    assert!(said.contains("main: 3 copied to "), "{said}{messages}");
    assert_eq!(output.status.code(), Some(0), "{messages}");
}

#[test]
fn a_push_that_backs_off_drops_nothing() {
    let world = world("max-pinned = \"3kB\"\nbeyond-max-pinned = \"drop-oldest\"");
    enqueue(&world, &["a", "b", "c"]).ok();
    let messages = world.run(&["push"]).fails(69);
    assert!(messages.contains("hint: all is kept; "), "{messages}");
    enqueue(&world, &["d"]).ok();
    let messages = world.run(&["push"]).fails(69);
    assert!(messages.contains("is not asked before "), "{messages}");
    assert_eq!(
        (queued(&world), status(&world)["dropped"]["paths"].as_u64()),
        (4, Some(0))
    );
}

#[test]
fn what_is_delivered_is_not_dropped_and_opens_the_queue() {
    let world = world("max-pinned = 1");
    enqueue(&world, &["a"]).ok();
    world.run(&["push"]).fails(69);
    assert!(status(&world)["closed"].is_string());
    nix(&world, 1000, true);
    let ran = world.run(&["push", "--force"]);
    let told = "info: main: what is new is queued again\n";
    assert_eq!((ran.code, ran.stderr.as_str()), (0, told));
    assert_eq!(
        (queued(&world), &status(&world)["closed"]),
        (0, &json!(null))
    );
}

#[test]
fn status_goes_on_where_nix_cannot_be_asked_and_says_so() {
    let world = world("max-pinned = 1");
    enqueue(&world, &["a"]).ok();
    std::fs::remove_file(world.root.join("bin/nix")).unwrap();
    let row = status(&world);
    assert_eq!(row["pinned_bytes"], json!(null));
    let why = row["pinned_error"].as_str().unwrap();
    assert!(why.ends_with("nix is not in PATH"), "{why}");
    assert_eq!(row["limits"][0]["used"], json!(null));
    let text = world.run(&["status"]).needs_a_look();
    assert!(
        text.contains("keeps:        not known how much of the store: "),
        "{text}"
    );
    assert!(
        text.contains("max-pinned 1 B, now not known; beyond it: refuse"),
        "{text}"
    );
}

#[test]
fn a_queue_that_keeps_more_than_a_tenth_of_the_file_system_needs_a_look() {
    let unlimited = world("");
    enqueue(&unlimited, &["a"]).ok();
    assert_eq!(status(&unlimited)["pinned_bytes"], 1000);
    unlimited.run(&["status"]).ok();
    nix(&unlimited, 1 << 60, false);
    let told = unlimited.run(&["status"]).needs_a_look();
    let reason =
        "main: needs a look\n  ! the queue keeps 1.0 EiB of the store alive, more than a tenth";
    assert!(told.starts_with(reason), "{told}");
    // Who set a limit said how much is too much.
    let bounded = world("max-pinned = \"9999999TB\"");
    enqueue(&bounded, &["a"]).ok();
    nix(&bounded, 1 << 60, false);
    bounded.run(&["status"]).ok();
    let text = std::fs::read_to_string(bounded.root.join("config.toml")).unwrap();
    let stricter = format!("{text}[queues.main.health]\nmax-pinned = \"1TB\"\n");
    bounded.write("config.toml", &stricter);
    bounded.run(&["status"]).needs_a_look();
}

#[test]
fn status_of_an_empty_queue_asks_nobody() {
    let world = world("max-age = \"2days\"");
    world.program("nix", &format!("touch {}/called", world.root));
    let row = status(&world);
    assert_eq!(
        (&row["pinned_bytes"], &row["store_bytes"]),
        (&json!(0), &json!(null))
    );
    assert_eq!(row["limits"][0]["at_most"], 2 * 24 * 60 * 60);
    assert!(!world.root.join("called").exists());
}

#[test]
fn without_limits_nothing_of_them_is_made() {
    let world = world("");
    enqueue(&world, &["a"]).ok();
    hook(&world, &["b"]);
    world.run(&["push"]).fails(69);
    world.run(&["drop", "--all"]).ok();
    assert!(!world.root.join("queue/.limits").exists());
    let row = status(&world);
    assert_eq!(row["limits"], json!([]));
    assert_eq!(row["refused"], json!({"paths": 0, "last": null}));
}

#[test]
fn a_drain_that_dropped_something_undelivered_does_not_end_as_if_all_had_arrived() {
    let world = world("max-pinned = 1\nbeyond-max-pinned = \"drop-oldest\"");
    enqueue(&world, &["a", "b"]);
    let ran = world.run(&["push", "--until-empty", "--deadline", "10s"]);
    let said = "main: 0 copied to file://";
    assert!(ran.stdout.starts_with(said), "{}", ran.stdout);
    assert!(
        ran.stdout
            .ends_with(", 2 dropped undelivered, nothing is left\n")
    );
    assert_eq!(ran.code, 75);
}
