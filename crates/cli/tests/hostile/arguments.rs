//! What stands on the command line.

use crate::case::{Case, run_all};
use crate::rows::{command, enqueue};

#[rustfmt::skip]
pub const CASES: &[Case] = &[
    enqueue("a path elsewhere", |s| s.argument("/etc/passwd"), "no store path: `/etc/passwd`\n  caused by: it does not lead into the store directory ROOT/store"),
    enqueue("an empty argument", |s| s.argument(""), "does not lead into the store directory"),
    enqueue("a way out of a store path", |s| s.argument("{a}/../../outside"), "does not lead into the store directory"),
    enqueue("a link that leads to itself", |s| { s.link("loop", "loop"); s.argument("loop") }, "Too many levels of symbolic links"),
    enqueue("two links that lead to each other", |s| { s.link("one", "two"); s.link("two", "one"); s.argument("one/x") }, "Too many levels of symbolic links"),
    enqueue("a link that grows with each step", |s| { s.link("grow", "grow/x"); s.argument("grow") }, "Too many levels of symbolic links"),
    enqueue("a link with bytes that are no UTF-8 in it", |s| { s.link("odd", b"/\xff\x1b[2J"); s.argument("odd") }, "failed to follow ROOT/odd"),
    enqueue("an escape sequence", |s| s.argument(b"/\x1b[2J\x1b]0;t\x07"), "no store path: `/\\u{1b}[2J\\u{1b}]0;t\\u{7}`"),
    enqueue("an escape of one character", |s| s.argument("/\u{9b}2J"), "no store path: `/\\u{9b}2J`"),
    enqueue("a line end", |s| s.argument("/a\nerror: forged"), "no store path: `/a\\nerror: forged`"),
    enqueue("letters that turn the direction", |s| s.argument("/\u{202e}x"), "\\u{202e}x"),
    enqueue("an Arabic letter mark", |s| s.argument("/\u{61c}x"), "\\u{61c}x"),
    enqueue("letters that are not seen", |s| s.argument("/\u{200b}x\u{e0041}"), "\\u{200b}x\\u{e0041}"),
    enqueue("a name that is too long for any file", |s| s.argument("x".repeat(300)), "File name too long"),
    enqueue("a path that is too long for any system", |s| s.argument("x/".repeat(60_000)), "caused by: failed to follow ROOT/x\n  caused by: No such file"),
    enqueue("ten thousand steps up", |s| s.argument("../".repeat(10_000)), "does not lead into the store"),
    enqueue("a pipe that nobody writes to", |s| { s.fifo("outside/pipe"); s.argument("outside/pipe") }, "does not lead into the store"),
    enqueue("a password where a path is wanted", |s| s.argument("https://me:hunter22@example.org"), "no store path: `https://***@example.org`"),
    command("bytes that are no UTF-8", "enqueue", |s| s.argument(b"/\xff\x1b[2J"), 2, "an argument is not UTF-8: /\u{fffd}\\u{1b}[2J"),
    command("an escape sequence as a command", "", |s| s.argument(b"\x1b[2Jpush"), 2, "unrecognized subcommand '\\u{1b}[2Jpush'"),
    command("an escape sequence as an option", "list", |s| s.argument(b"--\x1b[2J"), 2, "\\u{1b}[2J"),
    command("an escape sequence as the value of an option", "list", |s| s.argument(b"--closure-type=\x1b[2J"), 2, "invalid value '\\u{1b}[2J'"),
    command("an escape of one character as a value", "push", |s| s.argument("--timeout=\u{9b}2J"), 2, "\\u{9b}2J"),
    command("a number that is too large", "push", |s| s.argument("--batch-size=99999999999999999999"), 2, "invalid value '99999999999999999999'"),
    command("a duration that overflows", "push", |s| s.argument("--timeout=99999999999999999999y"), 2, "invalid value"),
    command("a duration longer than any life", "push", |s| s.argument("--timeout=11years"), 78, "must not be longer than ten years"),
    command("a queue that does not exist, with an escape sequence", "list", |s| { s.argument("--queue"); s.argument(b"\x1b[2J") }, 78, "unknown queue `\\u{1b}[2J`"),
    command("a queue directory with an escape sequence", "list", |s| { s.argument("--queue-dir"); s.argument(b"{}/store/{#}-a/\x1b[2J") }, 75, "failed to open the queue directory ROOT/store/v3ygr25lms4hdmxwa8h14sjv6km1l8cz-a/\\u{1b}[2J"),
    command("a queue directory that is a file", "list", |s| s.arguments(["--queue-dir", "outside/canary"]), 75, "failed to open the queue directory ROOT/outside/canary"),
    command("a queue directory that is a pipe", "list", |s| { s.fifo("outside/pipe"); s.arguments(["--queue-dir", "outside/pipe"]) }, 75, "it is not a directory"),
    command("a queue directory with a line end", "list", |s| s.arguments(["--queue-dir", "{}/a\nb"]), 78, "has a line end"),
    command("a configuration file that is a directory", "list", |s| s.arguments(["--config-file", "outside"]), 78, "the configuration file outside is refused: it is not a regular file"),
    command("a configuration file that is a device without an end", "list", |s| s.arguments(["--config-file", "/dev/zero"]), 78, "the configuration file /dev/zero is refused: it is not a regular file"),
    command("a destination file that is a device without an end", "push", |s| s.arguments(["--destination-file", "/dev/zero"]), 78, "the file of the destination, /dev/zero, is refused"),
    command("a configuration file that is a pipe that nobody writes to", "list", |s| { s.fifo("outside/pipe"); s.arguments(["--config-file", "{}/outside/pipe"]) }, 78, "the configuration file ROOT/outside/pipe is refused: it is not a regular file"),
    command("a destination file that is a pipe that nobody writes to", "push", |s| { s.fifo("outside/pipe"); s.arguments(["--destination-file", "{}/outside/pipe"]) }, 78, "the file of the destination, ROOT/outside/pipe, is refused"),
    command("a destination file that is no UTF-8", "push", |s| { s.file("outside/uri", b"\xff\x1b[2J"); s.arguments(["--destination-file", "{}/outside/uri"]) }, 78, "ROOT/outside/uri"),
    command("a destination with an escape sequence", "push", |s| s.argument(b"--destination=file:///\x1b[2J"), 78, "has a blank or a control character in it"),
    command("an option for nix with an escape sequence", "list", |s| s.argument(b"-\x1b[2J"), 2, "unexpected argument '-\\' found"),
    command("help for a command with an escape sequence", "help", |s| s.argument(b"\x1b[2J"), 2, "there is no command `\\u{1b}[2J`"),
    command("ten thousand arguments", "enqueue", |s| (0..2_000).for_each(|_| s.argument("/etc")), 2, "no store path: `/etc`"),
];

#[test]
fn every_case_of_an_argument() {
    run_all("arguments", CASES);
}
