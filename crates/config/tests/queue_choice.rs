//! Which queues there are, and which of them are picked.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use nix_post_build_push_config::{Need, Origin};

use support::{Case, messages, names};

#[test]
fn a_file_without_queues_gives_one_only_if_something_describes_it() {
    let nothing = Case::new("").resolve(Need::Push);
    assert_eq!(names(&nothing.config), Vec::<&str>::new());
    assert_eq!(nothing.problems, []);
    assert!(
        nothing.warnings[0]
            .message
            .starts_with("no queue is configured in ")
    );
    assert_eq!(Case::new("").resolve(Need::Everything).problems.len(), 1);

    let described = Case::new("").variable("NIX_POST_BUILD_PUSH_DESTINATION", "daemon");
    let (config, _) = described.resolve(Need::Push).strict().unwrap();
    assert_eq!(names(&config), ["default"]);
    assert_eq!(
        config.queues[0].queue_dir.value,
        "/home/u/.local/state/nix-post-build-push/default"
    );
}

#[test]
fn an_explicit_pick_wins_over_disabled_and_over_the_variable() {
    let text = "[queues.a]\nenable = false\n[queues.b]\n[queues.c]\nenable = false";
    let enabled = |case: &Case| {
        let (config, _) = case.resolve(Need::Enqueue).strict().unwrap();
        config
            .enabled()
            .map(|queue| queue.name.clone())
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(enabled(&Case::new(text)), "b");
    let case = Case::new(text).variable("NIX_POST_BUILD_PUSH_QUEUE", " c  b ");
    assert_eq!(enabled(&case), "b c");
    let case = case.pick(&["a"]);
    assert_eq!(enabled(&case), "a");
    let config = case.resolve(Need::Enqueue).config;
    assert_eq!(config.queues[0].enable.origin, Origin::CommandLine);
}

#[test]
fn an_unknown_pick_names_the_known_queues() {
    let resolution = Case::new("[queues.a]\n[queues.b]")
        .pick(&["a", "x"])
        .resolve(Need::Enqueue);
    assert_eq!(names(&resolution.config), ["a"]);
    assert_eq!(
        messages(&resolution.problems),
        ["unknown queue `x` (command line)"]
    );
    assert_eq!(
        resolution.problems[0].hint.as_deref(),
        Some("known are a, b")
    );
}
