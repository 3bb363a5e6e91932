//! Command line, then environment, then file, then default: for every setting.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::time::Duration;

use camino::Utf8PathBuf;
use nix_post_build_push_config::{
    CheckContents, ClosureType, Destination, Environment, Inputs, Need, OnError, Overrides, Row,
    resolve,
};
use proptest::prelude::*;
use proptest::sample::select;

/// A setting with a value for each source, and how each of them is shown in the end.
struct Setting {
    key: &'static str,
    on_command_line: fn(&mut Overrides),
    in_variable: &'static str,
    in_file: &'static str,
    shown: [&'static str; 4],
}

const DEFAULT_DIRECTORY: &str = "\"/var/lib/nix-post-build-push/q\"";

#[rustfmt::skip]
const SETTINGS: &[Setting] = &[
    Setting { key: "on-error", on_command_line: |o| o.on_error = Some(OnError::Fail), in_variable: "ignore", in_file: "\"fail\"", shown: ["\"fail\"", "\"ignore\"", "\"fail\"", "\"ignore\""] },
    Setting { key: "destination", on_command_line: |o| o.destination = Some(Destination::Uri("s3://cli".into())), in_variable: "s3://env", in_file: "{ file = \"/f\" }", shown: ["\"s3://cli\"", "\"s3://env\"", "{ file = \"/f\" }", ""] },
    Setting { key: "queue-dir", on_command_line: |o| o.queue_dir = Some("/cli".into()), in_variable: "/env", in_file: "\"/file\"", shown: ["\"/cli\"", "\"/env\"", "\"/file\"", DEFAULT_DIRECTORY] },
    Setting { key: "closure-type", on_command_line: |o| o.closure_type = Some(ClosureType::Bare), in_variable: "source", in_file: "\"cache\"", shown: ["\"bare\"", "\"source\"", "\"cache\"", "\"binary\""] },
    Setting { key: "check-contents", on_command_line: |o| o.check_contents = Some(CheckContents::Closure), in_variable: "entries", in_file: "\"closure\"", shown: ["\"closure\"", "\"entries\"", "\"closure\"", "\"off\""] },
    Setting { key: "check-sigs", on_command_line: |o| o.check_sigs = Some(true), in_variable: "off", in_file: "true", shown: ["true", "false", "true", "true"] },
    Setting { key: "substitute-on-destination", on_command_line: |o| o.substitute_on_destination = Some(false), in_variable: "YES", in_file: "false", shown: ["false", "true", "false", "false"] },
    Setting { key: "timeout", on_command_line: |o| o.timeout = Some(Duration::from_secs(1)), in_variable: "2s", in_file: "\"3s\"", shown: ["\"1s\"", "\"2s\"", "\"3s\"", "\"2h\""] },
    Setting { key: "stall-timeout", on_command_line: |o| o.stall_timeout = Some(Duration::from_secs(1)), in_variable: "2s", in_file: "\"3s\"", shown: ["\"1s\"", "\"2s\"", "\"3s\"", "\"10m\""] },
    Setting { key: "batch-size", on_command_line: |o| o.batch_size = Some(1), in_variable: "2", in_file: "3", shown: ["1", "2", "3", "1000"] },
    Setting { key: "jobs", on_command_line: |o| o.jobs = Some(1), in_variable: "2", in_file: "3", shown: ["1", "2", "3", ""] },
    Setting { key: "verify", on_command_line: |o| o.verify = Some(false), in_variable: "1", in_file: "false", shown: ["false", "true", "false", "false"] },
    Setting { key: "retry-delay", on_command_line: |o| o.retry_delay = Some(Duration::ZERO), in_variable: "2s", in_file: "\"3s\"", shown: ["\"0s\"", "\"2s\"", "\"3s\"", "\"1m\""] },
    Setting { key: "retry-max-delay", on_command_line: |o| o.retry_max_delay = Some(Duration::from_secs(60)), in_variable: "2m", in_file: "\"3m\"", shown: ["\"1m\"", "\"2m\"", "\"3m\"", "\"6h\""] },
    Setting { key: "max-attempts", on_command_line: |o| o.max_attempts = Some(1), in_variable: "2", in_file: "3", shown: ["1", "2", "3", "10"] },
];

/// The rows of one queue, with these settings given in these sources.
fn rows(given: &[(usize, &Setting)], options: [bool; 3]) -> Vec<Row> {
    let directory = tempfile::tempdir().unwrap();
    let file = Utf8PathBuf::try_from(directory.path().join("x.toml")).unwrap();
    let mut overrides = Overrides {
        config_file: Some(file.clone()),
        ..Overrides::default()
    };
    let (mut variables, mut hook, mut queue) =
        (Vec::new(), "[hook]\n".to_owned(), "[queues.q]\n".to_owned());
    for (sources, setting) in given {
        if sources & 1 != 0 {
            (setting.on_command_line)(&mut overrides);
        }
        if sources & 2 != 0 {
            let name = setting.key.to_uppercase().replace('-', "_");
            variables.push((
                format!("NIX_POST_BUILD_PUSH_{name}").into(),
                setting.in_variable.into(),
            ));
        }
        if sources & 4 != 0 {
            let table = if setting.key == "on-error" {
                &mut hook
            } else {
                &mut queue
            };
            table.push_str(&format!("{} = {}\n", setting.key, setting.in_file));
        }
    }
    if options[0] {
        overrides.nix_opts = vec!["cli".to_owned()].into();
    }
    if options[1] {
        variables.push(("NIX_POST_BUILD_PUSH_NIX_OPTS".into(), "'env 1' env2".into()));
    }
    if options[2] {
        queue.push_str("nix-opts = [\"file\"]\n");
    }
    std::fs::write(&file, hook + &queue).unwrap();
    let environment = Environment::new(variables);
    let inputs = Inputs {
        overrides: &overrides,
        environment: &environment,
        uid: 0,
        need: Need::Enqueue,
    };
    resolve(&inputs).strict().unwrap().0.rows()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    #[test]
    fn the_strongest_source_wins_whatever_else_is_given(
        sources in proptest::collection::vec(select((0..8).collect::<Vec<usize>>()), SETTINGS.len()),
        options in any::<[bool; 3]>(),
    ) {
        let given: Vec<_> = sources.iter().copied().zip(SETTINGS).collect();
        let rows = rows(&given, options);
        let shown = |key: &str| rows.iter().find(|row| row.key == key).map(|row| row.value.clone());
        let origin = |key: &str| rows.iter().find(|row| row.key == key).map(|row| row.origin.to_string());
        for (sources, setting) in given {
            let winner = (sources.trailing_zeros() as usize).min(3);
            let expected = setting.shown[winner];
            prop_assert_eq!(shown(setting.key).unwrap_or_default(), expected, "{}", setting.key);
            let origin = origin(setting.key).unwrap_or_default();
            let fits = match winner {
                0 => origin == "command line",
                1 => origin.starts_with("variable NIX_POST_BUILD_PUSH_"),
                2 => origin.contains("x.toml:"),
                _ => origin == "default" || expected.is_empty(),
            };
            prop_assert!(fits, "{}: {}", setting.key, origin);
        }
        let parts = [(options[2], "\"file\""), (options[1], "\"env 1\", \"env2\""), (options[0], "\"cli\"")];
        let parts: Vec<_> = parts.iter().filter(|(given, _)| *given).map(|(_, part)| *part).collect();
        prop_assert_eq!(shown("nix-opts").unwrap(), format!("[{}]", parts.join(", ")));
        prop_assert_eq!(origin("nix-opts").unwrap().split(" + ").count(), parts.len().max(1));
    }
}
