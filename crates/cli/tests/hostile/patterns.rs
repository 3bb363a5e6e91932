//! What picks entries, for `retry` and `drop`.

use crate::case::{Case, run_all};
use crate::stage::Stage;

const fn drop(name: &'static str, prepare: fn(&mut Stage), says: &'static str) -> Case {
    Case {
        name,
        line: "drop",
        prepare,
        code: 2,
        says,
        queued: &["a"],
    }
}

fn pattern(stage: &mut Stage, pattern: impl AsRef<[u8]>) {
    stage.entry("a");
    stage.argument(pattern);
}

pub const CASES: &[Case] = &[
    drop(
        "a class that is not closed",
        |s| pattern(s, "*["),
        "`*[` is not a glob",
    ),
    drop(
        "a brace that is not closed",
        |s| pattern(s, "{a,"),
        "`{a,` is not a glob",
    ),
    drop(
        "a backslash at the end",
        |s| pattern(s, "a\\"),
        "is not a glob",
    ),
    drop(
        "a thousand braces in one another",
        |s| pattern(s, format!("{}a{}", "{".repeat(1000), "}".repeat(1000))),
        "is not a glob",
    ),
    drop(
        "braces that multiply",
        |s| pattern(s, "{[!a],[!b],[!c]}".repeat(5_000)),
        "nothing that is queued fits",
    ),
    drop(
        "a class of everything, many times",
        |s| pattern(s, "[!x]".repeat(25_000)),
        "nothing that is queued fits",
    ),
    drop(
        "stars without an end",
        |s| pattern(s, "*a".repeat(200)),
        "nothing that is queued fits",
    ),
    drop(
        "an escape sequence",
        |s| pattern(s, b"\x1b[2J"),
        "\\u{1b}[2J",
    ),
    drop(
        "an escape sequence that fits nothing",
        |s| pattern(s, b"x\x1b]0;t\x07"),
        "nothing that is queued fits `x\\u{1b}]0;t\\u{7}`",
    ),
    drop(
        "a path elsewhere",
        |s| pattern(s, "/etc/passwd"),
        "no entry can be `/etc/passwd`",
    ),
    drop(
        "the push's own directory",
        |s| {
            s.dir("queue/.push");
            pattern(s, ".push");
        },
        "nothing that is queued fits `.push`",
    ),
    drop(
        "a link that leads to itself",
        |s| {
            s.link("loop", "loop");
            pattern(s, "./loop");
        },
        "Too many levels of symbolic links",
    ),
    drop(
        "nothing",
        |s| pattern(s, ""),
        "nothing that is queued fits ``",
    ),
];

#[test]
fn every_case_of_a_pattern() {
    run_all("patterns", CASES);
}
