//! The command line: help, mistakes, what is Nix's.

mod common;

use common::World;

#[test]
fn help_is_grouped_and_ends_with_examples() {
    let help = World::new().run(&["push", "-h"]).ok();
    let places: Vec<_> = [
        "Usage:",
        "Options:",
        "Which queues:",
        "Settings",
        "Messages:",
        "Examples:",
    ]
    .iter()
    .map(|part| {
        help.find(part)
            .unwrap_or_else(|| panic!("{part} in {help}"))
    })
    .collect();
    assert!(places.is_sorted(), "{help}");
    assert!(
        help.trim_end()
            .lines()
            .last()
            .unwrap()
            .contains("nix-post-build-push push")
    );
}

#[test]
fn the_help_of_every_command_ends_with_examples_of_it() {
    let world = World::new();
    let commands = "enqueue push list closure status retry drop completions man help version";
    let mut lines: Vec<Vec<_>> = commands.split(' ').map(|command| vec![command]).collect();
    lines.extend([
        vec!["config"],
        vec!["config", "check"],
        vec!["config", "show"],
    ]);
    for line in lines {
        let command = format!("nix-post-build-push {}", line.join(" "));
        let help = world.run(&[&["help"], line.as_slice()].concat()).ok();
        let (_, examples) = help.split_once("\nExamples:\n").unwrap();
        assert!(
            examples
                .lines()
                .all(|line| line.contains(&command) && line.starts_with("  ")),
            "{help}"
        );
    }
}

#[test]
fn a_queue_that_does_not_exist_is_an_error_of_the_configuration() {
    let stderr = World::new().run(&["list", "--queue", "nosuch"]).fails(78);
    assert!(stderr.contains("nosuch"), "{stderr}");
}

#[test]
fn help_explains_every_command_by_any_of_its_names() {
    let world = World::new();
    let push = world.run(&["help", "push"]).ok();
    assert_eq!(world.run(&["help", "upload-queued-paths"]).ok(), push);
    assert!(
        world
            .run(&["help", "config", "check"])
            .ok()
            .contains("--declared")
    );
    assert!(world.run(&["help"]).ok().contains("Exit codes:"));
    assert!(
        world
            .run(&["help", "nonsense"])
            .fails(2)
            .contains("no command `nonsense`")
    );
}

#[test]
fn the_version_is_told_in_three_ways() {
    let world = World::new();
    let version = format!("nix-post-build-push {}\n", env!("CARGO_PKG_VERSION"));
    for line in ["version", "--version", "-V"] {
        assert_eq!(world.run(&[line]).ok(), version);
    }
}

#[test]
fn mistakes_are_usage_errors_that_name_what_may_have_been_meant() {
    let world = World::new();
    let cases: [(&[&str], &str); 9] = [
        (&[], "Usage:"),
        (&["pusg"], "'push'"),
        (&["list", "--jsn"], "'--json'"),
        (&["--foreign", "push"], "--foreign"),
        (&["drop"], "--all"),
        (&["drop", "--all", "x"], "cannot be used with"),
        (&["list", "--closure-type", "all"], "binary, source, cache"),
        (&["list", "--timeout", "soon"], "soon"),
        (&["enqueue", "-0"], "--stdin"),
    ];
    for (line, said) in cases {
        let stderr = world.run(line).fails(2);
        assert!(stderr.contains(said), "{line:?}: {stderr}");
    }
}

#[test]
fn only_push_hands_options_on_to_nix() {
    let world = World::new();
    let stderr = world.run(&["enqueue", "--refresh"]).fails(2);
    assert!(
        stderr.ends_with("hint: only `push` hands options on to Nix\n"),
        "{stderr}"
    );
    let ran = world.run(&["show-queued-paths", "--refresh", "x"]);
    assert_eq!(ran.code, 0);
    assert_eq!(
        ran.stderr,
        "warning: `show-queued-paths` has no use for `--refresh` and the options behind it\n"
    );
}

#[test]
fn what_has_no_effect_any_more_is_said_so() {
    let mut world = World::new();
    let warned = world.run(&["list", "--xargs-bin", "/bin/xargs"]);
    assert_eq!(
        (warned.code, warned.stderr.as_str()),
        (0, "warning: --xargs-bin has no effect any more\n")
    );
    world.set("NIX_POST_BUILD_PUSH_XARGS_BIN", "x");
    assert!(
        world
            .run(&["list"])
            .stderr
            .contains("NIX_POST_BUILD_PUSH_XARGS_BIN")
    );
}

#[test]
fn messages_come_in_the_chosen_form() {
    let mut world = World::new();
    let json = world.run(&["push", "--log-format", "json"]).fails(78);
    let json: serde_json::Value = serde_json::from_str(json.lines().next().unwrap()).unwrap();
    assert_eq!(
        (&json["level"], &json["queue"]),
        (&"ERROR".into(), &"default".into())
    );
    assert!(
        json["message"].as_str().unwrap().contains("no destination"),
        "{json}"
    );
    assert!(
        json["hints"].as_str().unwrap().contains("--destination"),
        "{json}"
    );
    world.set("NIX_POST_BUILD_PUSH_LOG_FORMAT", "loud");
    assert!(world.run(&["list"]).fails(78).contains("unknown format"));
    world.unset("NIX_POST_BUILD_PUSH_LOG_FORMAT");
    world.set("NIX_POST_BUILD_PUSH_LOG", "off");
    assert_eq!(world.run(&["push"]).fails(78), "");
    for filter in ["queue_core=debug", "nix_copy=off,queue_core=warn"] {
        world.set("NIX_POST_BUILD_PUSH_LOG", filter);
        let stderr = world.run(&["push"]).fails(78);
        assert!(stderr.contains("no destination"), "{filter}: {stderr}");
        let stderr = world.run(&["enqueue"]).fails(2);
        assert!(stderr.contains("nothing to enqueue"), "{filter}: {stderr}");
    }
    world.set("NIX_POST_BUILD_PUSH_LOG", "=[");
    assert!(
        world
            .run(&["list"])
            .fails(78)
            .contains("NIX_POST_BUILD_PUSH_LOG: not a filter")
    );
}

/// The journal's socket has one place, which a test cannot choose: both cases are asserted.
#[test]
fn the_journal_is_reached_or_its_absence_said_with_a_hint() {
    let ran = World::new().run(&["list", "--log-format", "journald"]);
    if std::path::Path::new("/run/systemd/journal/socket").exists() {
        assert_eq!(ran.ok(), "");
        return;
    }
    let stderr = ran.fails(78);
    assert!(
        stderr.starts_with("error: failed to reach the journal\n  caused by: "),
        "{stderr}"
    );
    assert!(
        stderr.ends_with("hint: use --log-format text or json where no journald runs\n"),
        "{stderr}"
    );
}

#[test]
fn a_reader_who_leaves_is_no_error() {
    let world = World::new();
    for number in 0..3 {
        world
            .run(&["enqueue", &world.object(&format!("x{number}"))])
            .ok();
    }
    let mut child = world.command(&["list"]).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr), (Some(0), Vec::new()));
}
