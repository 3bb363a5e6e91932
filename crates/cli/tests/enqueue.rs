//! enqueue: what it takes from where, and what keeps nothing else out.

mod common;

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;

use common::World;

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
        lines.len() == 3 && lines[1].starts_with("error: OUT_PATHS: "),
        "{stderr}"
    );
    assert!(
        lines[2].starts_with("error: DRV_PATH is no derivation: "),
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
