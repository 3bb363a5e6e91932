//! `OUT_PATHS`, which any environment may set: Nix does not overwrite it.

use crate::case::{Case, NOTHING, run_all};
use crate::rows::hook;

#[rustfmt::skip]
pub const CASES: &[Case] = &[
    hook("a relative path", |s| s.set("OUT_PATHS", "etc/passwd"), "OUT_PATHS: \"etc/passwd\" is not in the store directory ROOT/store"),
    hook("a path elsewhere", |s| s.set("OUT_PATHS", "/etc/passwd {a}"), "OUT_PATHS: \"/etc/passwd\" is not in the store").queued(&["a"]),
    hook("the store directory itself", |s| s.set("OUT_PATHS", "{}/store {a}"), "is not in the store directory").queued(&["a"]),
    hook("the store directory with a slash", |s| s.set("OUT_PATHS", "{}/store/"), "does not start with a hash"),
    hook("a way out of the store", |s| s.set("OUT_PATHS", "{}/store/../outside"), "is a path inside a store path"),
    hook("a way out behind a hash", |s| s.set("OUT_PATHS", "{}/store/{#}-.."), "has a name that Nix does not allow"),
    hook("a way out behind a store path", |s| s.set("OUT_PATHS", "{a}/../../outside {b}"), "is a path inside a store path").queued(&["b"]),
    hook("the push's own directory", |s| s.set("OUT_PATHS", "{}/store/.push"), "does not start with a hash"),
    hook("two slashes", |s| s.set("OUT_PATHS", "{}/store//{#}-a"), "is a path inside a store path"),
    hook("a digit that base 32 does not have", |s| s.set("OUT_PATHS", "{}/store/eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee-a"), "does not start with a hash"),
    hook("a name of one character too many", |s| s.set("OUT_PATHS", format!("{{}}/store/{{#}}-{}", "x".repeat(212))), "has a name that Nix does not allow"),
    hook("the longest name", |s| { let name = format!("{{}}/store/{{#}}-{}", "x".repeat(211)); s.dir(&name); s.set("OUT_PATHS", name) }, NOTHING).queued(&["xxxxxxxxxxxxxxxx"]),
    hook("a cleared screen", |s| s.set("OUT_PATHS", b"/\x1b[2J {a}"), "OUT_PATHS: \"/\\u{1b}[2J\" is not in the store").queued(&["a"]),
    hook("a title for the terminal", |s| s.set("OUT_PATHS", b"/\x1b]0;hacked\x07"), "\\u{1b}]0;hacked\\u{7}"),
    hook("an escape of one character", |s| s.set("OUT_PATHS", "/\u{9b}2J"), "\\u{9b}2J"),
    hook("letters that turn the direction", |s| s.set("OUT_PATHS", "/\u{202e}evil"), "\\u{202e}evil"),
    hook("bytes that are no UTF-8", |s| s.set("OUT_PATHS", b"/\xff\xfe {a} \x80"), "OUT_PATHS: \"/\\xff\\xfe\" is not UTF-8").queued(&["a"]),
    hook("half a character", |s| s.set("OUT_PATHS", b"{}/store/{#}-\xc3"), "is not UTF-8"),
    hook("line ends and tabs between", |s| s.set("OUT_PATHS", "\n\t{a}\n\r{b}\t"), NOTHING).queued(&["a", "b"]),
    hook("quotes and shell words", |s| s.set("OUT_PATHS", "\"{a}\" $(touch x) `y` {b}"), "OUT_PATHS: \"\\\"ROOT/store/v3ygr25lms4hdmxwa8h14sjv6km1l8cz-a\\\"\" is not in the store directory").queued(&["b"]),
    hook("an option", |s| s.set("OUT_PATHS", "--help {a}"), "OUT_PATHS: \"--help\" is not in the store").queued(&["a"]),
    hook("thirty thousand words of nonsense", |s| s.set("OUT_PATHS", format!("{{a}} {}", "no ".repeat(30_000))), "OUT_PATHS: \"no\" is not in the store").queued(&["a"]),
    hook("one word of a hundred kilobytes", |s| s.set("OUT_PATHS", format!("/{} {{a}}", "x".repeat(100_000))), "is not in the store").queued(&["a"]),
    hook("the same path two thousand times", |s| s.set("OUT_PATHS", "{a} ".repeat(1_000)), NOTHING).queued(&["a"]),
    hook("a path that is not there", |s| s.set("OUT_PATHS", "{}/store/{#}-gone {a}"), "-gone is not in the store").queued(&["a"]),
];

#[test]
fn every_case_of_out_paths() {
    run_all("OUT_PATHS", CASES);
}
