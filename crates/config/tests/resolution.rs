//! What is resolved in spite of problems, and which queues there are.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::os::unix::ffi::OsStringExt;

use camino::Utf8PathBuf;
use nix_post_build_push_config::{
    Config, Destination, Environment, Inputs, Need, Origin, Overrides, Problem, Resolution, resolve,
};

struct Case {
    directory: tempfile::TempDir,
    overrides: Overrides,
    variables: Vec<(&'static str, String)>,
    uid: u32,
}

impl Case {
    fn new(text: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let file = Utf8PathBuf::try_from(directory.path().join("config.toml")).unwrap();
        std::fs::write(&file, text).unwrap();
        let overrides = Overrides {
            config_file: Some(file),
            ..Overrides::default()
        };
        Self {
            directory,
            overrides,
            variables: vec![("HOME", "/home/u".to_owned())],
            uid: 1000,
        }
    }

    fn pick(mut self, names: &[&str]) -> Self {
        self.overrides.queues = names.iter().map(|name| (*name).to_owned()).collect();
        self
    }

    fn variable(mut self, name: &'static str, value: &str) -> Self {
        self.variables.push((name, value.to_owned()));
        self
    }

    fn resolve(&self, need: Need) -> Resolution {
        let variables = self
            .variables
            .iter()
            .map(|(name, value)| (name.into(), value.into()));
        let environment = Environment::new(variables);
        resolve(&Inputs {
            overrides: &self.overrides,
            environment: &environment,
            uid: self.uid,
            need,
        })
    }
}

fn names(config: &Config) -> Vec<&str> {
    config
        .queues
        .iter()
        .map(|queue| queue.name.as_str())
        .collect()
}

fn messages(problems: &[Problem]) -> Vec<&str> {
    problems
        .iter()
        .map(|problem| problem.message.as_str())
        .collect()
}

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
fn a_retry_delay_above_its_maximum_is_a_warning() {
    let resolution = Case::new("[queues.a]\nretry-max-delay = \"1s\"").resolve(Need::Enqueue);
    assert_eq!(resolution.problems, []);
    assert_eq!(resolution.warnings.len(), 1);
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
