//! Paths on standard input.

use crate::case::{Case, run_all};
use crate::rows::command;

const LINES: &str = "enqueue --stdin";
const NULS: &str = "enqueue --stdin -0";

#[rustfmt::skip]
pub const CASES: &[Case] = &[
    command("nothing", LINES, |_| {}, 2, "nothing to enqueue"),
    command("empty lines", LINES, |s| s.stdin("\n\n\n"), 2, "nothing to enqueue"),
    command("no line end at the end", LINES, |s| s.stdin("{a}\n{b}"), 0, "2 enqueued").queued(&["a", "b"]),
    command("line ends of another system", LINES, |s| s.stdin("{a}\r\n{b}\n"), 75, "no store path: `ROOT/store/v3ygr25lms4hdmxwa8h14sjv6km1l8cz-a\\r`").queued(&["b"]),
    command("bytes that are no UTF-8", LINES, |s| s.stdin(b"/\xff\x1b[2J\n{a}\n"), 75, "no store path: `/\\xff\\x1b[2J`").queued(&["a"]),
    command("NULs where lines are wanted", LINES, |s| s.stdin("{a}\0{b}\n"), 2, "\\u{0}"),
    command("an escape sequence", LINES, |s| s.stdin(b"/\x1b[2J\n{a}\n"), 75, "no store path: `/\\u{1b}[2J`").queued(&["a"]),
    command("an escape of one character", LINES, |s| s.stdin("/\u{9b}2J\n{a}\n"), 75, "no store path: `/\\u{9b}2J`").queued(&["a"]),
    command("a line of ten megabytes", LINES, |s| s.stdin([&b"x".repeat(10_000_000), &b"\n{a}\n"[..]].concat()), 75, "a path of more than 65536 bytes").queued(&["a"]),
    command("ten megabytes without a line end", LINES, |s| s.stdin(b"x".repeat(10_000_000)), 2, "a path of more than 65536 bytes"),
    command("a forged message", LINES, |s| s.stdin("/x\rerror: forged\n{a}\n"), 75, "`/x\\rerror: forged`").queued(&["a"]),
    command("a way out of the store", LINES, |s| s.stdin("{a}/../../outside\n"), 2, "does not lead into the store"),
    command("line ends between NULs", NULS, |s| s.stdin("{a}\n\0{b}\0"), 75, "\\n`").queued(&["b"]),
    command("bytes that are no UTF-8 between NULs", NULS, |s| s.stdin(b"\xff\n\0{b}"), 75, "no store path: `\\xff\\n`").queued(&["b"]),
    command("only NULs", NULS, |s| s.stdin([0; 1000]), 2, "nothing to enqueue"),
    command("ten megabytes without a NUL", NULS, |s| s.stdin(b"\n".repeat(10_000_000)), 2, "a path of more than 65536 bytes"),
];

#[test]
fn every_case_of_standard_input() {
    run_all("--stdin", CASES);
}
