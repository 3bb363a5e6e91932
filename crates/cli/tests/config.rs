//! config check, config show, and which source wins.

#![allow(clippy::unwrap_used)]

mod common;

use common::World;

#[test]
fn check_reports_every_problem_with_its_place_and_hint() {
    let mut world = World::new();
    world.unset("NIX_POST_BUILD_PUSH_QUEUE_DIR");
    let file = world.write(
        "bad.toml",
        "[queues.main]\n\
         queue-dir = \"{}/q\"\n\
         destnation = \"file:///x\"\n\
         timeout = \"soon\"\n\
         batch-size = 0\n\
         check-sigs = \"maybe\"\n\
         [hok]\n",
    );
    let stderr = world
        .run(&["config", "check", "--config-file", file.as_str()])
        .fails(78);
    for (line, said) in [
        (3, "destnation"),
        (4, "timeout"),
        (5, "batch-size"),
        (6, "check-sigs"),
        (7, "hok"),
    ] {
        let place = format!("error: ROOT/bad.toml:{line}:");
        let found = stderr
            .lines()
            .any(|l| l.starts_with(&place) && l.contains(said));
        assert!(found, "line {line}, {said}:\n{stderr}");
    }
    assert!(
        stderr.contains("hint: did you mean `destination`?"),
        "{stderr}"
    );
}

#[test]
fn check_of_a_sound_file_says_so() {
    let mut world = World::new();
    world.unset("NIX_POST_BUILD_PUSH_QUEUE_DIR");
    let file = world.write(
        "ok.toml",
        "[queues.main]\ndestination = \"file:///x\"\nqueue-dir = \"{}/q\"\n",
    );
    let line = ["config", "check", "--config-file", file.as_str()];
    assert_eq!(world.run(&line).ok(), "ROOT/ok.toml: ok\n");
    let file = world.write(
        "secret.toml",
        "[queues.main]\ndestination = { file = \"/nowhere/x\" }\nqueue-dir = \"{}/q\"\n",
    );
    let line = ["config", "check", "--config-file", file.as_str()];
    let stderr = world.run(&line).fails(78);
    assert!(stderr.contains("secret.toml:2:"), "{stderr}");
    assert_eq!(
        world.run(&[&line[..], &["--declared"]].concat()).ok(),
        "ROOT/secret.toml: ok\n"
    );
}

#[test]
fn a_missing_destination_is_said_with_how_to_set_it() {
    let stderr = World::new().run(&["push"]).fails(78);
    assert_eq!(
        stderr,
        "error: queue `default` has no destination\n\
         hint: set `destination` in its table, --destination, or NIX_POST_BUILD_PUSH_DESTINATION\n"
    );
}

#[test]
fn the_command_line_wins_over_variables_and_those_over_the_file() {
    let mut world = World::new();
    let file = world.write(
        "config.toml",
        "[queues.main]\nverify = true\nbatch-size = 7\nretry-delay = \"3s\"\nnix-opts = [\"--a\"]\n",
    );
    world.set("NIX_POST_BUILD_PUSH_CONFIG_FILE", file.as_str());
    world.set("NIX_POST_BUILD_PUSH_BATCH_SIZE", "8");
    world.set("NIX_POST_BUILD_PUSH_RETRY_DELAY", "4s");
    world.set("NIX_POST_BUILD_PUSH_NIX_OPTS", "--b 'c d'");
    let shown = world
        .run(&["--retry-delay", "5s", "config", "--no-check-sigs", "show"])
        .ok();
    for line in [
        "queues.main.verify = true # ROOT/config.toml:2:10",
        "queues.main.batch-size = 8 # variable NIX_POST_BUILD_PUSH_BATCH_SIZE",
        "queues.main.retry-delay = \"5s\" # command line",
        "queues.main.check-sigs = false # command line",
        "queues.main.timeout = \"2h\" # default",
    ] {
        let squeezed = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(
            shown.lines().any(|shown| squeezed(shown) == line),
            "{line}\n{shown}"
        );
    }
    let rows = world.run(&["config", "show", "--json"]).json();
    let row = rows
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["key"] == "nix-opts")
        .unwrap();
    assert_eq!(row["value"], "[\"--a\", \"--b\", \"c d\"]");
    assert_eq!(row["section"], "queues.main");
}

#[test]
fn a_destination_in_a_file_wins_over_the_configuration_and_is_not_shown() {
    let mut world = World::new();
    world.unset("NIX_POST_BUILD_PUSH_QUEUE_DIR");
    let unreadable = "destination = { file = \"/nowhere/x\" }";
    let file = world.write(
        "config.toml",
        &format!("[queues.main]\nqueue-dir = \"{{}}/q\"\n{unreadable}\n"),
    );
    let secret = world.write("secret", "https://me:hunter22@h/x\n");
    let line = [
        "--config-file",
        file.as_str(),
        "--destination-file",
        secret.as_str(),
    ];
    let shown = world.run(&[&line[..], &["config", "show"]].concat()).ok();
    let squeezed = shown.split_whitespace().collect::<Vec<_>>().join(" ");
    let expected = "destination = { file = \"ROOT/secret\" } # command line";
    assert!(squeezed.contains(expected), "{shown}");
    let plan = world
        .run(&[&line[..], &["push", "--dry-run"]].concat())
        .ok();
    assert!(!plan.contains("hunter22"), "{plan}");
}

#[test]
fn a_destination_is_given_once() {
    let line = ["push", "--destination", "/x", "--destination-file", "/y"];
    let stderr = World::new().run(&line).fails(2);
    assert!(stderr.contains("cannot be used with"), "{stderr}");
}

#[test]
fn of_two_opposite_options_the_last_counts() {
    let world = World::new();
    let shown = world
        .run(&[
            "--verify",
            "config",
            "show",
            "--no-verify",
            "--no-check-sigs",
            "--check-sigs",
        ])
        .ok();
    let has = |text: &str| shown.lines().any(|line| line.starts_with(text));
    assert!(
        has("queues.default.verify = false") && has("queues.default.check-sigs = true"),
        "{shown}"
    );
}

#[test]
fn no_output_ever_shows_a_secret() {
    let world = World::new();
    world.run(&["enqueue", &world.object("a")]).ok();
    let secret = world.write("secret", "https://me:hunter22@h/x?token=hunter23\n");
    let file = world.write(
        "config.toml",
        &format!("[queues.main]\ndestination = {{ file = \"{secret}\" }}\n"),
    );
    let direct = "s3://bucket?password=hunter24&region=eu";
    world.program("nix", "echo \"error: cannot run '$*'\" >&2; exit 1");
    for settings in [["--config-file", file.as_str()], ["--destination", direct]] {
        for line in [
            &["config", "show"][..],
            &["config", "show", "--json"],
            &["status"],
            &["push", "-vvv"],
            &["push", "--dry-run"],
            &["push", "--json", "-vv", "--log-format", "json"],
            &["list", "--json"],
            &["config", "check"],
            &["push", "https://me:hunter22@h"],
            &["status", "--json"],
        ] {
            let ran = world.run(&[&settings[..], line].concat());
            let said = format!("{}{}", ran.stdout, ran.stderr);
            assert!(!said.contains("hunter2"), "{line:?}: {said}");
        }
    }
}

#[test]
fn a_password_that_will_stand_on_a_command_line_is_warned_of_once_by_who_checks_and_who_pushes() {
    let mut world = World::with_obedient_nix();
    let warning = "warning: queue `default`: what is secret in its destination will stand on \
                   Nix's command line, which everybody on this machine can read\nhint: ";
    for (uri, nix_opts, instead) in [
        ("https://me:hunt#er22@h", "", "write `%23`"),
        (
            "https://me:hunter22@h",
            "--option store x",
            "leave the option",
        ),
    ] {
        world.set("NIX_POST_BUILD_PUSH_DESTINATION", uri);
        world.set("NIX_POST_BUILD_PUSH_NIX_OPTS", nix_opts);
        world.run(&["enqueue", &world.object("a")]).ok();
        for line in [
            &["config", "check"][..],
            &["config", "check", "--declared"],
            &["push", "--dry-run"],
            &["push"],
            &["push", "--until-empty"],
        ] {
            let stderr = world.run(line).stderr;
            let expected = format!("{warning}{instead}");
            assert_eq!(stderr.matches(&expected).count(), 1, "{line:?}: {stderr}");
            assert!(!stderr.contains("hunt"), "{stderr}");
        }
        world.run(&["list"]).ok();
    }
    world.set(
        "NIX_POST_BUILD_PUSH_DESTINATION",
        "https://me:hunt%23er22@h",
    );
    world.set("NIX_POST_BUILD_PUSH_NIX_OPTS", "");
    world.run(&["config", "check"]).ok();
    world.run(&["push"]).ok();
}
