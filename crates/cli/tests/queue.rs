//! list, status, drop, retry.

mod common;

use std::fs;

use common::World;

#[test]
fn what_is_enqueued_is_listed_rooted_and_dropped() {
    let world = World::new();
    let (a, b) = (world.object("a"), world.object("b"));
    assert_eq!(
        world.run(&["enqueue", &a, &b]).ok(),
        "default: 2 enqueued\n"
    );
    assert_eq!(
        world.run(&["enqueue-paths", "--", &a]).ok(),
        "default: 0 enqueued, 1 already in the queue\n"
    );
    let shown = |path: &str| format!("{}\n", path.replace(world.root.as_str(), "ROOT"));
    assert_eq!(world.run(&["list"]).ok(), shown(&a) + &shown(&b));
    assert_eq!(
        fs::read_dir(world.root.join("state/gcroots/auto"))
            .unwrap()
            .count(),
        2
    );
    assert_eq!(world.run(&["drop", &a]).ok(), shown(&a));
    assert_eq!(world.run(&["drop", "*-b"]).ok(), shown(&b));
    assert_eq!(world.run(&["list"]).ok(), "");
    assert_eq!(
        fs::read_dir(world.root.join("state/gcroots/auto"))
            .unwrap()
            .count(),
        0
    );
}

#[test]
fn list_as_json_has_its_documented_fields() {
    let world = World::new();
    let a = world.object("a");
    world.run(&["enqueue", &a]).ok();
    let rows = world.run(&["list", "--json"]).json();
    let row = rows[0].as_object().unwrap();
    let fields: Vec<_> = row.keys().map(String::as_str).collect();
    let mut documented = [
        "queue",
        "path",
        "enqueued_at",
        "state",
        "rooted",
        "present",
        "attempts",
        "last_error",
        "hint",
        "next_try",
        "parked_since",
    ];
    documented.sort_unstable();
    assert_eq!(fields, documented);
    assert_eq!(
        (&row["state"], &row["rooted"]),
        (&"ready".into(), &true.into())
    );
    fs::remove_dir(&a).unwrap();
    assert_eq!(world.run(&["list", "--json"]).json()[0]["present"], false);
    assert_eq!(
        world.run(&["list", "--json", "--queue-dir", "none"]).json(),
        serde_json::json!([])
    );
}

#[test]
fn list_in_columns_says_in_which_state_each_entry_is() {
    let world = World::new();
    assert_eq!(world.run(&["list", "-l"]).ok(), "");
    for name in ["fine", "bad"] {
        world.run(&["enqueue", &world.object(name)]).ok();
    }
    let bad = world.store_path("bad");
    let entry = bad.rsplit('/').next().unwrap();
    fs::create_dir(world.root.join("queue/.push")).unwrap();
    world.write("queue/.push/ledger.toml", &ledger(entry, true));
    let told = world.run(&["list", "--long"]).ok();
    let rows: Vec<Vec<_>> = told
        .lines()
        .map(|line| {
            line.split("  ")
                .map(str::trim)
                .filter(|cell| !cell.is_empty())
        })
        .map(Iterator::collect)
        .collect();
    let path = |name: &str| world.store_path(name).replace(world.root.as_str(), "ROOT");
    let (fine, bad) = (path("fine"), path("bad"));
    assert_eq!(rows.len(), 3, "{told}");
    assert_eq!(
        (rows[1][1], rows[1][3], rows[1][4]),
        ("ready", "0", fine.as_str())
    );
    assert_eq!(
        (rows[2][0], rows[2][1], rows[2][3], rows[2][4], rows[2][5]),
        ("default", "parked", "3", bad.as_str(), "too \\u{1b}[2Jbad")
    );
    // What scripts read stays as it is.
    assert_eq!(world.run(&["list"]).ok(), format!("{fine}\n{bad}\n"));
    world.run(&["list", "--long", "--json"]).fails(2);
}

#[test]
fn what_is_not_ours_is_reported_and_left() {
    let world = World::new();
    world.run(&["enqueue", &world.object("a")]).ok();
    world.write("queue/note\u{1b}[2J", "");
    let ran = world.run(&["list"]);
    assert_eq!((ran.code, ran.stdout.lines().count()), (0, 1));
    assert!(
        ran.stderr.starts_with("warning: queue default: `note"),
        "{}",
        ran.stderr
    );
    assert!(!ran.stderr.contains('\u{1b}'), "{}", ran.stderr);
    world.run(&["drop", "--all"]);
    assert_eq!(fs::read_dir(world.root.join("queue")).unwrap().count(), 1);
}

#[test]
fn a_pattern_that_fits_nothing_is_named() {
    let world = World::new();
    world.run(&["enqueue", &world.object("a")]).ok();
    let stderr = world.run(&["drop", "*-b", "*-c", "*-a"]).fails(2);
    assert!(stderr.contains("`*-b`") && stderr.contains("`*-c`") && !stderr.contains("`*-a`"));
    assert_eq!(world.run(&["list"]).ok(), "");
    assert!(
        world
            .run(&["retry", "/etc"])
            .fails(2)
            .contains("no entry can be `/etc`")
    );
}

/// A ledger as a push writes it.
fn ledger(entry: &str, parked: bool) -> String {
    let parked = if parked {
        "parked-since = \"2026-01-01T00:00:00Z\"\n"
    } else {
        ""
    };
    let failures = "attempts = 3\nfirst-failure = \"2026-01-01T00:00:00Z\"\nfirst-error = \"no\"\n\
                    last-failure = \"2026-01-01T00:00:00Z\"\nlast-error = \"too \\u001b[2Jbad\"\n\
                    hint = \"mend\\u001b[2J it\"\n\
                    next-try = \"2026-01-01T00:00:00Z\"\n";
    format!(
        "format = 1\ndestination-name = \"file:///x\"\n[destination]\n{failures}[entries.{entry}]\n{failures}{parked}"
    )
}

fn destination_failure(world: &World, destination: &str) -> serde_json::Value {
    let line = ["status", "--json", "--destination", destination];
    world.run(&line).json()[0]["destination_failure"].clone()
}

#[test]
fn retry_forgets_the_failures_of_entries_and_destination() {
    let world = World::new();
    let a = world.object("a");
    world.run(&["enqueue", &a]).ok();
    fs::create_dir(world.root.join("queue/.push")).unwrap();
    let name = a.rsplit('/').next().unwrap();
    world.write("queue/.push/ledger.toml", &ledger(name, true));
    let status = world.run(&["status"]).needs_a_look();
    assert!(
        status.contains("1 (1 parked)") && status.contains("after 3 attempts"),
        "{status}"
    );
    assert!(status.contains("too \\u{1b}[2Jbad"), "{status}");
    let advice = format!(
        "    hint: mend\\u{{1b}}[2J it; then `nix-post-build-push retry ROOT/store/{name}`\n"
    );
    assert!(status.contains(&advice), "{status}");
    let hint = "mend\u{1b}[2J it";
    assert_eq!(world.run(&["list", "--json"]).json()[0]["hint"], hint);
    assert_eq!(
        world.run(&["status", "--json"]).json()[0]["failures"][0]["attempts"],
        3
    );
    assert!(!destination_failure(&world, "file:///x").is_null());
    let ran = world.run(&["retry", "*-a"]);
    assert_eq!((ran.code, ran.stdout), (0, format!("ROOT/store/{name}\n")));
    assert!(ran.stderr.contains("asks the destination again"));
    let row = &world.run(&["list", "--json"]).json()[0];
    assert_eq!(
        (&row["state"], &row["attempts"]),
        (&"ready".into(), &0.into())
    );
    assert!(destination_failure(&world, "file:///x").is_null());
}

#[test]
fn what_is_dropped_and_enqueued_anew_starts_anew() {
    let world = World::new();
    let a = world.object("a");
    world.run(&["enqueue", &a, &world.object("b")]).ok();
    fs::create_dir(world.root.join("queue/.push")).unwrap();
    world.write(
        "queue/.push/ledger.toml",
        &ledger(a.rsplit('/').next().unwrap(), true),
    );
    world.run(&["drop", "*-b"]).ok();
    assert_eq!(world.run(&["list", "--json"]).json()[0]["state"], "parked");
    world.run(&["drop", &a]).ok();
    world.run(&["enqueue", &a]).ok();
    let row = &world.run(&["list", "--json"]).json()[0];
    assert_eq!(
        (&row["state"], &row["attempts"]),
        (&"ready".into(), &0.into())
    );
    // The destination's failures are its own.
    assert!(!destination_failure(&world, "file:///x").is_null());
    assert!(destination_failure(&world, "file:///y").is_null());
}

#[test]
fn what_a_killed_push_put_aside_is_not_listed_and_dropped_with_the_rest() {
    for all in [true, false] {
        let world = World::new();
        let (a, b) = (world.object("a"), world.object("b"));
        world.run(&["enqueue", &a]).ok();
        let leaving = world.root.join("queue/.push/leaving");
        fs::create_dir_all(&leaving).unwrap();
        let name = b.rsplit('/').next().unwrap();
        std::os::unix::fs::symlink(&b, leaving.join(name)).unwrap();
        assert_eq!(world.run(&["list"]).ok().lines().count(), 1);
        let pick = if all { "--all" } else { "*-b" };
        let dropped = world.run(&["drop", pick]).ok();
        assert_eq!(dropped.lines().count(), if all { 2 } else { 1 });
        assert!(dropped.ends_with("-b\n"), "{dropped}");
        assert_eq!(fs::read_dir(&leaving).unwrap().count(), 0);
    }
}

#[test]
fn a_memory_that_cannot_be_reached_keeps_nothing_in_the_queue() {
    let world = World::new();
    let a = world.object("a");
    world.run(&["enqueue", &a]).ok();
    world.write("queue/.push", "");
    let ran = world.run(&["drop", &a]);
    assert_eq!((ran.code, ran.stdout.lines().count()), (75, 1));
    assert!(
        ran.stderr
            .starts_with("error: default: the failures of what is dropped are not forgotten"),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_damaged_memory_is_a_warning() {
    let world = World::new();
    world.run(&["enqueue", &world.object("a")]).ok();
    fs::create_dir(world.root.join("queue/.push")).unwrap();
    world.write("queue/.push/ledger.toml", "garbage");
    let ran = world.run(&["list", "--json"]);
    assert!(
        ran.stderr
            .starts_with("warning: queue default: its memory of failures is lost")
    );
    assert_eq!(ran.json()[0]["state"], "ready");
}

#[test]
fn status_tells_of_every_queue() {
    let world = World::new();
    world.run(&["enqueue", &world.object("a")]).ok();
    let status = world
        .run(&["status", "--destination", "https://me:hunter22@h/x"])
        .ok();
    let lines: Vec<_> = status.lines().collect();
    assert_eq!(
        lines[..4],
        [
            "default: ok",
            "  destination:  https://***@h/x",
            "  directory:    ROOT/queue",
            "  entries:      1 (1 ready)",
        ]
    );
    let row = &world.run(&["status", "--json"]).json()[0];
    assert_eq!(
        (&row["entries"], &row["ready"], &row["unrooted"]),
        (&1.into(), &1.into(), &0.into())
    );
}
