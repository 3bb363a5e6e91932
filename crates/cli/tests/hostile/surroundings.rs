//! What lies where Nix's state and the store should be.

use crate::case::{Case, NOTHING, run_all};
use crate::rows::{built, hook};
use crate::stage::Stage;

/// The name of the root of the entry `a`.
fn root(stage: &Stage) -> String {
    let link = stage.path(format!("queue/{}-a", crate::stage::HASH));
    let name = queue_core::auto_root_name(link.to_str().unwrap().into());
    format!("state/gcroots/auto/{name}")
}

#[rustfmt::skip]
pub const CASES: &[Case] = &[
    built("a directory in place of the collector's lock", |s| { s.remove("state/gc.lock"); s.dir("state/gc.lock") }, "failed to take the garbage collector's lock ROOT/state/gc.lock"),
    built("a pipe in place of the collector's lock", |s| { s.remove("state/gc.lock"); s.fifo("state/gc.lock") }, NOTHING),
    built("a link to itself in place of the collector's lock", |s| { s.remove("state/gc.lock"); s.link("state/gc.lock", "gc.lock") }, "Too many levels of symbolic links"),
    built("a file in place of the directory of roots", |s| { s.remove("state/gcroots/auto"); s.file("state/gcroots/auto", "") }, "failed to open the directory of roots ROOT/state/gcroots/auto").queued(&[]),
    built("a pipe in place of the directory of roots", |s| { s.remove("state/gcroots/auto"); s.fifo("state/gcroots/auto") }, "failed to open the directory of roots ROOT/state/gcroots/auto").queued(&[]),
    built("a directory in place of a root", |s| s.dir(root(s)), "failed to create the root ROOT/state/gcroots/auto"),
    built("a file in place of a root", |s| s.file(root(s), ""), "failed to create the root ROOT/state/gcroots/auto"),
    built("a link elsewhere in place of a root", |s| s.link(root(s), "{}/outside/canary"), NOTHING),
    built("a queue that is a pipe", |s| { s.remove("queue"); s.fifo("queue") }, "failed to open the queue directory ROOT/queue").queued(&[]),
    built("a queue that is a link", |s| { s.remove("queue"); s.link("queue", "{}/outside") }, "failed to open the queue directory ROOT/queue").queued(&[]),
    hook("a store path that is a link to itself", |s| { s.link("store/{#}-loop", "{#}-loop"); s.set("OUT_PATHS", "{}/store/{#}-loop") }, NOTHING).queued(&["loop"]),
    hook("a store path that is a pipe", |s| { s.fifo("store/{#}-pipe"); s.set("OUT_PATHS", "{}/store/{#}-pipe") }, NOTHING).queued(&["pipe"]),
    hook("a store that is a file", |s| { s.set("NIX_STORE_DIR", "{}/outside/canary"); s.set("OUT_PATHS", "{}/outside/canary/{#}-a") }, "Not a directory"),
];

#[test]
fn every_case_of_what_surrounds_the_queue() {
    run_all("what surrounds the queue", CASES);
}
