//! Sample files, one for each thing that can be right or wrong with one.
//!
//! What is said about an invalid sample stands beside it, in `NAME.expected`. To write
//! those anew: `UPDATE_EXPECTED=1 cargo test -p nix-post-build-push-config --test samples`.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;

use camino::Utf8PathBuf;
use nix_post_build_push_config::{
    ConfigError, EXAMPLE, Environment, Inputs, Need, Overrides, Resolution, resolve,
};

fn samples(kind: &str) -> Vec<Utf8PathBuf> {
    let directory = Utf8PathBuf::from(format!("tests/samples/{kind}"));
    let entries = directory.read_dir_utf8().unwrap();
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().into_path()).collect();
    files.retain(|file| file.extension() == Some("toml"));
    files.sort();
    assert!(!files.is_empty());
    files
}

fn check(file: &Utf8PathBuf, need: Need) -> Resolution {
    let overrides = Overrides {
        config_file: Some(file.clone()),
        ..Overrides::default()
    };
    let environment = Environment::new([("HOME".into(), "/home/alice".into())]);
    resolve(&Inputs {
        overrides: &overrides,
        environment: &environment,
        uid: 1000,
        need,
    })
}

#[test]
fn valid_samples_have_no_problems() {
    for file in samples("valid") {
        let resolution = check(&file, Need::Declared);
        assert_eq!(resolution.warnings, [], "{file}");
        if let Err(error) = resolution.strict() {
            panic!("{error}");
        }
    }
}

#[test]
fn invalid_samples_have_the_problems_that_stand_beside_them() {
    for file in samples("invalid") {
        let problems = check(&file, Need::Everything).problems;
        assert!(!problems.is_empty(), "{file} has no problem");
        for problem in &problems {
            assert!(problem.hint.is_some(), "no hint: {problem}");
        }
        let found = format!("{}\n", ConfigError { problems });
        let beside = file.with_extension("expected");
        if std::env::var_os("UPDATE_EXPECTED").is_some() {
            fs::write(&beside, &found).unwrap();
        }
        let expected = fs::read_to_string(&beside).unwrap_or_default();
        assert_eq!(found, expected, "{file}");
    }
}

#[test]
fn what_a_hint_says_to_write_is_right() {
    let directory = tempfile::tempdir().unwrap();
    let file = Utf8PathBuf::try_from(directory.path().join("hint.toml")).unwrap();
    let rows = "enable destination queue-dir closure-type check-contents check-sigs \
                substitute-on-destination nix-opts timeout stall-timeout batch-size jobs verify retry-delay retry-max-delay \
                max-attempts";
    for key in rows.split_whitespace() {
        fs::write(&file, format!("[queues.main]\n{key} = 1979-05-27\n")).unwrap();
        let problems = check(&file, Need::Enqueue).problems;
        let hint = problems[0].hint.as_deref().unwrap();
        let line = hint.strip_prefix("write for example: ").unwrap();
        assert!(line.starts_with(&format!("{key} = ")), "{hint}");
        fs::write(&file, format!("[queues.main]\n{line}\n")).unwrap();
        assert_eq!(check(&file, Need::Enqueue).problems, [], "{hint}");
    }
}

#[test]
fn the_example_is_valid_as_it_stands_and_with_all_its_keys() {
    let directory = tempfile::tempdir().unwrap();
    let file = Utf8PathBuf::try_from(directory.path().join("example.toml")).unwrap();
    let is_key = |line: &str| {
        let key = line.split_once(" = ").map_or("", |(key, _)| key);
        !key.is_empty()
            && key
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte == b'-')
    };
    let active = |line: &str| {
        line.strip_prefix("# ")
            .filter(|line| is_key(line))
            .map(str::to_owned)
    };
    let all: Vec<_> = EXAMPLE
        .lines()
        .map(|line| active(line).unwrap_or_else(|| line.to_owned()))
        .collect();
    for text in [EXAMPLE.to_owned(), all.join("\n")] {
        fs::write(&file, text).unwrap();
        let (config, warnings) = check(&file, Need::Declared).strict().unwrap();
        assert_eq!(warnings, []);
        assert_eq!(config.queues.len(), 1);
    }
    let (config, _) = check(&file, Need::Declared).strict().unwrap();
    for row in config.rows() {
        assert!(
            row.origin.location().is_some(),
            "{} is not in the example",
            row.key
        );
    }
}

#[test]
fn the_example_shows_the_defaults() {
    let directory = tempfile::tempdir().unwrap();
    let file = Utf8PathBuf::try_from(directory.path().join("empty.toml")).unwrap();
    fs::write(&file, "[queues.main]").unwrap();
    let rows = check(&file, Need::Enqueue).config.rows();
    assert_eq!(rows.len(), 25);
    for row in rows.iter().filter(|row| row.key != "queue-dir") {
        let line = format!("\n# {} = {}\n", row.key, row.value);
        assert!(EXAMPLE.contains(&line), "{line}");
    }
}
