//! push and closure of given paths, with programs in the place of Nix.

mod common;

use common::World;

#[test]
fn given_paths_are_uploaded_at_once_and_no_queue_is_touched() {
    let mut world = World::with_obedient_nix();
    let (a, b) = (world.object("a"), world.object("b"));
    world.link("result", &a);
    let copied = "default: 1 copied to file://ROOT/cache\n";
    assert_eq!(
        world.run(&["push", "--refresh", "--", "./result"]).ok(),
        copied
    );
    assert!(world.called().contains("--refresh"));
    world.set("OUT_PATHS", &b);
    assert_eq!(world.run(&["perform-upload"]).ok(), copied);
    assert_eq!(world.run(&["push"]).ok(), "default: nothing is queued\n");
    assert_eq!(world.run(&["push", "--include-out-paths"]).ok(), copied);
    assert!(!world.root.join("queue").exists());
    world.unset("OUT_PATHS");
    world.run(&["perform-upload"]).fails(2);
    world.run(&["push", "/etc"]).fails(2);
}

#[test]
fn the_closure_is_what_nix_says() {
    let world = World::with_obedient_nix();
    let (a, b) = (world.object("a"), world.object("b"));
    world.program("nix-store", &format!("printf '%s\\n' {a} {b} {a}"));
    let shown = format!("{a}\n{b}\n").replace(world.root.as_str(), "ROOT");
    assert_eq!(world.run(&["closure", &a]).ok(), shown);
    assert_eq!(world.run(&["show-closure"]).ok(), "");
    world.run(&["enqueue", &a]).ok();
    let rows = world.run(&["closure", "--json"]).json();
    assert_eq!(
        (rows.as_array().unwrap().len(), &rows[1]["queue"]),
        (2, &"default".into())
    );
}

#[test]
fn an_upload_without_a_queue_promises_no_other_try() {
    let world = World::with_obedient_nix();
    world.program(
        "nix",
        "echo \"error: cannot connect to 'dead': Connection refused\" >&2; exit 1",
    );
    let ran = world.run(&["push", &world.object("a")]);
    assert_eq!(
        (ran.code, ran.stdout.as_str()),
        (69, "default: 0 copied to file://ROOT/cache, 1 left\n")
    );
    assert!(
        ran.stderr
            .starts_with("error: default: file://ROOT/cache is unavailable")
            && !ran.stderr.contains("kept"),
        "{}",
        ran.stderr
    );
}

#[test]
fn nothing_is_parked_where_there_is_no_queue() {
    let mut world = World::with_obedient_nix();
    world.set("NIX_POST_BUILD_PUSH_MAX_ATTEMPTS", "1");
    let path = world.object("a");
    let bad = format!("echo \"error: path '{path}' has an unsupported type\" >&2; exit 1");
    world.program("nix", &bad);
    world.program("nix-store", "exit 0");
    let ran = world.run(&["push", &path]);
    let line = "default: 0 copied to file://ROOT/cache, 1 failed\n";
    assert_eq!(
        (ran.code, ran.stdout.as_str()),
        (75, line),
        "{}",
        ran.stderr
    );
    let rows: serde_json::Value =
        serde_json::from_str(&world.run(&["push", "--json", &path]).stdout).unwrap();
    assert_eq!(rows[0]["parked"], 0, "{rows}");
    assert_eq!(rows[0]["failed"][0]["next_try"], serde_json::Value::Null);
}

#[test]
fn a_bad_argument_counts_and_holds_back_no_other() {
    let world = World::with_obedient_nix();
    let (good, bad) = (world.object("a"), "/nowhere");
    for (line, says) in [
        (vec!["push", &good, bad], "1 copied"),
        (vec!["push", "--dry-run", &good, bad], "would copy 1 path"),
    ] {
        let ran = world.run(&line);
        assert_eq!(ran.code, 75, "{}", ran.stderr);
        assert!(ran.stdout.contains(says), "{}", ran.stdout);
        let told = ran.stderr.contains("no store path: `/nowhere`");
        assert!(told, "{}", ran.stderr);
    }
}
