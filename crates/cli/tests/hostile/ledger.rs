//! What the pushes remember, as somebody else may have written it.

use crate::case::{Case, run_all};
use crate::rows::{kept, needs_a_look, push, status};
use crate::stage::Stage;

const LOST: &str = "its memory of failures is lost";

/// A ledger with the failures of `{a}`, and one field of them as given.
fn failure(stage: &mut Stage, field: &str, value: &str) {
    ledger(stage, "{#}-a", (field, value));
}

/// A ledger with the failures of an entry of this name, as it stands in TOML.
fn failures_of(stage: &mut Stage, name: &str) {
    ledger(stage, name, ("attempts", "1"));
}

fn ledger(stage: &mut Stage, entry: &str, (field, value): (&str, &str)) {
    let mut fields = vec![
        ("attempts", "3"),
        ("first-failure", "\"2026-01-01T00:00:00Z\""),
        ("first-error", "\"no\""),
        ("last-failure", "\"2026-01-01T00:00:00Z\""),
        ("last-error", "\"no\""),
        ("hint", "\"mend it\""),
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
    stage.ledger(format!("format = 1\n[entries.\"{entry}\"]\n{lines}"));
}

#[rustfmt::skip]
pub const CASES: &[Case] = &[
    needs_a_look("an empty file", |s| s.ledger(""), LOST),
    needs_a_look("a text that is cut off", |s| s.ledger("format = 1\n[entries.\"x"), LOST),
    needs_a_look("binary garbage", |s| s.ledger([0, 255, 27, 91, 50, 74]), LOST),
    needs_a_look("an escape sequence", |s| s.ledger(b"\x1b[2J"), LOST),
    needs_a_look("another format", |s| s.ledger("format = 999\nwhatever = 1\n"), "the ledger has format 999, newer than 1"),
    needs_a_look("a negative format", |s| s.ledger("format = -1\n"), LOST),
    needs_a_look("an entry with a way out", |s| failures_of(s, "../../etc"), "\"../../etc\" makes no sense in it"),
    needs_a_look("an entry with an escape sequence", |s| failures_of(s, "\\u001b[2J"), "\"\\u{1b}[2J\" makes no sense in it"),
    needs_a_look("a time of nonsense", |s| failure(s, "next-try", "\"tomorrow\\u001b[2J\""), "makes no sense in it"),
    needs_a_look("a time before all times", |s| failure(s, "next-try", "\"0000-01-01T00:00:00Z\""), "makes no sense in it"),
    status("the last of all times", |s| failure(s, "next-try", "\"9999-12-31T23:59:59Z\""), "(1 ready, 1 without a root)"),
    status("more attempts than can be counted", |s| failure(s, "attempts", "4294967295"), "failed 4294967295 times"),
    needs_a_look("more attempts than a number holds", |s| failure(s, "attempts", "99999999999999999999"), LOST),
    status("no attempts", |s| failure(s, "attempts", "0"), "failed 1 time,"),
    status("an error with an escape sequence", |s| failure(s, "last-error", "\"\\u001b[2J\\u0007\""), "\\u{1b}[2J\\u{7}"),
    status("an error with an escape of one character", |s| failure(s, "last-error", "\"\\u009b2J\""), "\\u{9b}2J"),
    status("an error with letters that turn the direction", |s| failure(s, "last-error", "\"\\u202e2J\""), "\\u{202e}2J"),
    status("a hint with an escape sequence", |s| failure(s, "hint", "\"\\u001b[2J\""), "hint: \\u{1b}[2J"),
    status("an error of several lines", |s| failure(s, "last-error", "\"a\\nerror: forged\""), "a\\nerror: forged"),
    needs_a_look("ten thousand brackets", |s| s.ledger(format!("format = 1\nx = {}", "[".repeat(10_000))), LOST),
    needs_a_look("a key of a hundred thousand dots", |s| s.ledger(format!("format = 1\n{}a = 1\n", "a.".repeat(100_000))), LOST),
    needs_a_look("a file of a terabyte", |s| { s.ledger(""); s.hole("queue/.push/ledger.toml", 1 << 40) }, "it is larger than"),
    needs_a_look("a directory in its place", |s| s.dir("queue/.push/ledger.toml"), LOST),
    needs_a_look("a pipe that nobody writes to", |s| { s.dir("queue/.push"); s.fifo("queue/.push/ledger.toml") }, LOST),
    needs_a_look("a link out of the queue", |s| { s.dir("queue/.push"); s.link("queue/.push/ledger.toml", "{}/outside/canary") }, "it is a symlink"),
    needs_a_look("a device without an end", |s| { s.dir("queue/.push"); s.link("queue/.push/ledger.toml", "/dev/zero") }, LOST),
    needs_a_look("a link in place of the push's directory", |s| s.link("queue/.push", "{}/outside"), LOST),
    push("garbage before a push", |s| s.ledger("garbage\x1b[2J"), 0, "the memory of failures is lost"),
    push("a file of a terabyte before a push", |s| { s.ledger(""); s.hole("queue/.push/ledger.toml", 1 << 40) }, 75, "it is larger than"),
    push("a directory in its place before a push", |s| { s.ledger(""); s.remove("queue/.push/ledger.toml"); s.dir("queue/.push/ledger.toml/x") }, 75, "failed to save the ledger ROOT/queue/.push/ledger.toml"),
    push("a pipe where the new one is written", |s| { s.ledger("garbage"); s.fifo("queue/.push/ledger.toml.new") }, 0, "1 copied"),
    push("a link where the new one is written", |s| { s.ledger("garbage"); s.link("queue/.push/ledger.toml.new", "{}/outside/canary") }, 0, "1 copied"),
    push("another file by a second name where the new one is written", |s| { s.ledger("garbage"); s.hard_link("queue/.push/ledger.toml.new", "outside/canary") }, 0, "1 copied"),
    kept("a link in place of the lock", |s| { s.ledger(""); s.link("queue/.push/lock", "{}/outside/canary") }, 75, "failed to take the push lock ROOT/queue/.push/lock"),
    kept("a link in place of the push's directory, before a push", |s| { s.ledger(""); s.remove("queue/.push"); s.link("queue/.push", "{}/outside") }, 75, "failed to open the directory ROOT/queue/.push"),
];

#[test]
fn every_case_of_the_ledger() {
    run_all("the ledger", CASES);
}
