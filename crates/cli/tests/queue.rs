//! enqueue, list, status, drop, retry.

mod common;

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;

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
fn out_links_and_paths_inside_store_paths_are_taken_from_everywhere() {
    let mut world = World::new();
    let [a, b, c, d] = ["a", "b", "c", "d"].map(|name| world.object(name));
    world.link("result", &a);
    world.set("OUT_PATHS", &format!("{c} {d}"));
    let inside = format!("{b}/bin/b");
    world
        .run_with(
            &["enqueue", "./result", "--stdin"],
            &format!("\n{inside}\n"),
        )
        .ok();
    assert_eq!(world.run(&["list"]).ok().lines().count(), 4);
    world.run(&["drop", "--all"]).ok();
    world
        .run_with(
            &["enqueue", "--no-include-out-paths", "--stdin", "-0"],
            &format!("{a}\0{b}"),
        )
        .ok();
    assert_eq!(world.run(&["list"]).ok().lines().count(), 2);
    world.set("NIX_POST_BUILD_PUSH_INCLUDE_OUT_PATHS", "no");
    assert!(
        world
            .run(&["enqueue"])
            .fails(2)
            .contains("nothing to enqueue")
    );
}

#[test]
fn the_outputs_are_read_from_the_derivation_where_nix_names_none() {
    let mut world = World::new();
    let (out, drv) = (world.object("x"), world.store_path("x.drv"));
    fs::write(
        &drv,
        format!("Derive([(\"out\",\"{out}\",\"\",\"\")],[],[]"),
    )
    .unwrap();
    world.set("OUT_PATHS", "");
    world.set("DRV_PATH", &drv);
    assert_eq!(world.run(&["enqueue"]).ok(), "default: 1 enqueued\n");
    assert_eq!(
        world.run(&["enqueue", "--closure-type", "cache"]).ok(),
        "default: 1 enqueued, 1 already in the queue\n"
    );
}

#[test]
fn out_paths_are_read_as_the_hook_reads_them() {
    let world = World::new();
    let (a, b) = (world.object("a"), world.object("b"));
    let mut command = world.command(&["enqueue", &b]);
    let value = [b"/\xff ", a.as_bytes(), b" ", b.as_bytes(), b"/bin"].concat();
    command.env("OUT_PATHS", OsStr::from_bytes(&value));
    command.env("DRV_PATH", &a);
    let output = command.output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(75), "{stderr}");
    assert_eq!(output.stdout, b"default: 2 enqueued\n", "{stderr}");
    let lines: Vec<_> = stderr.lines().collect();
    assert_eq!(lines[0], r#"error: OUT_PATHS: "/\xff" is not UTF-8"#);
    assert!(
        lines.len() == 2 && lines[1].starts_with("error: OUT_PATHS: "),
        "{stderr}"
    );
}

#[test]
fn a_line_that_is_no_text_keeps_no_other_out() {
    let world = World::new();
    let (a, b) = (world.object("a"), world.object("b"));
    let file = world.root.join("lines");
    fs::write(
        &file,
        [a.as_bytes(), b"\n/x/\xff\n", b.as_bytes(), b"\n"].concat(),
    )
    .unwrap();
    let mut command = world.command(&["enqueue", "--stdin"]);
    let output = command
        .stdin(fs::File::open(file).unwrap())
        .output()
        .unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(75), "{stderr}");
    assert_eq!(output.stdout, b"default: 2 enqueued\n", "{stderr}");
    assert_eq!(
        stderr,
        "error: no store path: `/x/\\xff`\n  \
         caused by: invalid utf-8 sequence of 1 bytes from index 3\n"
    );
}

#[test]
fn a_drv_path_that_is_no_derivation_is_named() {
    let mut world = World::new();
    world.set("OUT_PATHS", "");
    world.set("DRV_PATH", &world.object("a"));
    let stderr = world.run(&["enqueue"]).fails(2);
    assert!(
        stderr.starts_with("error: OUT_PATHS is empty, and DRV_PATH is no derivation: ROOT/store/"),
        "{stderr}"
    );
}

#[test]
fn one_bad_argument_keeps_no_other_out() {
    let world = World::new();
    let (a, gone) = (world.object("a"), world.store_path("gone"));
    let ran = world.run(&["enqueue", "/etc", &gone, &a, "nowhere"]);
    assert_eq!(
        (ran.code, ran.stdout.as_str()),
        (75, "default: 1 enqueued\n")
    );
    assert_eq!(
        ran.stderr,
        format!(
            "error: no store path: `/etc`\n  \
             caused by: it does not lead into the store directory ROOT/store\n\
             error: no store path: `nowhere`\n  \
             caused by: failed to follow ROOT/nowhere\n  \
             caused by: No such file or directory (os error 2)\n\
             error: {} does not exist, so it was not enqueued\n",
            gone.replace(world.root.as_str(), "ROOT")
        )
    );
    world.run(&["enqueue", "/etc"]).fails(2);
}

#[test]
fn one_broken_queue_keeps_a_path_out_of_no_other() {
    let mut world = World::new();
    world.unset("NIX_POST_BUILD_PUSH_QUEUE_DIR");
    let file = world.write(
        "config.toml",
        "[queues.a]\nqueue-dir = \"{}/file\"\n[queues.b]\nqueue-dir = \"{}/b\"\n[queues.c]\nqueue-dir = 3\n",
    );
    world.write("file", "");
    world.set("NIX_POST_BUILD_PUSH_CONFIG_FILE", file.as_str());
    let ran = world.run(&["enqueue", &world.object("x")]);
    assert_eq!((ran.code, ran.stdout.as_str()), (78, "b: 1 enqueued\n"));
    assert!(
        ran.stderr.contains("ROOT/config.toml:6:13: "),
        "{}",
        ran.stderr
    );
    assert!(
        ran.stderr
            .contains("error: a: nothing was enqueued\n  caused by: failed to"),
        "{}",
        ran.stderr
    );
    world
        .run(&["enqueue", "--queue", "b", &world.object("y")])
        .fails(78);
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
    let status = world.run(&["status"]).ok();
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
            "default",
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
