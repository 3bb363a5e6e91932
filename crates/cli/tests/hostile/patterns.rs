//! What picks entries, for `retry` and `drop`.

use crate::case::{Case, run_all};
use crate::rows::drop;

#[rustfmt::skip]
pub const CASES: &[Case] = &[
    drop("a class that is not closed", |s| s.argument("*["), "`*[` is not a glob"),
    drop("a brace that is not closed", |s| s.argument("{a,"), "`{a,` is not a glob"),
    drop("a backslash at the end", |s| s.argument("a\\"), "is not a glob"),
    drop("a thousand braces in one another", |s| s.argument(format!("{}a{}", "{".repeat(1000), "}".repeat(1000))), "is not a glob"),
    drop("braces that multiply", |s| s.argument("{[!a],[!b],[!c]}".repeat(5_000)), "nothing that is queued fits"),
    drop("a class of everything, many times", |s| s.argument("[!x]".repeat(25_000)), "nothing that is queued fits"),
    drop("stars without an end", |s| s.argument("*a".repeat(200)), "nothing that is queued fits"),
    drop("an escape sequence", |s| s.argument(b"\x1b[2J"), "\\u{1b}[2J"),
    drop("an escape sequence that fits nothing", |s| s.argument(b"x\x1b]0;t\x07"), "nothing that is queued fits `x\\u{1b}]0;t\\u{7}`"),
    drop("a path elsewhere", |s| s.argument("/etc/passwd"), "no entry can be `/etc/passwd`"),
    drop("the push's own directory", |s| { s.dir("queue/.push"); s.argument(".push") }, "nothing that is queued fits `.push`"),
    drop("a link that leads to itself", |s| { s.link("loop", "loop"); s.argument("./loop") }, "Too many levels of symbolic links"),
    drop("nothing", |s| s.argument(""), "nothing that is queued fits ``"),
];

#[test]
fn every_case_of_a_pattern() {
    run_all("patterns", CASES);
}
