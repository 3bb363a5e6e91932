//! What the pushes remember, as somebody else may have written it.

use crate::case::{Case, run_all};
use crate::stage::Stage;

const fn status(name: &'static str, prepare: fn(&mut Stage), says: &'static str) -> Case {
    Case {
        name,
        line: "status",
        prepare,
        code: 0,
        says,
        queued: &["a"],
    }
}

/// The push goes on without it, and copies what is queued.
const fn push(name: &'static str, prepare: fn(&mut Stage), code: i32, says: &'static str) -> Case {
    Case {
        name,
        line: "push",
        prepare,
        code,
        says,
        queued: &[],
    }
}

const LOST: &str = "its memory of failures is lost";

fn failure(stage: &mut Stage, field: &str, value: &str) {
    let mut fields = vec![
        ("attempts", "3"),
        ("first-failure", "\"2026-01-01T00:00:00Z\""),
        ("first-error", "\"no\""),
        ("last-failure", "\"2026-01-01T00:00:00Z\""),
        ("last-error", "\"no\""),
        ("next-try", "\"2026-01-01T00:00:00Z\""),
    ];
    for (name, known) in &mut fields {
        if *name == field {
            *known = value;
        }
    }
    let lines: String = fields
        .iter()
        .map(|(name, value)| format!("{name} = {value}\n"))
        .collect();
    stage.ledger(format!("format = 1\n[entries.{{#}}-a]\n{lines}"));
}

fn to_push(stage: &mut Stage, text: impl AsRef<[u8]>) {
    stage.program("nix", "exit 0");
    stage.set("NIX_POST_BUILD_PUSH_DESTINATION", "file://{}/cache");
    stage.ledger(text);
}

pub const CASES: &[Case] = &[
    status("an empty file", |s| s.ledger(""), LOST),
    status(
        "a text that is cut off",
        |s| s.ledger("format = 1\n[entries.\"x"),
        LOST,
    ),
    status(
        "binary garbage",
        |s| s.ledger([0, 255, 27, 91, 50, 74]),
        LOST,
    ),
    status("an escape sequence", |s| s.ledger(b"\x1b[2J"), LOST),
    status(
        "another format",
        |s| s.ledger("format = 999\nwhatever = 1\n"),
        "the ledger has format 999, newer than 1",
    ),
    status("a negative format", |s| s.ledger("format = -1\n"), LOST),
    status(
        "an entry with a way out",
        |s| {
            s.ledger("format = 1\n[entries.\"../../etc\"]\nattempts = 1\nfirst-failure = \"2026-01-01T00:00:00Z\"\nfirst-error = \"\"\nlast-failure = \"2026-01-01T00:00:00Z\"\nlast-error = \"\"\nnext-try = \"2026-01-01T00:00:00Z\"\n")
        },
        "\"../../etc\" makes no sense in it",
    ),
    status(
        "an entry with an escape sequence",
        |s| {
            s.ledger("format = 1\n[entries.\"\\u001b[2J\"]\nattempts = 1\nfirst-failure = \"2026-01-01T00:00:00Z\"\nfirst-error = \"\"\nlast-failure = \"2026-01-01T00:00:00Z\"\nlast-error = \"\"\nnext-try = \"2026-01-01T00:00:00Z\"\n")
        },
        "\"\\u{1b}[2J\" makes no sense in it",
    ),
    status(
        "a time of nonsense",
        |s| failure(s, "next-try", "\"tomorrow\\u001b[2J\""),
        "makes no sense in it",
    ),
    status(
        "a time before all times",
        |s| failure(s, "next-try", "\"0000-01-01T00:00:00Z\""),
        "makes no sense in it",
    ),
    status(
        "the last of all times",
        |s| failure(s, "next-try", "\"9999-12-31T23:59:59Z\""),
        "(1 ready, 1 without a root)",
    ),
    status(
        "more attempts than can be counted",
        |s| failure(s, "attempts", "4294967295"),
        "failed 4294967295 times",
    ),
    status(
        "more attempts than a number holds",
        |s| failure(s, "attempts", "99999999999999999999"),
        LOST,
    ),
    status(
        "no attempts",
        |s| failure(s, "attempts", "0"),
        "failed 1 times",
    ),
    status(
        "an error with an escape sequence",
        |s| failure(s, "last-error", "\"\\u001b[2J\\u0007\""),
        "\\u{1b}[2J\\u{7}",
    ),
    status(
        "an error with an escape of one character",
        |s| failure(s, "last-error", "\"\\u009b2J\""),
        "\\u{9b}2J",
    ),
    status(
        "an error with letters that turn the direction",
        |s| failure(s, "last-error", "\"\\u202e2J\""),
        "\\u{202e}2J",
    ),
    status(
        "an error of several lines",
        |s| failure(s, "last-error", "\"a\\nerror: forged\""),
        "a\\nerror: forged",
    ),
    status(
        "ten thousand brackets",
        |s| s.ledger(format!("format = 1\nx = {}", "[".repeat(10_000))),
        LOST,
    ),
    status(
        "a key of a hundred thousand dots",
        |s| s.ledger(format!("format = 1\n{}a = 1\n", "a.".repeat(100_000))),
        LOST,
    ),
    status(
        "a file of a terabyte",
        |s| {
            s.ledger("");
            s.hole("queue/.push/ledger.toml", 1 << 40);
        },
        "it is larger than",
    ),
    status(
        "a directory in its place",
        |s| {
            s.entry("a");
            s.dir("queue/.push/ledger.toml");
        },
        LOST,
    ),
    status(
        "a pipe that nobody writes to",
        |s| {
            s.entry("a");
            s.dir("queue/.push");
            s.fifo("queue/.push/ledger.toml");
        },
        LOST,
    ),
    status(
        "a link out of the queue",
        |s| {
            s.entry("a");
            s.dir("queue/.push");
            s.link("queue/.push/ledger.toml", "{}/outside/canary");
        },
        "it is a symlink",
    ),
    status(
        "a device without an end",
        |s| {
            s.entry("a");
            s.dir("queue/.push");
            s.link("queue/.push/ledger.toml", "/dev/zero");
        },
        LOST,
    ),
    status(
        "a link in place of the push's directory",
        |s| {
            s.entry("a");
            s.link("queue/.push", "{}/outside");
        },
        LOST,
    ),
    push(
        "garbage before a push",
        |s| to_push(s, "garbage\x1b[2J"),
        0,
        "the memory of failures is lost",
    ),
    push(
        "a file of a terabyte before a push",
        |s| {
            to_push(s, "");
            s.hole("queue/.push/ledger.toml", 1 << 40);
        },
        75,
        "it is larger than",
    ),
    push(
        "a directory in its place before a push",
        |s| {
            to_push(s, "");
            std::fs::remove_file(s.path("queue/.push/ledger.toml")).unwrap();
            s.dir("queue/.push/ledger.toml/x");
        },
        75,
        "failed to save the ledger ROOT/queue/.push/ledger.toml",
    ),
    push(
        "a pipe where the new one is written",
        |s| {
            to_push(s, "garbage");
            s.fifo("queue/.push/ledger.toml.new");
        },
        0,
        "1 copied",
    ),
    push(
        "a link where the new one is written",
        |s| {
            to_push(s, "garbage");
            s.link("queue/.push/ledger.toml.new", "{}/outside/canary");
        },
        0,
        "1 copied",
    ),
    push(
        "another file by a second name where the new one is written",
        |s| {
            to_push(s, "garbage");
            std::fs::hard_link(
                s.path("outside/canary"),
                s.path("queue/.push/ledger.toml.new"),
            )
            .unwrap();
        },
        0,
        "1 copied",
    ),
    Case {
        name: "a link in place of the lock",
        line: "push",
        prepare: |s| {
            to_push(s, "");
            s.link("queue/.push/lock", "{}/outside/canary");
        },
        code: 75,
        says: "failed to take the push lock ROOT/queue/.push/lock",
        queued: &["a"],
    },
    Case {
        name: "a link in place of the push's directory, before a push",
        line: "push",
        prepare: |s| {
            to_push(s, "");
            std::fs::remove_dir_all(s.path("queue/.push")).unwrap();
            s.link("queue/.push", "{}/outside");
        },
        code: 75,
        says: "failed to open the directory ROOT/queue/.push",
        queued: &["a"],
    },
];

#[test]
fn every_case_of_the_ledger() {
    run_all("the ledger", CASES);
}
