//! The text of the configuration file.

use crate::case::{Case, run_all};
use crate::rows::{built, check};
use crate::stage::Stage;

/// A queue that is fine, then what is not.
fn behind_a_good_queue(stage: &mut Stage, text: &[u8]) {
    let good = b"[queues.main]\nqueue-dir = \"{}/queue\"\ndestination = \"file://{}/cache\"\n";
    stage.config([&good[..], text].concat());
}

#[rustfmt::skip]
pub const CASES: &[Case] = &[
    check("an empty file", |s| s.config(""), "no queue is configured"),
    check("bytes that are no UTF-8", |s| s.config(b"a = 1\n\xff\x1b[2J"), "config.toml:2:1: the file is not UTF-8"),
    check("binary garbage", |s| s.config([0, 1, 2, 27, 91, 50, 74, 10, 0]), "config.toml:1:"),
    check("an escape sequence as a key", |s| s.config("[queues.main]\n\"\\u001b[2J\" = 1\n"), "unknown key `\\u{1b}[2J`"),
    check("a raw escape sequence", |s| s.config(b"[queues.main]\n\x1b[2J = 1\n"), "config.toml:2:"),
    check("an escape of one character as a key", |s| s.config("[queues.main]\n\"\\u009b2J\" = 1\n"), "unknown key `\\u{9b}2J`"),
    check("an escape sequence as the name of a queue", |s| s.config("[queues.\"\\u001b[2J\"]\nqueue-dir = \"/x\"\n"), "`\\u{1b}[2J` cannot be the name of a queue"),
    check("a way out as the name of a queue", |s| s.config("[queues.\"../../etc\"]\n"), "`../../etc` cannot be the name of a queue"),
    check("a name of a queue of ten thousand letters", |s| s.config(format!("[queues.{}]\n", "x".repeat(10_000))), "cannot be the name of a queue"),
    check("an escape sequence as a value", |s| s.config("[queues.main]\ntimeout = \"\\u001b[2J\"\n"), "`timeout` in [queues.main]: this value is not a duration"),
    check("an escape sequence in a path", |s| s.config("[queues.main]\nqueue-dir = \"rel\\u001b[2J\"\n"), "the path is not absolute"),
    check("a line end in a path", |s| s.config("[queues.main]\nqueue-dir = \"/a\\nb\"\n"), "the path has a line end"),
    check("a way out in a path", |s| s.config("[queues.main]\nqueue-dir = \"/var/../etc\"\n"), "has a `.` or `..` in it"),
    check("ten thousand brackets", |s| s.config(format!("[queues.main]\nnix-opts = {}\n", "[".repeat(10_000))), "config.toml:2:"),
    check("ten thousand braces", |s| s.config(format!("[queues.main]\nnix-opts = {}\n", "{a=".repeat(10_000))), "config.toml:2:"),
    check("a key of a hundred thousand dots", |s| s.config(format!("{}a = 1\n", "a.".repeat(100_000))), "config.toml:1:"),
    check("a table of a hundred thousand dots", |s| s.config(format!("[queues.main{}]\n", ".a".repeat(100_000))), "config.toml:1:"),
    check("two thousand unknown keys", |s| s.config(format!("[queues.main]\n{}", (0..2_000).map(|n| format!("k{n} = 1\n")).collect::<String>())), "unknown key `k0`"),
    check("one line of a megabyte", |s| s.config(format!("[queues.main]\ndestination = \"{}\"\n", "x".repeat(1_000_000))), "not a store URI"),
    check("a number that is too large", |s| s.config("[queues.main]\nbatch-size = 99999999999999999999999999999999999999999\n"), "the number is too large"),
    check("a negative number", |s| s.config("[queues.main]\nmax-attempts = -1\n"), "must be at least 1"),
    check("infinity", |s| s.config("[queues.main]\nbatch-size = inf\n"), "expected an integer"),
    check("a destination that is an option", |s| s.config("[queues.main]\ndestination = \"--help\"\n"), "the destination begins with a dash"),
    check("options that make nix do something else", |s| s.config("[queues.main]\nnix-opts = [\"--to\", \"x\"]\n"), "`--to` would make nix copy do something else"),
    check("a NUL in an option", |s| s.config("[queues.main]\nnix-opts = [\"a\\u0000b\"]\n"), "an option has a NUL in it"),
    check("a store directory that is none", |s| s.config("[nix]\nstore-dir = \"/\"\n[queues.main]\n"), "config.toml"),
    built("garbage behind a good queue", |s| behind_a_good_queue(s, b"\x1b[2J\n"), "config.toml:4:"),
    built("two equals signs, and a value over several lines, behind a good queue", |s| behind_a_good_queue(s, b"nix-opts = = \"x\"\nnix-opts = [\n\"a\"]\n"), "config.toml:4:"),
    built("a bad queue behind a good one", |s| behind_a_good_queue(s, b"[queues.\"\\u001b[2J\"]\nqueue-dir = \"/x\"\n"), "`\\u{1b}[2J` cannot be the name of a queue"),
    built("a key of a hundred thousand dots behind a good queue", |s| behind_a_good_queue(s, format!("{}a = 1\n", "a.".repeat(100_000)).as_bytes()), "config.toml:"),
    built("ten thousand brackets behind a good queue", |s| behind_a_good_queue(s, format!("nix-opts = {}\n", "[".repeat(10_000)).as_bytes()), "config.toml:4:"),
];

#[test]
fn every_case_of_the_configuration_file() {
    run_all("the configuration file", CASES);
}
