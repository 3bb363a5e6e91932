//! The list of parsers, the tests and the places where something is read agree.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::path::{Path, PathBuf};

use fuzz::PARSERS;

/// Where something comes in that somebody else wrote, and the parsers that are given it; none where
/// nothing is made of it but whether it is the very thing that we would have written, or where it
/// comes from the kernel.
const READERS: &[(&str, &[&str])] = &[
    // The kernel's word for which processors are online.
    ("cli/src/adapters/cores.rs", &[]),
    (
        "cli/src/bin/nix-post-build-push-hook.rs",
        &["hook variables", "variables"],
    ),
    ("cli/src/commands/enqueue.rs", &["lines of standard input"]),
    ("cli/src/completion/candidates.rs", &["variables"]),
    // What systemd, the user database and a doctor in the place of a service answer.
    (
        "cli/src/doctor/bounded.rs",
        &[
            "answers of systemd",
            "findings of a doctor",
            "user database",
        ],
    ),
    ("cli/src/doctor/hook_program.rs", &["words of a script"]),
    ("cli/src/doctor/machine.rs", &["variables"]),
    ("cli/src/doctor/nix_conf.rs", &["includes of nix.conf"]),
    // The kernel's word for the variables that a process began with.
    ("cli/src/doctor/process.rs", &["variables"]),
    // The name before a secret key, compared with others.
    ("cli/src/doctor/signatures.rs", &[]),
    ("cli/src/hook_variables.rs", &["derivation"]),
    // The kernel's word for who holds a lock, and for when a process began.
    ("cli/src/lock.rs", &[]),
    ("cli/src/process_time.rs", &[]),
    (
        "cli/src/program.rs",
        &[
            "arguments",
            "line to complete",
            "pattern",
            "variables",
            "filter of messages",
        ],
    ),
    ("cli/src/session.rs", &["hook variables"]),
    (
        "config/src/trusted_file.rs",
        &[
            "configuration file",
            "store URI",
            "duration",
            "byte size",
            "options for nix",
        ],
    ),
    // Where a symlink leads: each name of it is opened by itself, and judged.
    ("config/src/way.rs", &[]),
    ("nix-copy/src/add.rs", &["store path"]),
    ("nix-copy/src/contents.rs", &["answer of store verify"]),
    ("nix-copy/src/inspect/roots.rs", &["roots of nix"]),
    ("nix-copy/src/inspect/signatures.rs", &["signatures of nix"]),
    ("nix-copy/src/inspect/trust.rs", &["trust of a store"]),
    // Numbers of the kernel's, in `/proc`.
    ("nix-copy/src/movement.rs", &[]),
    ("nix-copy/src/path_info.rs", &["answer of path-info"]),
    (
        "nix-copy/src/queries.rs",
        &[
            "version of nix",
            "settings of nix",
            "list of settings",
            "lines of store paths",
            "lines of derivers",
            "store path",
        ],
    ),
    // A root is ours if it leads to our entry, and another's if it leads anywhere else.
    ("nix-copy/src/roots.rs", &[]),
    ("nix-copy/src/sizes.rs", &["sizes of a closure"]),
    // All that a Nix prints comes through here; the rest is the kernel's word for its state.
    (
        "nix-copy/src/supervise/running.rs",
        &["line of internal-json", "message of nix"],
    ),
    ("nix-copy/src/uploader.rs", &["message of nix"]),
    ("ownership/src/root.rs", &["map of user ids"]),
    // As in `roots.rs`.
    ("queue-core/src/auto_roots.rs", &["base 32"]),
    (
        "queue-core/src/fs_limit_state.rs",
        &["reason why a queue is closed", "store path"],
    ),
    ("queue-core/src/fs_push_state.rs", &["ledger"]),
    (
        "queue-core/src/fs_queue_directory/entries.rs",
        &["link of an entry"],
    ),
    (
        "queue-core/src/fs_queue_directory/mod.rs",
        &["store path", "store directory"],
    ),
    // Whatever a collector answers, it is one byte, and nobody looks which.
    ("queue-core/src/gc_socket.rs", &[]),
];

/// How something comes in. What is read in another way has to be thought of by hand.
const WAYS_IN: &[&str] = &[
    "read_to_string(",
    "read_to_end(",
    "fs::read(",
    "read_until(",
    "read_line(",
    ".read(&mut",
    "readlink(",
    "readlinkat(",
    "read_link(",
    "Dir::read_from(",
    "read_dir(",
    "vars_os(",
    "args_os(",
    "wait_with_output(",
    "Call::query(",
    "Call {",
];

/// All source files of the product.
fn sources(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        match path.is_dir() {
            true if name == "testing" => {}
            true => sources(&path, found),
            false if ["tests.rs", "fuzz.rs", "fake.rs"].contains(&name) => {}
            false => found.push(path),
        }
    }
}

/// What stands before the tests of a file.
fn product(text: &str) -> &str {
    text.split("\n#[cfg(test)]").next().unwrap()
}

fn crates() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

#[test]
fn whatever_is_read_has_a_parser_that_is_listed_or_a_reason_to_have_none() {
    let mut files = Vec::new();
    for home in ["cli", "config", "nix-copy", "ownership", "queue-core"] {
        sources(&crates().join(home).join("src"), &mut files);
    }
    let reads = |file: &PathBuf| {
        let text = fs::read_to_string(file).unwrap();
        WAYS_IN.iter().any(|way| product(&text).contains(way))
    };
    let named = |file: &PathBuf| {
        let below = file.strip_prefix(crates()).unwrap();
        below.to_str().unwrap().to_owned()
    };
    let mut reading: Vec<_> = files.iter().filter(|file| reads(file)).map(named).collect();
    reading.sort();
    let listed: Vec<_> = READERS.iter().map(|(file, _)| *file).collect();
    assert_eq!(reading, listed, "what is new there needs a line in READERS");
}

#[test]
fn each_parser_is_given_something_that_is_read() {
    for (file, parsers) in READERS {
        for name in *parsers {
            let is_listed = PARSERS.iter().any(|parser| parser.name == *name);
            assert!(is_listed, "`{name}` of {file} is not in PARSERS");
        }
    }
    // This one reads nothing: it is what everything is printed through.
    let mut names = PARSERS.iter().map(|parser| parser.name);
    let names = names.by_ref().filter(|name| *name != "printed text");
    for name in names {
        let is_given = READERS.iter().any(|(_, parsers)| parsers.contains(&name));
        assert!(is_given, "nobody reads what `{name}` parses");
    }
}

#[test]
fn each_parser_is_fuzzed_in_its_crate() {
    for parser in PARSERS {
        let file = format!(
            "{}/../{}/src/fuzz.rs",
            env!("CARGO_MANIFEST_DIR"),
            parser.home
        );
        let text = std::fs::read_to_string(&file).unwrap();
        let calls = text.matches(&format!("\"{}\"", parser.name)).count();
        assert_eq!(calls, 1, "{} in {file}", parser.name);
    }
}

#[test]
#[should_panic = "is not in PARSERS"]
fn a_parser_that_is_not_listed_is_refused() {
    fuzz::fuzz("nobody", fuzz::text(), |_| Ok(()));
}

#[test]
#[should_panic = "`Option::unwrap()` on a `None` value"]
fn a_panic_is_a_failure() {
    let samples = ["a,b"];
    fuzz::fuzz("duration", fuzz::text_like(&samples), |text| {
        text.split_once(',').unwrap();
        Ok(())
    });
}
