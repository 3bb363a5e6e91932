//! The variables that decide settings.

use crate::case::{Case, NOTHING, run_all};
use crate::rows::{command, hook};

#[rustfmt::skip]
pub const CASES: &[Case] = &[
    command("a directory that is no UTF-8", "list", |s| s.set("NIX_POST_BUILD_PUSH_QUEUE_DIR", b"/\xff"), 78, "variable NIX_POST_BUILD_PUSH_QUEUE_DIR: the value is not UTF-8"),
    hook("a directory that is no UTF-8, for the hook", |s| { s.set("NIX_POST_BUILD_PUSH_QUEUE_DIR", b"/\xff"); s.set("OUT_PATHS", "{}/store/{#}-gone") }, "the value is not UTF-8"),
    command("a relative directory", "list", |s| s.set("NIX_POST_BUILD_PUSH_QUEUE_DIR", "queue"), 78, "the path is not absolute"),
    command("a directory with a way out", "list", |s| s.set("NIX_POST_BUILD_PUSH_QUEUE_DIR", "{}/queue/../outside"), 78, "has a `.` or `..` in it"),
    command("a directory of a hundred kilobytes", "list", |s| s.set("NIX_POST_BUILD_PUSH_QUEUE_DIR", "/x".repeat(50_000)), 0, NOTHING),
    command("a directory with an escape sequence", "status", |s| s.set("NIX_POST_BUILD_PUSH_QUEUE_DIR", b"{}/q\x1b[2J"), 75, "failed to open the queue directory ROOT/q\\u{1b}[2J"),
    command("an unknown variable with an escape sequence", "list", |s| s.set(b"NIX_POST_BUILD_PUSH_\x1b[2J", "1"), 0, "unknown variable NIX_POST_BUILD_PUSH_\\u{1b}[2J"),
    command("an unknown variable with an escape of one character", "list", |s| s.set("NIX_POST_BUILD_PUSH_\u{9b}2J", "1"), 0, "unknown variable NIX_POST_BUILD_PUSH_\\u{9b}2J"),
    command("a variable whose name is no UTF-8", "list", |s| s.set(b"NIX_POST_BUILD_PUSH_\xff", "1"), 0, NOTHING),
    command("a queue with an escape sequence", "list", |s| s.set("NIX_POST_BUILD_PUSH_QUEUE", b"\x1b[2J"), 78, "unknown queue `\\u{1b}[2J`"),
    command("a closure type with an escape sequence", "list", |s| s.set("NIX_POST_BUILD_PUSH_CLOSURE_TYPE", b"\x1b[2J"), 78, "this value is not a closure type"),
    command("a quote that is not closed", "list", |s| s.set("NIX_POST_BUILD_PUSH_NIX_OPTS", "'"), 78, "a quote is not closed"),
    command("a duration of nonsense", "push", |s| s.set("NIX_POST_BUILD_PUSH_TIMEOUT", "9".repeat(50_000)), 78, "this value is not a duration"),
    command("a filter of nonsense", "list", |s| s.set("NIX_POST_BUILD_PUSH_LOG", b"\x1b[2J=,=,["), 78, "variable NIX_POST_BUILD_PUSH_LOG: not a filter"),
    command("a filter of a hundred thousand brackets", "list", |s| s.set("NIX_POST_BUILD_PUSH_LOG", "[{".repeat(50_000)), 78, "not a filter"),
    command("a filter with a blank before a letter of four bytes", "list", |s| s.set("NIX_POST_BUILD_PUSH_LOG", " 0\u{1f8b0}="), 0, NOTHING),
    command("a format of nonsense", "list", |s| s.set("NIX_POST_BUILD_PUSH_LOG_FORMAT", b"\x1b[2J"), 78, "variable NIX_POST_BUILD_PUSH_LOG_FORMAT: unknown format"),
    command("a switch of nonsense", "enqueue", |s| s.set("NIX_POST_BUILD_PUSH_INCLUDE_OUT_PATHS", b"\x1b[2J"), 78, "neither true nor false"),
    command("a store directory with an escape sequence", "list", |s| s.set("NIX_STORE_DIR", b"/\x1b[2J"), 78, "is not an absolute path in its plain form"),
    command("a store directory with an escape of one character", "list", |s| s.set("NIX_STORE_DIR", "/\u{9b}2J"), 78, "is not an absolute path in its plain form"),
    command("a store directory that is the root", "list", |s| s.set("NIX_STORE_DIR", "/"), 78, "use the store directory /"),
    command("a store directory that is no UTF-8", "list", |s| s.set("NIX_STORE_DIR", b"/\xff"), 78, "variable NIX_STORE_DIR: the value is not UTF-8"),
    command("a state directory that is a file", "list", |s| s.set("NIX_STATE_DIR", "{}/outside/canary"), 75, "failed to open the directory of roots ROOT/outside/canary/gcroots/auto"),
    command("a configuration file with an escape sequence", "list", |s| s.set("NIX_POST_BUILD_PUSH_CONFIG_FILE", b"/\x1b[2J"), 78, "cannot read the configuration file /\\u{1b}[2J"),
    command("a configuration file with an escape of one character", "config show", |s| s.set("NIX_POST_BUILD_PUSH_CONFIG_FILE", "/\u{9b}2J"), 78, "cannot read the configuration file /\\u{9b}2J"),
    command("a directory with an escape of one character, shown", "config show", |s| s.set("NIX_POST_BUILD_PUSH_QUEUE_DIR", "/\u{9b}2J"), 0, "2J"),
    // Not the queue itself, which would be that of the machine.
    command("no variable at all", "config show", |s| s.variables.clear(), 0, "/nix-post-build-push/default"),
];

#[test]
fn every_case_of_a_variable() {
    run_all("variables", CASES);
}
