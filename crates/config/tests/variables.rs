//! What the variables of the environment say.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::os::unix::ffi::OsStringExt;

use nix_post_build_push_config::{Environment, Inputs, Need, resolve};

use support::{Case, messages};

#[test]
fn a_variable_may_name_the_file_that_holds_the_destination() {
    let file = "NIX_POST_BUILD_PUSH_DESTINATION_FILE";
    let asked = |case: Case| {
        let resolution = case.resolve(Need::Declared);
        let destination = resolution.config.queues[0].destination.clone();
        let shown = destination.map(|d| format!("{:?} of {}", d.value, d.origin));
        (shown, messages(&resolution.problems).join("; "))
    };
    let table = || Case::new("[queues.main]\ndestination = { file = \"/nowhere\" }\n");
    let (shown, problems) = asked(table().variable(file, "/run/url"));
    let expected = format!("SecretFile(\"/run/url\") of variable {file}");
    assert_eq!((shown, problems.as_str()), (Some(expected), ""));
    let both = table().variable(file, "/run/url");
    let (shown, _) = asked(both.variable("NIX_POST_BUILD_PUSH_DESTINATION", "/direct"));
    assert!(shown.is_some_and(|shown| shown.ends_with("PUSH_DESTINATION")));
    let (_, problems) = asked(table().variable(file, "run/url"));
    assert_eq!(
        problems,
        format!("variable {file}: the path is not absolute")
    );
}

#[test]
fn nix_directories_come_from_the_file_then_from_the_variables_of_nix() {
    let shown = |case: Case| {
        let nix = case.resolve(Need::Enqueue).config.nix;
        format!(
            "{} ({}), {} ({})",
            nix.store_dir.value, nix.store_dir.origin, nix.state_dir.value, nix.state_dir.origin
        )
    };
    let case = || Case::new("");
    assert_eq!(
        shown(case()),
        "/nix/store (default), /nix/var/nix (default)"
    );
    let local = case()
        .variable("NIX_LOCALSTATE_DIR", "/v")
        .variable("NIX_STORE_DIR", "/s/");
    assert_eq!(
        shown(local),
        "/s (variable NIX_STORE_DIR), /v/nix (variable NIX_LOCALSTATE_DIR)"
    );
    let both = case()
        .variable("NIX_LOCALSTATE_DIR", "/v")
        .variable("NIX_STATE_DIR", "/w");
    assert_eq!(
        shown(both),
        "/nix/store (default), /w (variable NIX_STATE_DIR)"
    );
    let file = Case::new("nix.store-dir = '/f'").variable("NIX_STORE_DIR", "/s");
    assert!(shown(file).starts_with("/f (/"));
    let relative = case().variable("NIX_STORE_DIR", "s").resolve(Need::Enqueue);
    assert_eq!(
        messages(&relative.problems),
        ["variable NIX_STORE_DIR: the path is not absolute"]
    );
}

#[test]
fn unknown_and_unused_variables_are_warnings() {
    let case = Case::new("[queues.a]")
        .variable("NIX_POST_BUILD_PUSH_DESTINATON", "daemon")
        .variable("NIX_POST_BUILD_PUSH_XARGS_BIN", "xargs")
        .variable("NIX_POST_BUILD_PUSH_LOG", "debug");
    let resolution = case.resolve(Need::Enqueue);
    assert_eq!(resolution.problems, []);
    let expected = [
        "unknown variable NIX_POST_BUILD_PUSH_DESTINATON",
        "variable NIX_POST_BUILD_PUSH_XARGS_BIN has no effect any more",
    ];
    assert_eq!(messages(&resolution.warnings), expected);
    let hint = resolution.warnings[0].hint.as_deref();
    assert_eq!(
        hint,
        Some("did you mean `NIX_POST_BUILD_PUSH_DESTINATION`?")
    );
}

#[test]
fn a_variable_of_ours_that_is_not_utf8_is_a_problem() {
    let bad = std::ffi::OsString::from_vec(vec![0xff]);
    let environment = Environment::new([
        ("NIX_POST_BUILD_PUSH_QUEUE_DIR".into(), bad.clone()),
        ("OTHER".into(), bad),
    ]);
    let overrides = Case::new("[queues.a]");
    let overrides = &overrides.overrides;
    let inputs = Inputs {
        overrides,
        environment: &environment,
        uid: 0,
        need: Need::Enqueue,
    };
    let resolution = resolve(&inputs);
    assert_eq!(
        messages(&resolution.problems),
        ["variable NIX_POST_BUILD_PUSH_QUEUE_DIR: the value is not UTF-8"]
    );
    assert_eq!(resolution.config.queues, []);
}
