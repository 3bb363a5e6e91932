//! A secret in a place that is not made for one is not repeated in any message.

#![allow(clippy::unwrap_used)]

mod common;

use std::process::Command;

use common::World;

const URI: &str = "https://me:hunter22@h";

#[track_caller]
fn shows_nothing(world: &World, line: &[&str]) -> String {
    let mut said = String::new();
    for format in ["text", "json"] {
        let ran = world.run(&[line, &["--log-format", format]].concat());
        said += &(ran.stdout + &ran.stderr);
    }
    let plain = world.run(line);
    said += &(plain.stdout + &plain.stderr);
    assert!(!said.contains("hunter2"), "{line:?}: {said}");
    said
}

#[test]
fn a_uri_in_place_of_any_other_argument_shows_no_password() {
    let world = World::with_obedient_nix();
    for line in [
        &["push", "--destination-file", URI][..],
        &["push", "--config-file", URI],
        &["list", "--queue", URI],
        &["push", "--timeout", URI],
        &["push", "--closure-type", URI],
        &[URI],
        &["help", URI],
        &["completions", URI],
        &["enqueue", URI],
        &["push", URI],
        &["drop", URI],
        &["list", "--nonsense", URI],
    ] {
        let said = shows_nothing(&world, line);
        let named = said.contains("/***@h") || line.contains(&"--nonsense");
        assert!(named, "{line:?}: {said}");
    }
    let joined = format!("--batch-size={URI}");
    shows_nothing(&world, &["push", &joined]);
}

#[test]
fn a_uri_in_place_of_any_variable_shows_no_password() {
    for name in [
        "NIX_POST_BUILD_PUSH_CONFIG_FILE",
        "NIX_POST_BUILD_PUSH_DESTINATION_FILE",
        "NIX_POST_BUILD_PUSH_QUEUE",
        "NIX_POST_BUILD_PUSH_QUEUE_DIR",
        "NIX_POST_BUILD_PUSH_TIMEOUT",
        "NIX_POST_BUILD_PUSH_LOG",
        "NIX_POST_BUILD_PUSH_LOG_FORMAT",
        "NIX_STORE_DIR",
        "OUT_PATHS",
        "DRV_PATH",
    ] {
        let mut world = World::with_obedient_nix();
        world.set(name, URI);
        for line in [
            &["push"][..],
            &["enqueue"],
            &["status"],
            &["config", "show"],
        ] {
            shows_nothing(&world, line);
        }
        let like = world.command(&[]);
        let mut hook = Command::new(env!("CARGO_BIN_EXE_nix-post-build-push-hook"));
        let variables = like.get_envs();
        hook.env_clear()
            .envs(variables.filter_map(|(name, value)| Some((name, value?))));
        let said = String::from_utf8(hook.output().unwrap().stderr).unwrap();
        assert!(!said.contains("hunter2"), "{name}: {said}");
    }
}

#[test]
fn a_uri_in_any_place_of_the_configuration_shows_no_password() {
    let mut world = World::new();
    world.unset("NIX_POST_BUILD_PUSH_QUEUE_DIR");
    let queue = "[queues.main]\nqueue-dir = \"{}/queue\"\n";
    for text in [
        format!("{queue}timeout = \"{URI}\"\n"),
        format!("{queue}\"{URI}\" = 1\n"),
        format!("{queue}[queues.\"{URI}\"]\nqueue-dir = \"{{}}/other\"\n"),
        format!("{queue}[hook]\non-error = \"{URI}\"\n"),
        format!("{queue}[nix]\nbin-dir = \"/{URI}\"\n"),
        format!("{queue}[\"{URI}\"]\n"),
        format!("{queue}destination = {{ file = \"/{URI}\" }}\n"),
    ] {
        let file = world.write("config.toml", &text);
        world.set("NIX_POST_BUILD_PUSH_CONFIG_FILE", file.as_str());
        for line in [
            &["push"][..],
            &["status"],
            &["list", "--json"],
            &["config", "check"],
            &["config", "show"],
            &["config", "show", "--json"],
        ] {
            shows_nothing(&world, line);
        }
    }
}

#[test]
fn of_an_option_that_is_for_nix_alone_the_name_is_told() {
    let world = World::with_obedient_nix();
    for (command, code) in [
        ("enqueue-paths", 2),
        ("closure", 0),
        ("show-closure", 0),
        ("show-queued-paths", 0),
        ("list", 2),
        ("nonsense", 2),
    ] {
        let ran = world.run(&[command, "--access-tokens=a=hunter22"]);
        assert_eq!(ran.code, code, "{command}: {}", ran.stderr);
        assert!(!ran.stderr.contains("hunter2"), "{}", ran.stderr);
        let named = ran.stderr.contains("`--access-tokens`")
            || ran.stderr.contains("'--access-tokens'")
            || command == "nonsense";
        assert!(named, "{command}: {}", ran.stderr);
    }
}

#[test]
fn variables_for_builders_among_the_options_for_nix_are_not_shown() {
    let world = World::with_obedient_nix();
    world.run(&["enqueue", &world.object("a")]).ok();
    let options = ["--option", "impure-env", "FOO=hunter22"];
    for line in [
        &["push", "-vv"][..],
        &["push", "-n"],
        &["push", "--until-empty", "-vvv"],
    ] {
        let said = shows_nothing(&world, &[line, &options].concat());
        assert!(!said.contains("FOO="), "{said}");
    }
    let mut world = World::new();
    world.set(
        "NIX_POST_BUILD_PUSH_NIX_OPTS",
        "--option impure-env FOO=hunter22 --impure-env=FOO=hunter22",
    );
    let shown = shows_nothing(&world, &["config", "show"]);
    assert!(
        shown.contains("\"impure-env\", \"***\", \"--impure-env=***\""),
        "{shown}"
    );
}
