use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;

use super::*;

const VERSIONS: [&str; 3] = ["2.8.0", "2.26.3", "2.34.8"];

/// Each recorded case with its exit code, the names of what is modified, and
/// whether something could not be read. The same for every version.
const CASES: &[(&str, i32, &[&str], bool)] = &[
    ("good", 0, &[], false),
    ("modified", 1, &["mod"], false),
    ("file-missing", 1, &["miss"], false),
    ("no-hash", 1, &["nohash"], false),
    ("reference", 1, &["base"], false),
    ("gone", 4, &[], true),
    ("fifo", 4, &[], true),
    ("unreadable", 4, &[], true),
    ("invalid", 5, &["mod"], true),
    ("several", 5, &["miss", "mod", "plain"], true),
    // An unprivileged user of a daemon.
    ("daemon", 1, &["mod"], false),
    ("daemon-several", 5, &["base"], true),
];

fn judge(version: &str, case: &str, code: i32) -> Option<Verdict> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/samples")
        .join(version)
        .join(format!("verify-{case}.txt"));
    let mut log = Log::default();
    log.feed(&fs::read(file).unwrap(), &mut |_| {});
    log.finish();
    let store = StoreDir::new("/nix/store").unwrap();
    verdict(ExitStatus::from_raw(code << 8), &log, &store)
}

#[test]
fn the_answers_of_every_version_are_understood() {
    for version in VERSIONS {
        for (case, code, modified, unclear) in CASES {
            let found = judge(version, case, *code).unwrap();
            let mut names: Vec<_> = found.modified.iter().map(StorePath::name).collect();
            names.sort_unstable();
            assert_eq!(names, *modified, "{version} {case}");
            assert_eq!(found.unclear.is_some(), *unclear, "{version} {case}");
        }
    }
}

#[test]
fn a_call_that_failed_as_a_whole_is_no_answer() {
    for version in VERSIONS {
        for case in ["no-daemon", "invalid-recursive"] {
            assert_eq!(judge(version, case, 1), None, "{version} {case}");
        }
    }
}

#[test]
fn an_exit_code_that_does_not_fit_what_was_printed_is_no_answer() {
    for (case, code) in [
        ("good", 1),
        ("modified", 0),
        ("modified", 4),
        ("several", 1),
        ("modified", 3),
        ("good", 127),
        ("good", 8),
    ] {
        assert_eq!(judge("2.34.8", case, code), None, "{case} {code}");
    }
    let store = StoreDir::new("/nix/store").unwrap();
    let killed = ExitStatus::from_raw(9);
    assert_eq!(verdict(killed, &Log::default(), &store), None);
}

#[test]
fn a_path_of_another_store_is_no_answer() {
    let mut log = Log::default();
    let lines = concat!(
        r#"@nix {"action":"start","id":1,"text":"","type":106}"#,
        "\n",
        r#"@nix {"action":"result","fields":["/gnu/store/x"],"id":1,"type":103}"#
    );
    log.feed(lines.as_bytes(), &mut |_| {});
    log.finish();
    let store = StoreDir::new("/nix/store").unwrap();
    assert_eq!(verdict(ExitStatus::from_raw(1 << 8), &log, &store), None);
}

#[test]
fn kinds_are_told_apart_and_the_paths_come_last() {
    let line = |objects, recursive| arguments(objects, recursive, &["/s/a".to_owned()]).join(" ");
    assert_eq!(
        line(Objects::Outputs, false),
        "store verify --no-trust /s/a"
    );
    assert_eq!(
        line(Objects::Derivations, true),
        "store verify --no-trust --recursive --derivation /s/a"
    );
}
