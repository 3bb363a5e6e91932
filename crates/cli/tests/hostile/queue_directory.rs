//! What somebody else put into the queue directory. It is reported and left, and the entry beside
//! it is none the worse.

use crate::case::{Case, run_all};
use crate::rows::{command, hook, list, needs_a_look, push, status};
use crate::stage::Stage;

#[rustfmt::skip]
pub const CASES: &[Case] = &[
    list("a file with any name", |s| s.file("queue/note", ""), "`note` is not an entry: it is not named like a store path"),
    list("a file named like an entry", |s| s.file("queue/{#}-x", ""), "it is not a symlink"),
    list("a directory named like an entry", |s| s.dir("queue/{#}-x"), "it is not a symlink"),
    list("a pipe named like an entry", |s| s.fifo("queue/{#}-x"), "it is not a symlink"),
    list("a socket named like an entry", |s| s.socket("queue/{#}-x"), "it is not a symlink"),
    list("another file by a second name", |s| s.hard_link("queue/{#}-x", "outside/canary"), "it is not a symlink"),
    list("a link out of the store", |s| s.link("queue/{#}-x", "/etc/passwd"), "it points at \"/etc/passwd\""),
    list("a link to another store path", |s| s.link("queue/{#}-x", "{b}"), "it points at \"ROOT/store"),
    list("a link to itself", |s| s.link("queue/{#}-x", "{}/queue/{#}-x"), "it points at \"ROOT/queue"),
    list("a relative link into the store", |s| s.link("queue/{#}-x", "../store/{#}-x"), "it points at \"../store"),
    list("a link into a store path", |s| s.link("queue/{#}-x", "{}/store/{#}-x/bin"), "it points at \"ROOT/store"),
    list("a link with two slashes", |s| s.link("queue/{#}-x", "{}/store//{#}-x"), "it points at \"ROOT/store//"),
    list("a link with an escape sequence in it", |s| s.link("queue/{#}-x", b"/\x1b[2J\n\x07"), "it points at \"/\\u{1b}[2J\\n\\u{7}\""),
    list("a link with an escape of one character in it", |s| s.link("queue/{#}-x", "/\u{9b}2J"), "it points at \"/\\u{9b}2J\""),
    list("a link with bytes that are no UTF-8 in it", |s| s.link("queue/{#}-x", b"/\xff\xfe"), "it points at \"/\u{fffd}\u{fffd}\""),
    list("a link as long as a link can be", |s| s.link("queue/{#}-x", "/x".repeat(2047)), "it points at \"/x/x"),
    list("a name with a line end", |s| s.file("queue/a\nerror: forged", ""), "`a\\nerror: forged` is not an entry"),
    list("a name with an escape sequence", |s| s.file(b"queue/\x1b[2J\x1b]0;t\x07", ""), "`\\u{1b}[2J\\u{1b}]0;t\\u{7}` is not an entry"),
    list("a name with an escape of one character", |s| s.file("queue/\u{9b}2J", ""), "`\\u{9b}2J` is not an entry"),
    list("a name with letters that turn the direction", |s| s.file("queue/\u{202e}x", ""), "`\\u{202e}x` is not an entry"),
    list("a name that is no UTF-8", |s| s.file(b"queue/\xff\xfe", ""), "is not an entry: it is not named like a store path"),
    list("a name of 255 bytes", |s| s.file(format!("queue/{}", "x".repeat(255)), ""), "is not named like a store path"),
    list("an entry with a name of 255 bytes", |s| s.link(format!("queue/{{#}}-{}", "x".repeat(222)), "{}/store/x"), "is not named like a store path"),
    list("a name that looks like an option", |s| s.file("queue/--all", ""), "`--all` is not an entry"),
    list("an entry of long ago", |s| touch(s, i64::MIN / 4), "ROOT/store/v3ygr25lms4hdmxwa8h14sjv6km1l8cz-a\n"),
    list("an entry out of the future", |s| touch(s, 1 << 33), "ROOT/store/v3ygr25lms4hdmxwa8h14sjv6km1l8cz-a\n"),
    needs_a_look("an entry of long ago, its age", |s| touch(s, -1_000_000), "days ago (1970-01-01T00:00:00Z)"),
    status("an entry out of the future, its age", |s| touch(s, 1 << 33), "days (2242-03-16T12:56:32Z)"),
    command("a link to a directory with an escape sequence in its name", "list", |s| is_a_link_to(s, b"\x1b[2J"), 75, "hint: export NIX_POST_BUILD_PUSH_QUEUE_DIR='ROOT/outside/\\u{1b}[2J'"),
    command("a link to a directory with an escape of one character in its name", "drop --all", |s| is_a_link_to(s, "\u{9b}2J"), 75, "hint: export NIX_POST_BUILD_PUSH_QUEUE_DIR=ROOT/outside/\\u{9b}2J"),
    hook("a hook, a file in its way", |s| { s.file("queue/{#}-a", "mine"); s.set("OUT_PATHS", "{a} {b}") }, "what is there is not a symlink").queued(&["b"]),
    hook("a hook, a pipe in its way", |s| { s.fifo("queue/{#}-a"); s.set("OUT_PATHS", "{a} {b}") }, "what is there is not a symlink").queued(&["b"]),
    hook("a hook, a link with an escape sequence in its way", |s| { s.link("queue/{#}-a", b"/\x1b[2J"); s.set("OUT_PATHS", "{a} {b}") }, "what is there points at \"/\\u{1b}[2J\"").queued(&["b"]),
    command("drop of what is not ours", "drop --all", |s| { s.link("queue/{#}-a", "/etc/passwd"); s.file("queue/note", "") }, 0, "`note` is not an entry"),
    push("push of what is not ours", |s| s.link("queue/{#}-x", "/etc/passwd"), 0, "it points at \"/etc/passwd\""),
];

/// The queue's directory leads elsewhere, and that is what a hint names.
fn is_a_link_to(stage: &mut Stage, name: impl AsRef<[u8]>) {
    let directory = [b"{}/outside/", name.as_ref()].concat();
    stage.dir(&directory);
    stage.remove("queue");
    stage.link("queue", directory);
}

/// Gives the entry `a` an age, in seconds since 1970.
fn touch(stage: &Stage, seconds: i64) {
    let time = rustix::fs::Timespec {
        tv_sec: seconds,
        tv_nsec: 0,
    };
    let times = rustix::fs::Timestamps {
        last_access: time,
        last_modification: time,
    };
    let flags = rustix::fs::AtFlags::SYMLINK_NOFOLLOW;
    rustix::fs::utimensat(rustix::fs::CWD, stage.path("queue/{#}-a"), &times, flags).unwrap();
}

#[test]
fn every_case_of_the_queue_directory() {
    run_all("the queue directory", CASES);
}
