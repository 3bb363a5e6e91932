//! What is resolved in spite of problems.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use camino::Utf8PathBuf;
use nix_post_build_push_config::{Destination, Need};

use support::{Case, messages, names};

#[test]
fn a_mistake_elsewhere_loses_no_queue() {
    let text = r#"
        nonsense = 1
        [hook]
        on-error = 7
        [queues.a]
        timeout = "soon"
        closure-type "cache"
        [queues.b]
        queue-dir = "/q/b"
        destinaton = "s3://b"
        [queues.c]
        verify = flase
    "#;
    let resolution = Case::new(text).resolve(Need::Enqueue);
    assert_eq!(names(&resolution.config), ["a", "b", "c"]);
    assert_eq!(resolution.config.queues[1].queue_dir.value, "/q/b");
    assert_eq!(resolution.problems.len(), 6, "{:#?}", resolution.problems);
    assert!(resolution.strict().is_err());
}

#[test]
fn a_queue_whose_directory_is_not_certain_is_left_out_and_no_other() {
    for line in [
        "queue-dir = \"q\"",
        "queue-dir = /q",
        "queue-dir \"/q\"",
        "queue-dir = \"/q",
        "queue-dri = \"/q\"",
        "queue-dir = 1",
        "\"queue-dir = \"/q\"",
    ] {
        let text = format!("[queues.a]\n{line}\n[queues.b]\nqueue-dir = \"/b\"\n[queues.c]\n");
        let resolution = Case::new(&text).resolve(Need::Enqueue);
        assert_eq!(names(&resolution.config), ["b", "c"], "{line}");
        assert_eq!(
            resolution.problems.len(),
            1,
            "{line}: {:?}",
            resolution.problems
        );
    }
}

#[test]
fn a_broken_override_of_the_directory_is_not_passed_over() {
    let case =
        Case::new("[queues.a]\nqueue-dir = \"/a\"").variable("NIX_POST_BUILD_PUSH_QUEUE_DIR", "a");
    let resolution = case.resolve(Need::Enqueue);
    assert_eq!(names(&resolution.config), Vec::<&str>::new());
    let expected = ["variable NIX_POST_BUILD_PUSH_QUEUE_DIR: the path is not absolute"];
    assert_eq!(messages(&resolution.problems), expected);
}

#[test]
fn a_named_file_that_is_missing_is_a_problem() {
    let mut case = Case::new("");
    case.overrides.config_file = Some("/nonexistent/config.toml".into());
    let resolution = case.resolve(Need::Enqueue);
    assert_eq!(resolution.config.queues, []);
    let expected =
        "cannot read the configuration file /nonexistent/config.toml: No such file or directory";
    assert!(
        resolution.problems[0].message.starts_with(expected),
        "{:?}",
        resolution.problems
    );
}

#[test]
fn without_a_home_a_user_must_name_a_directory_and_root_need_not() {
    let mut case = Case::new("[queues.a]\n[queues.b]\nqueue-dir = \"/b\"");
    case.variables.clear();
    let resolution = case.resolve(Need::Enqueue);
    assert_eq!(names(&resolution.config), ["b"]);
    let problem = &resolution.problems[0];
    assert_eq!(problem.location.as_ref().unwrap().line, 1);
    assert_eq!(problem.queues, ["a"]);
    assert!(problem.hint.as_ref().unwrap().contains("`queue-dir`"));
    let case = case.pick(&["b"]);
    assert_eq!(case.resolve(Need::Enqueue).problems, []);
    let case = Case { uid: 0, ..case }.pick(&[]);
    assert_eq!(case.resolve(Need::Enqueue).problems, []);
}

#[test]
fn one_directory_for_several_queues_is_a_problem_even_through_a_link() {
    let case = Case::new("");
    let root = Utf8PathBuf::try_from(case.directory.path().to_owned()).unwrap();
    std::fs::create_dir(root.join("real")).unwrap();
    std::os::unix::fs::symlink("real", root.join("link")).unwrap();
    let text =
        format!("[queues.a]\nqueue-dir = \"{root}/real\"\n[queues.b]\nqueue-dir = \"{root}/link\"");
    let case = Case::new(&text);
    assert_eq!(case.resolve(Need::Enqueue).problems.len(), 1);
    assert_eq!(case.resolve(Need::Enqueue).config.queues.len(), 2);
    assert!(case.resolve(Need::Enqueue).sound_queues().is_err());
    assert_eq!(case.pick(&["b"]).resolve(Need::Enqueue).problems, []);

    let mut case = Case::new("[queues.a]\n[queues.b]");
    case.overrides.queue_dir = Some("/q".into());
    let problems = case.resolve(Need::Enqueue).problems;
    assert_eq!(
        problems[0].hint.as_deref(),
        Some("pick one queue with --queue")
    );
}

#[test]
fn queues_that_share_a_directory_leave_a_third_one_sound() {
    let text = "[queues.a]\nqueue-dir = \"/q\"\n[queues.b]\nqueue-dir = \"/other\"\n\
                [queues.c]\nqueue-dir = \"/q\"\n[queues.d]\nqueue-dir = \"/q\"";
    let resolution = Case::new(text).resolve(Need::Enqueue);
    let concerned: Vec<_> = resolution
        .problems
        .iter()
        .map(|p| p.queues.join(" "))
        .collect();
    assert_eq!(concerned, ["a c", "a d"]);
    let (config, problems, _) = resolution.sound_queues().unwrap();
    assert_eq!((names(&config), problems.len()), (vec!["b"], 2));
}

#[test]
fn whoever_looks_is_told_of_a_secret_that_nobody_can_read_and_not_of_one_that_others_may() {
    let told = |file: &str| {
        let text = format!("[queues.a]\ndestination = {{ file = \"{file}\" }}\n[queues.b]\n");
        let problems = Case::new(&text).resolve(Need::Look).problems;
        let of = |name: &str| problems.iter().any(|problem| problem.queues == [name]);
        (of("a"), of("b"))
    };
    assert_eq!(told("/nonexistent/x"), (true, true));
    assert_eq!(told("/run/credentials/no-such.service/x"), (false, true));
}

#[test]
fn a_queue_whose_place_is_not_certain_is_named() {
    let text = "[queues.a]\nqueue-dir = 3\nmetrics-file = \"/x/a.prom\"\n[queues.b]\n\
                [queues.c]\nenable = false\nqueue-dir = 3\n[queues]\nd = 4\n";
    let resolution = Case::new(text).resolve(Need::Look);
    let lost = |resolution: &nix_post_build_push_config::Resolution| {
        let lost = resolution.lost.iter();
        lost.map(|queue| (queue.name.clone(), queue.metrics_file.is_some()))
            .collect::<Vec<_>>()
    };
    let expected = [("a".to_owned(), true), ("d".to_owned(), false)];
    assert_eq!(lost(&resolution), expected);
    assert_eq!(lost(&Case::new(text).pick(&["b"]).resolve(Need::Look)), []);
}

#[test]
fn one_queue_with_an_unreadable_secret_leaves_the_others_sound() {
    let text = "[queues.a]\ndestination = { file = \"/nonexistent/x\" }\n[queues.b]\ndestination = \"daemon\"";
    let case = Case::new(text);
    assert_eq!(case.resolve(Need::Enqueue).problems, []);
    assert_eq!(case.resolve(Need::Declared).problems, []);
    let (config, problems, _) = case.resolve(Need::Push).sound_queues().unwrap();
    assert_eq!(names(&config), ["b"]);
    let location = problems[0].location.as_ref().unwrap();
    assert_eq!((location.line, location.column), (2, 15));
    assert!(
        case.pick(&["a"])
            .resolve(Need::Push)
            .sound_queues()
            .is_err()
    );
}

#[test]
fn values_of_the_command_line_are_checked_too() {
    let mut case = Case::new("[queues.a]\n[queues.b]");
    case.overrides.batch_size = Some(0);
    case.overrides.timeout = Some(std::time::Duration::ZERO);
    case.overrides.destination = Some(Destination::Uri("".into()));
    let expected = [
        "option --destination: the destination is empty",
        "option --timeout: must be longer than zero",
        "option --batch-size: must be from 1 to 1000",
    ];
    assert_eq!(messages(&case.resolve(Need::Push).problems), expected);
}

#[test]
fn a_retry_delay_above_its_maximum_is_a_warning() {
    let resolution = Case::new("[queues.a]\nretry-max-delay = \"1s\"").resolve(Need::Enqueue);
    assert_eq!(resolution.problems, []);
    assert_eq!(resolution.warnings.len(), 1);
}

#[test]
fn an_option_that_makes_nix_copy_do_something_else_breaks_its_queue_only() {
    let text = "[queues.a]\ndestination = \"s3://a\"\nnix-opts = [\"--help\"]\n\
                [queues.b]\ndestination = \"s3://b\"\nnix-opts = [\"--option\", \"x\", \"--help\"]";
    let case = Case::new(text);
    let resolution = case.resolve(Need::Push);
    let location = resolution.problems[0].location.as_ref().unwrap();
    assert_eq!((location.line, location.column), (3, 12));
    assert_eq!(resolution.problems[0].queues, ["a"]);
    let (config, problems, _) = resolution.sound_queues().unwrap();
    assert_eq!((names(&config), problems.len()), (vec!["b"], 1));
    let picked = case.pick(&["a"]);
    assert!(picked.resolve(Need::Push).sound_queues().is_err());
    // What is built meanwhile waits in the queue until the mistake is mended.
    assert_eq!(names(&picked.resolve(Need::Enqueue).config), ["a"]);
}

#[test]
fn such_an_option_is_named_with_the_variable_or_the_command_line_that_has_it() {
    let text = "[queues.a]\ndestination = \"s3://a\"\nnix-opts = [\"--refresh\"]";
    let mut case = Case::new(text).variable("NIX_POST_BUILD_PUSH_NIX_OPTS", "-v --to s3://x");
    case.overrides.nix_opts = vec!["--store=s3://x".to_owned()].into();
    for need in [Need::Enqueue, Need::Push, Need::Declared, Need::Everything] {
        let resolution = case.resolve(need);
        let expected = [
            "command line: `--store` would make nix copy do something else",
            "variable NIX_POST_BUILD_PUSH_NIX_OPTS: `--to` would make nix copy do something else",
        ];
        assert_eq!(messages(&resolution.problems), expected);
        for problem in &resolution.problems {
            let hint = problem.hint.as_deref().unwrap();
            assert!(hint.contains("`destination`"), "{hint}");
        }
        assert_eq!(names(&resolution.config), ["a"]);
        let left = resolution.config.queues[0].nix_opts.value.to_vec();
        assert_eq!(left, ["--refresh"]);
        assert!(resolution.sound_queues().is_err());
    }
}
