//! What stands on the command line.

use crate::case::{Case, run_all};
use crate::stage::Stage;

const fn case(
    name: &'static str,
    line: &'static str,
    prepare: fn(&mut Stage),
    code: i32,
    says: &'static str,
) -> Case {
    Case {
        name,
        line,
        prepare,
        code,
        says,
        queued: &[],
    }
}

/// `enqueue` of one bad path.
const fn refused(name: &'static str, prepare: fn(&mut Stage), says: &'static str) -> Case {
    case(name, "enqueue", prepare, 2, says)
}

pub const CASES: &[Case] = &[
    refused(
        "a path elsewhere",
        |s| s.argument("/etc/passwd"),
        "no store path: `/etc/passwd`\n  caused by: it does not lead into the store directory ROOT/store",
    ),
    refused(
        "an empty argument",
        |s| s.argument(""),
        "does not lead into the store directory",
    ),
    refused(
        "a way out of a store path",
        |s| s.argument("{a}/../../outside"),
        "does not lead into the store directory",
    ),
    refused(
        "a link that leads to itself",
        |s| {
            s.link("loop", "loop");
            s.argument("loop");
        },
        "Too many levels of symbolic links",
    ),
    refused(
        "two links that lead to each other",
        |s| {
            s.link("one", "two");
            s.link("two", "one");
            s.argument("one/x");
        },
        "Too many levels of symbolic links",
    ),
    refused(
        "a link that grows with each step",
        |s| {
            s.link("grow", "grow/x");
            s.argument("grow");
        },
        "Too many levels of symbolic links",
    ),
    refused(
        "a link with bytes that are no UTF-8 in it",
        |s| {
            s.link("odd", b"/\xff\x1b[2J");
            s.argument("odd");
        },
        "failed to follow ROOT/odd",
    ),
    refused(
        "an escape sequence",
        |s| s.argument(b"/\x1b[2J\x1b]0;t\x07"),
        "no store path: `/\\u{1b}[2J\\u{1b}]0;t\\u{7}`",
    ),
    refused(
        "an escape of one character",
        |s| s.argument("/\u{9b}2J"),
        "no store path: `/\\u{9b}2J`",
    ),
    refused(
        "a line end",
        |s| s.argument("/a\nerror: forged"),
        "no store path: `/a\\nerror: forged`",
    ),
    refused(
        "letters that turn the direction",
        |s| s.argument("/\u{202e}x"),
        "\\u{202e}x",
    ),
    refused(
        "a name that is too long for any file",
        |s| s.argument("x".repeat(300)),
        "File name too long",
    ),
    refused(
        "a path that is too long for any system",
        |s| s.argument("x/".repeat(60_000)),
        "caused by: ",
    ),
    refused(
        "ten thousand steps up",
        |s| s.argument("../".repeat(10_000)),
        "does not lead into the store",
    ),
    refused(
        "a pipe that nobody writes to",
        |s| {
            s.fifo("outside/pipe");
            s.argument("outside/pipe");
        },
        "does not lead into the store",
    ),
    refused(
        "a password where a path is wanted",
        |s| s.argument("https://me:hunter22@example.org"),
        "no store path: `https://***@example.org`",
    ),
    case(
        "bytes that are no UTF-8",
        "enqueue",
        |s| s.argument(b"/\xff\x1b[2J"),
        2,
        "an argument is not UTF-8: /\u{fffd}\\u{1b}[2J",
    ),
    case(
        "an escape sequence as a command",
        "",
        |s| s.argument(b"\x1b[2Jpush"),
        2,
        "unrecognized subcommand '\\u{1b}[2Jpush'",
    ),
    case(
        "an escape sequence as an option",
        "list",
        |s| s.argument(b"--\x1b[2J"),
        2,
        "\\u{1b}[2J",
    ),
    case(
        "an escape sequence as the value of an option",
        "list",
        |s| s.argument(b"--closure-type=\x1b[2J"),
        2,
        "invalid value '\\u{1b}[2J'",
    ),
    case(
        "an escape of one character as a value",
        "push",
        |s| s.argument("--timeout=\u{9b}2J"),
        2,
        "\\u{9b}2J",
    ),
    case(
        "a number that is too large",
        "push",
        |s| s.argument("--batch-size=99999999999999999999"),
        2,
        "invalid value '99999999999999999999'",
    ),
    case(
        "a duration that overflows",
        "push",
        |s| s.argument("--timeout=99999999999999999999y"),
        2,
        "invalid value",
    ),
    case(
        "a duration longer than any life",
        "push",
        |s| s.argument("--timeout=11years"),
        78,
        "must not be longer than ten years",
    ),
    case(
        "a queue that does not exist, with an escape sequence",
        "list",
        |s| {
            s.argument("--queue");
            s.argument(b"\x1b[2J");
        },
        78,
        "unknown queue `\\u{1b}[2J`",
    ),
    case(
        "a queue directory with an escape sequence",
        "list",
        |s| {
            s.argument("--queue-dir");
            s.argument(b"{}/store/{#}-a/\x1b[2J");
        },
        75,
        "failed to open the queue directory ROOT/store/v3ygr25lms4hdmxwa8h14sjv6km1l8cz-a/\\u{1b}[2J",
    ),
    case(
        "a queue directory that is a file",
        "list",
        |s| {
            s.argument("--queue-dir");
            s.argument("outside/canary");
        },
        75,
        "failed to open the queue directory ROOT/outside/canary",
    ),
    case(
        "a queue directory that is a pipe",
        "list",
        |s| {
            s.fifo("outside/pipe");
            s.argument("--queue-dir");
            s.argument("outside/pipe");
        },
        75,
        "it is not a directory",
    ),
    case(
        "a queue directory with a line end",
        "list",
        |s| {
            s.argument("--queue-dir");
            s.argument("{}/a\nb");
        },
        78,
        "has a line end",
    ),
    case(
        "a configuration file that is a directory",
        "list",
        |s| {
            s.argument("--config-file");
            s.argument("outside");
        },
        78,
        "the configuration file outside is refused: it is not a regular file",
    ),
    case(
        "a configuration file that is a device without an end",
        "list",
        |s| {
            s.argument("--config-file");
            s.argument("/dev/zero");
        },
        78,
        "the configuration file /dev/zero is refused: it is not a regular file",
    ),
    case(
        "a destination file that is a device without an end",
        "push",
        |s| {
            s.argument("--destination-file");
            s.argument("/dev/zero");
        },
        78,
        "the file of the destination, /dev/zero, is refused",
    ),
    case(
        "a configuration file that is a pipe that nobody writes to",
        "list",
        |s| {
            s.fifo("outside/pipe");
            s.argument("--config-file");
            s.argument("{}/outside/pipe");
        },
        78,
        "the configuration file ROOT/outside/pipe is refused: it is not a regular file",
    ),
    case(
        "a destination file that is a pipe that nobody writes to",
        "push",
        |s| {
            s.fifo("outside/pipe");
            s.argument("--destination-file");
            s.argument("{}/outside/pipe");
        },
        78,
        "the file of the destination, ROOT/outside/pipe, is refused",
    ),
    case(
        "a destination file that is no UTF-8",
        "push",
        |s| {
            s.file("outside/uri", b"\xff\x1b[2J");
            s.argument("--destination-file");
            s.argument("{}/outside/uri");
        },
        78,
        "ROOT/outside/uri",
    ),
    case(
        "a destination with an escape sequence",
        "push",
        |s| s.argument(b"--destination=file:///\x1b[2J"),
        78,
        "has a blank or a control character in it",
    ),
    case(
        "an option for nix with an escape sequence",
        "list",
        |s| s.argument(b"-\x1b[2J"),
        2,
        "unexpected argument '-\\' found",
    ),
    case(
        "help for a command with an escape sequence",
        "help",
        |s| s.argument(b"\x1b[2J"),
        2,
        "there is no command `\\u{1b}[2J`",
    ),
    case(
        "ten thousand arguments",
        "enqueue",
        |s| (0..2_000).for_each(|_| s.argument("/etc")),
        2,
        "no store path: `/etc`",
    ),
];

#[test]
fn every_case_of_an_argument() {
    run_all("arguments", CASES);
}
