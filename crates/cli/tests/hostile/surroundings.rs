//! What lies where Nix's state and the store should be.

use std::fs;

use crate::case::{Case, run_all};
use crate::stage::Stage;

const fn hook(
    name: &'static str,
    prepare: fn(&mut Stage),
    says: &'static str,
    queued: &'static [&'static str],
) -> Case {
    Case {
        name,
        line: "hook",
        prepare,
        code: 0,
        says,
        queued,
    }
}

fn built(stage: &mut Stage, change: impl Fn(&Stage)) {
    stage.set("OUT_PATHS", "{a}");
    change(stage);
}

/// The name of the root of the entry `a`.
fn root(stage: &Stage) -> String {
    let link = stage.path(format!("queue/{}-a", crate::stage::HASH));
    let name = queue_core::auto_root_name(link.to_str().unwrap().into());
    format!("state/gcroots/auto/{name}")
}

pub const CASES: &[Case] = &[
    hook(
        "a directory in place of the collector's lock",
        |s| {
            built(s, |s| {
                fs::remove_file(s.path("state/gc.lock")).unwrap();
                s.dir("state/gc.lock");
            })
        },
        "failed to take the garbage collector's lock ROOT/state/gc.lock",
        &["a"],
    ),
    hook(
        "a pipe in place of the collector's lock",
        |s| {
            built(s, |s| {
                fs::remove_file(s.path("state/gc.lock")).unwrap();
                s.fifo("state/gc.lock");
            })
        },
        "",
        &["a"],
    ),
    hook(
        "a link to itself in place of the collector's lock",
        |s| {
            built(s, |s| {
                fs::remove_file(s.path("state/gc.lock")).unwrap();
                s.link("state/gc.lock", "gc.lock");
            })
        },
        "Too many levels of symbolic links",
        &["a"],
    ),
    hook(
        "a file in place of the directory of roots",
        |s| {
            built(s, |s| {
                fs::remove_dir(s.path("state/gcroots/auto")).unwrap();
                s.file("state/gcroots/auto", "");
            })
        },
        "failed to open the directory of roots ROOT/state/gcroots/auto",
        &[],
    ),
    hook(
        "a pipe in place of the directory of roots",
        |s| {
            built(s, |s| {
                fs::remove_dir(s.path("state/gcroots/auto")).unwrap();
                s.fifo("state/gcroots/auto");
            })
        },
        "failed to open the directory of roots ROOT/state/gcroots/auto",
        &[],
    ),
    hook(
        "a directory in place of a root",
        |s| built(s, |s| s.dir(root(s))),
        "failed to create the root ROOT/state/gcroots/auto",
        &["a"],
    ),
    hook(
        "a file in place of a root",
        |s| {
            built(s, |s| {
                s.file(root(s), "");
            })
        },
        "failed to create the root ROOT/state/gcroots/auto",
        &["a"],
    ),
    hook(
        "a link elsewhere in place of a root",
        |s| built(s, |s| s.link(root(s), "{}/outside/canary")),
        "",
        &["a"],
    ),
    hook(
        "a queue that is a pipe",
        |s| {
            built(s, |s| {
                fs::remove_dir(s.path("queue")).unwrap();
                s.fifo("queue");
            })
        },
        "failed to open the queue directory ROOT/queue",
        &[],
    ),
    hook(
        "a queue that is a link",
        |s| {
            built(s, |s| {
                fs::remove_dir(s.path("queue")).unwrap();
                s.link("queue", "{}/outside");
            })
        },
        "failed to open the queue directory ROOT/queue",
        &[],
    ),
    hook(
        "a store path that is a link to itself",
        |s| {
            s.link("store/{#}-loop", "{#}-loop");
            s.set("OUT_PATHS", "{}/store/{#}-loop");
        },
        "",
        &["loop"],
    ),
    hook(
        "a store path that is a pipe",
        |s| {
            s.fifo("store/{#}-pipe");
            s.set("OUT_PATHS", "{}/store/{#}-pipe");
        },
        "",
        &["pipe"],
    ),
    hook(
        "a store that is a file",
        |s| {
            s.set("NIX_STORE_DIR", "{}/outside/canary");
            s.set("OUT_PATHS", "{}/outside/canary/{#}-a");
        },
        "Not a directory",
        &[],
    ),
];

#[test]
fn every_case_of_what_surrounds_the_queue() {
    run_all("what surrounds the queue", CASES);
}
