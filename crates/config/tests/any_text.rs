//! Whatever the file and the variables hold, there is an answer, and never a panic.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use camino::Utf8PathBuf;
use nix_post_build_push_config::{Environment, Inputs, Need, Overrides, Resolution, resolve};
use proptest::prelude::*;

fn check(bytes: &[u8], variable: &str) -> Resolution {
    let directory = tempfile::tempdir().unwrap();
    let file = Utf8PathBuf::try_from(directory.path().join("x.toml")).unwrap();
    std::fs::write(&file, bytes).unwrap();
    let overrides = Overrides {
        config_file: Some(file),
        ..Overrides::default()
    };
    let names = [
        "QUEUE_DIR",
        "TIMEOUT",
        "NIX_OPTS",
        "QUEUE",
        "BATCH_SIZE",
        "CHECK_SIGS",
        "DESTINATION",
    ];
    let names = names.map(|name| format!("NIX_POST_BUILD_PUSH_{name}"));
    let environment = Environment::new(names.map(|name| (name.into(), variable.into())));
    let resolution = resolve(&Inputs {
        overrides: &overrides,
        environment: &environment,
        uid: 1000,
        need: Need::Everything,
    });
    for problem in &resolution.problems {
        assert!(problem.hint.is_some(), "no hint: {problem}");
    }
    let _ = (
        format!("{resolution:?}"),
        resolution.config.rows(),
        resolution.clone().strict(),
    );
    resolution
}

/// Lines that are nearly right, so that more than the parser is reached.
fn line() -> impl Strategy<Value = String> {
    let key = prop_oneof![
        "(destination|queue-dir|nix-opts|timeout|batch-size|check-sigs|x)",
        "(queues|nix|hook)(\\.[a-z\"]{0,2}){0,3}",
    ];
    let value = prop_oneof![
        "[\"']{0,3}(/|s3:)?[a-zä\\\\. ]{0,4}[\"']{0,3}",
        "[\\[{]{0,2}(file ?= ?)?[\"a-z/,]{0,5}[\\]}]{0,2}",
        "-?(0x)?[0-9_.e]{0,30}",
        "(true|false|inf|1979-05-27T07:32:00Z)",
    ];
    prop_oneof![
        (key, "( = |=| )", value).prop_map(|(key, equals, value)| key + &equals + &value),
        "\\[{0,2}(queues|nix|hook|[a-z]{0,3})(\\.[a-z\"ä]{0,3}){0,2}\\]{0,2}",
        "#?\\PC{0,6}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) })]

    #[test]
    fn nearly_right_files_get_an_answer(
        lines in proptest::collection::vec(line(), 0..10),
        end in "(\n|\r\n)",
        variable in "[a-z0-9 '\"/@:.]{0,6}",
    ) {
        let text = lines.join(&end);
        for problem in check(text.as_bytes(), &variable).problems {
            if let Some(location) = problem.location {
                prop_assert!(location.line >= 1 && location.line <= lines.len() + 1, "{location}");
                prop_assert!(location.column >= 1);
            }
        }
    }

    #[test]
    fn any_bytes_get_an_answer(bytes in proptest::collection::vec(any::<u8>(), 0..60), variable in "[^\\x00]{0,6}") {
        check(&bytes, &variable);
    }
}
