//! Cases as rows of a table: what is hostile, how it gets to its place, and what is said of it.
//! Each function stands for a command, the world that it finds and its usual end.

use crate::case::Case;
use crate::stage::{DERIVATION, Stage};

type Prepare = fn(&mut Stage);

/// Any command. Nothing is queued, before or after.
pub const fn command(
    name: &'static str,
    line: &'static str,
    prepare: Prepare,
    code: i32,
    says: &'static str,
) -> Case {
    Case {
        name,
        line,
        world: |_| {},
        prepare,
        code,
        says,
        queued: &[],
    }
}

impl Case {
    /// These are queued afterwards.
    pub const fn queued(self, queued: &'static [&'static str]) -> Self {
        Self { queued, ..self }
    }

    const fn in_world(self, world: Prepare) -> Self {
        Self { world, ..self }
    }

    const fn with_an_entry(self) -> Self {
        self.in_world(|s| s.entry("a")).queued(&["a"])
    }
}

/// The hook: it passes, and nothing is queued.
pub const fn hook(name: &'static str, prepare: Prepare, says: &'static str) -> Case {
    command(name, "hook", prepare, 0, says)
}

/// The hook after `{a}` was built, which is queued.
pub const fn built(name: &'static str, prepare: Prepare, says: &'static str) -> Case {
    let case = hook(name, prepare, says).queued(&["a"]);
    case.in_world(|s| s.set("OUT_PATHS", "{a}"))
}

/// The hook with a derivation only, [`DERIVATION`]; nothing is queued.
pub const fn derived(name: &'static str, prepare: Prepare, says: &'static str) -> Case {
    let case = hook(name, prepare, says);
    case.in_world(|s| s.set("DRV_PATH", format!("{{}}/{DERIVATION}")))
}

/// `config check` of a bad configuration.
pub const fn check(name: &'static str, prepare: Prepare, says: &'static str) -> Case {
    command(name, "config check", prepare, 78, says)
}

/// `enqueue` of one bad path.
pub const fn enqueue(name: &'static str, prepare: Prepare, says: &'static str) -> Case {
    command(name, "enqueue", prepare, 2, says)
}

/// `list` with `{a}` in the queue.
pub const fn list(name: &'static str, prepare: Prepare, says: &'static str) -> Case {
    command(name, "list", prepare, 0, says).with_an_entry()
}

/// `status` with `{a}` in the queue.
pub const fn status(name: &'static str, prepare: Prepare, says: &'static str) -> Case {
    seen(name, prepare, 0, says)
}

/// `status` with `{a}` in the queue, which somebody has to look at.
pub const fn needs_a_look(name: &'static str, prepare: Prepare, says: &'static str) -> Case {
    seen(name, prepare, 1, says)
}

/// With a destination, without which no queue is well.
const fn seen(name: &'static str, prepare: Prepare, code: i32, says: &'static str) -> Case {
    let world = |s: &mut Stage| {
        s.entry("a");
        s.set("NIX_POST_BUILD_PUSH_DESTINATION", "file://{}/cache");
    };
    let case = command(name, "status", prepare, code, says).in_world(world);
    case.queued(&["a"])
}

/// `drop` of what is not there, with `{a}` in the queue.
pub const fn drop(name: &'static str, prepare: Prepare, says: &'static str) -> Case {
    command(name, "drop", prepare, 2, says).with_an_entry()
}

/// `closure` with `{a}` in the queue, and without an answer.
pub const fn closure(name: &'static str, prepare: Prepare, says: &'static str) -> Case {
    command(name, "closure", prepare, 75, says).with_an_entry()
}

/// `push` with `{a}` in the queue and a `nix` that copies everything; nothing is left.
pub const fn push(name: &'static str, prepare: Prepare, code: i32, says: &'static str) -> Case {
    let world = |s: &mut Stage| {
        s.entry("a");
        s.nix("exit 0");
        s.set("NIX_POST_BUILD_PUSH_DESTINATION", "file://{}/cache");
    };
    command(name, "push", prepare, code, says).in_world(world)
}

/// `push` that copies nothing, and keeps `{a}`.
pub const fn kept(name: &'static str, prepare: Prepare, code: i32, says: &'static str) -> Case {
    push(name, prepare, code, says).queued(&["a"])
}
