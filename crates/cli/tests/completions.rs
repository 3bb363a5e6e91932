//! What the scripts of the shells are answered, on any machine: quickly, and never with a message.

#![allow(clippy::unwrap_used)]

mod common;

use std::fs;
use std::os::unix::fs::PermissionsExt;

use common::World;

/// With two entries, of which the second has failed, and a file of configuration.
fn world() -> World {
    let mut world = World::with_obedient_nix();
    world.unset("NIX_POST_BUILD_PUSH_QUEUE_DIR");
    world.unset("NIX_POST_BUILD_PUSH_DESTINATION");
    world.write(
        "config.toml",
        "[queues.main]\ndestination = \"file://{}/cache\"\nqueue-dir = \"{}/queue\"\n\
         [queues.other]\nenable = false\ndestination = \"https://me:planted-secret@h\"\nqueue-dir = \"{}/other\"\n",
    );
    world.set("NIX_POST_BUILD_PUSH_CONFIG_FILE", "{}/config.toml");
    for name in ["good", "bad"] {
        world.run(&["enqueue", &world.object(name), "-q"]).ok();
    }
    let is_bad = "case \"$*\" in *-bad*) echo \"error: cannot copy\" >&2; exit 1;; esac";
    world.program(
        "nix",
        &format!("echo called >> {{}}/called\n{is_bad}\necho '{{}}'"),
    );
    world.run(&["push"]).fails(75);
    world.run(&["enqueue", &world.object("good"), "-q"]).ok();
    fs::remove_file(world.root.join("called")).unwrap();
    world
}

/// The answer for zsh, which is told everything, without its first line.
#[track_caller]
fn answer(world: &World, words: &[&str]) -> Vec<String> {
    let line = [&["__complete", "zsh", "nix-post-build-push"], words].concat();
    let answer = world.run(&line).ok();
    answer.lines().skip(1).map(str::to_owned).collect()
}

#[track_caller]
fn words(world: &World, words: &[&str]) -> Vec<String> {
    let lines = answer(world, words);
    let word = |line: String| line.split(':').next().unwrap().to_owned();
    lines.into_iter().map(word).collect()
}

fn base_name(world: &World, name: &str) -> String {
    world
        .store_path(name)
        .rsplit('/')
        .next()
        .unwrap()
        .to_owned()
}

#[test]
fn queues_come_with_where_they_are_pushed_but_without_what_is_secret() {
    let world = world();
    assert_eq!(
        answer(&world, &["list", "--queue", ""]),
        ["main:file://ROOT/cache", "other:(disabled) https://***@h"]
    );
    assert_eq!(
        words(&world, &["list", "--queue", "main", "--queue="]),
        ["--queue=other"]
    );
    let other = world.write("b.toml", "[queues.elsewhere]\n");
    let line = ["--config-file", other.as_str(), "list", "--queue", ""];
    assert_eq!(words(&world, &line), ["elsewhere"]);
}

#[test]
fn a_queue_may_be_completed_whatever_a_variable_picks() {
    let mut world = world();
    world.set("NIX_POST_BUILD_PUSH_QUEUE", "main");
    assert_eq!(words(&world, &["list", "--queue", ""]), ["main", "other"]);
}

#[test]
fn entries_are_those_of_the_queues_that_the_line_picks() {
    let world = world();
    let (good, bad) = (base_name(&world, "good"), base_name(&world, "bad"));
    let mut all = words(&world, &["drop", ""]);
    all.sort();
    let mut expected = [good.clone(), bad.clone()];
    expected.sort();
    assert_eq!(all, expected);
    assert_eq!(words(&world, &["drop", &bad, ""]), [good.as_str()]);
    assert_eq!(
        words(&world, &["drop", &world.store_path("bad"), "--", ""]),
        [good.as_str()]
    );
    assert_eq!(words(&world, &["drop", "--queue", "other", ""]), [""; 0]);
    assert_eq!(words(&world, &["drop", "--all", ""]), [""; 0]);
    let full = words(&world, &["drop", world.root.join("store/").as_str()]);
    assert!(full.contains(&format!("ROOT/store/{good}")), "{full:?}");
    assert_eq!(
        answer(&world, &["retry", "ba"]),
        [format!("{bad}:main, backing off")]
    );
    assert_eq!(words(&world, &["retry", ""]), [bad]);
}

#[test]
fn no_nix_is_started_and_nothing_is_written() {
    let world = world();
    let queue = world.root.join("queue");
    let before = common_listing(&queue);
    for line in [
        &["drop", ""][..],
        &["retry", ""],
        &["list", "--queue", ""],
        &["push", ""],
    ] {
        answer(&world, line);
    }
    assert_eq!(common_listing(&queue), before);
    assert_eq!(world.called(), "");
}

fn common_listing(dir: &camino::Utf8Path) -> Vec<(std::path::PathBuf, std::time::SystemTime)> {
    let mut all: Vec<_> = fs::read_dir(dir)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let changed = path.symlink_metadata().unwrap().modified().unwrap();
            (path, changed)
        })
        .collect();
    all.sort();
    all
}

#[test]
fn whatever_is_wrong_says_nothing_into_a_prompt() {
    let world = world();
    world.write("config.toml", "[queues.main\nqueue-dir = 3");
    assert_eq!(words(&world, &["drop", ""]), [""; 0]);
    assert_eq!(words(&world, &["list", "--queue", ""]), [""; 0]);
    let no_file = ["--config-file", "/nowhere", "drop", ""];
    assert_eq!(words(&world, &no_file), [""; 0]);
    let contradiction = ["--destination", "a", "--destination-file", "b", "drop", ""];
    assert_eq!(words(&world, &contradiction), [""; 0]);
    world
        .run(&["__complete", "zsh"])
        .fails(2)
        .is_empty()
        .then_some(())
        .unwrap();
    let said = world
        .run(&["__complete", "no-such-shell", "x", ""])
        .fails(2);
    assert_eq!(said, "");
}

#[test]
fn one_broken_queue_hides_no_other() {
    let world = world();
    world.write(
        "config.toml",
        "[queues.broken]\nqueue-dir = \"relative\"\n[queues.main]\nqueue-dir = \"{}/queue\"\n",
    );
    assert_eq!(words(&world, &["drop", ""]).len(), 2);
}

#[test]
fn a_queue_that_is_not_safe_to_use_offers_nothing() {
    let world = world();
    let queue = world.root.join("queue");
    fs::set_permissions(&queue, fs::Permissions::from_mode(0o777)).unwrap();
    assert_eq!(words(&world, &["drop", ""]), [""; 0]);
}

#[test]
fn closure_takes_what_is_queued_besides_files() {
    let world = world();
    let (good, bad) = (world.store_path("good"), world.store_path("bad"));
    let shown = |path: &str| path.replace(world.root.as_str(), "ROOT");
    let mut all = words(&world, &["closure", ""]);
    all.sort();
    let mut expected = [shown(&good), shown(&bad)];
    expected.sort();
    assert_eq!(all, expected);
    assert_eq!(words(&world, &["show-closure", &bad, ""]), [shown(&good)]);
    // A file may have such a name, and a store path is taken only as a whole.
    assert_eq!(words(&world, &["closure", "ba"]), [""; 0]);
    for called in ["push", "enqueue"] {
        assert_eq!(words(&world, &[called, ""]), [""; 0]);
    }
    for shell in ["bash", "zsh", "fish"] {
        let line = ["__complete", shell, "x closure ", "x", "closure", ""];
        let line = [&line[..2], &line[if shell == "bash" { 2 } else { 3 }..]].concat();
        assert!(world.run(&line).ok().starts_with("files\nROOT/store/"));
    }
}

#[test]
fn files_are_left_to_the_shell() {
    let world = world();
    for (line, kind) in [
        (&["push", ""][..], "files\n"),
        (&["--config-file="][..], "files\n"),
        (&["--queue-dir", ""], "directories\n"),
        (&["push", "--timeout", ""], "nothing\n"),
    ] {
        let line = [&["__complete", "fish", "x"], line].concat();
        assert_eq!(world.run(&line).ok(), kind);
    }
}
