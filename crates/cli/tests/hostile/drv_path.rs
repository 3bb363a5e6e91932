//! `DRV_PATH`, which is looked at where `OUT_PATHS` is empty.

use crate::case::{Case, run_all};
use crate::rows::{built, derived, hook};
use crate::stage::DERIVATION;

#[rustfmt::skip]
pub const CASES: &[Case] = &[
    hook("nothing at all", |_| {}, "neither OUT_PATHS nor DRV_PATH is set"),
    hook("a path elsewhere", |s| s.set("DRV_PATH", "/etc/passwd.drv"), "DRV_PATH: \"/etc/passwd.drv\" is not in the store"),
    hook("a store path that is no derivation", |s| s.set("DRV_PATH", "{a}"), "DRV_PATH is no derivation: ROOT/store"),
    built("a store path that is no derivation, beside an output", |s| s.set("DRV_PATH", "{b}"), "DRV_PATH is no derivation: ROOT/store/v3ygr25lms4hdmxwa8h14sjv6km1l8cz-b"),
    built("the same, where derivations are wanted", |s| { s.set("DRV_PATH", "{b}"); s.set("NIX_POST_BUILD_PUSH_CLOSURE_TYPE", "cache") }, "DRV_PATH is no derivation: ROOT/store/v3ygr25lms4hdmxwa8h14sjv6km1l8cz-b"),
    hook("a derivation that is not there", |s| s.set("DRV_PATH", "{}/store/{#}-gone.drv"), "failed to read its outputs from ROOT/store/v3ygr25lms4hdmxwa8h14sjv6km1l8cz-gone.drv: No such file"),
    derived("a directory", |s| s.dir(DERIVATION), "OUT_PATHS is empty: failed to read its outputs from ROOT/store/v3ygr25lms4hdmxwa8h14sjv6km1l8cz-x.drv: it is not a regular file"),
    derived("a pipe that nobody writes to", |s| s.fifo(DERIVATION), "it is not a regular file"),
    derived("a socket", |s| s.socket(DERIVATION), "OUT_PATHS is empty: failed to read its outputs from ROOT/store/v3ygr25lms4hdmxwa8h14sjv6km1l8cz-x.drv: No such device"),
    derived("a device without an end", |s| s.link(DERIVATION, "/dev/zero"), "it is not a regular file"),
    derived("a link that leads to itself", |s| s.link(DERIVATION, "{}/store/{#}-x.drv"), "Too many levels of symbolic links"),
    derived("a file of a terabyte", |s| s.hole(DERIVATION, 1 << 40), "it is larger than"),
    hook("an escape sequence", |s| s.set("DRV_PATH", b"{}/store/{#}-\x1b[2J.drv"), "DRV_PATH: \"v3ygr25lms4hdmxwa8h14sjv6km1l8cz-\\u{1b}[2J.drv\" has a name that Nix does not allow"),
    hook("bytes that are no UTF-8", |s| s.set("DRV_PATH", b"{}/store/{#}-\xff.drv"), "-\\xff.drv\" is not UTF-8"),
    hook("a way out of the store", |s| s.set("DRV_PATH", "{}/store/../outside/canary.drv"), "is a path inside a store path"),
];

#[test]
fn every_case_of_drv_path() {
    run_all("DRV_PATH", CASES);
}
