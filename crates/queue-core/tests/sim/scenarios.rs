//! What one process does while things happen around it.

use std::num::{NonZeroU32, NonZeroUsize};

use queue_core::testing::{Health, Process, Rooting};

use super::stage::{Stage, path, paths};

/// A stage, and an act on it that says what it complains about.
#[derive(Clone, Copy)]
pub struct Scenario {
    pub name: &'static str,
    pub set: fn() -> Stage,
    pub act: fn(&Stage, &Process<'_>) -> String,
}

/// Somebody else, who does something from its beginning to its end.
#[derive(Clone, Copy)]
pub struct Company {
    pub name: &'static str,
    pub act: fn(&Stage),
}

fn one_queue() -> Stage {
    Stage::new(&[Rooting::Auto])
}

fn queued(names: &[&str]) -> Stage {
    let stage = one_queue();
    stage.queue(names);
    stage
}

fn sick(names: &[&str], health: Health) -> Stage {
    let stage = queued(names);
    stage.world.destination(0, |there| there.health = health);
    stage
}

fn with_bad(names: &[&str], bad: &[&str]) -> Stage {
    let stage = queued(names);
    stage
        .world
        .destination(0, |there| there.cannot_take.extend(paths(bad)));
    stage
}

/// One that failed, or is parked.
fn failed(attempts: u32) -> Stage {
    let mut stage = with_bad(&["a", "bad"], &["bad"]);
    stage.options.retry.max_attempts = NonZeroU32::new(attempts).unwrap();
    let _ = stage.push(&stage.process(), 0);
    stage.queue(&["b"]);
    stage
}

/// Enqueues what a builder holds until the hook returns.
fn hook(stage: &Stage, process: &Process<'_>, queues: &[usize], names: &[&str]) -> String {
    let paths = paths(names);
    paths.iter().for_each(|path| stage.world.hold(path));
    let said = stage.enqueue(process, queues, &paths);
    paths.iter().for_each(|path| stage.world.release(path));
    said
}

fn built(rootings: &[Rooting]) -> Stage {
    let stage = Stage::new(rootings);
    stage.build_all(&["a", "b", "c", "d"]);
    stage
}

macro_rules! scenarios_that_say {
    ($($name:literal, $says:literal: $set:expr, $act:expr;)+) => {
        &[$(($says, Scenario { name: $name, set: || $set, act: $act })),+]
    };
}

mod limited;

pub use limited::LIMITED;

macro_rules! scenarios {
    ($($name:literal: $set:expr, $act:expr;)+) => {
        &[$(Scenario { name: $name, set: || $set, act: $act }),+]
    };
}

pub const ENQUEUES: &[Scenario] = scenarios! {
    "enqueue new": built(&[Rooting::Auto]), |s, p| hook(s, p, &[0], &["a"]);
    "enqueue new, which nobody holds": built(&[Rooting::Auto]),
        |s, p| s.enqueue(p, &[0], &paths(&["a"]));
    "enqueue new, below gcroots": built(&[Rooting::Inside]),
        |s, p| s.enqueue(p, &[0], &paths(&["a", "b"]));
    "enqueue new, roots cleared by the collector": built(&[Rooting::ClearedByCollector]),
        |s, p| s.enqueue(p, &[0], &paths(&["a", "b"]));
    "enqueue again": queued(&["a"]), |s, p| s.enqueue(p, &[0], &paths(&["a"]));
    "enqueue many": { let s = queued(&["b"]); s.build_all(&["a", "c", "d"]); s },
        |s, p| hook(s, p, &[0], &["a", "b", "c", "d"]);
    "enqueue into two queues": built(&[Rooting::Auto, Rooting::Auto]),
        |s, p| s.enqueue(p, &[0, 1], &paths(&["a", "b"]));
    "enqueue into queues of two kinds": built(&[Rooting::Inside, Rooting::ClearedByCollector]),
        |s, p| s.enqueue(p, &[0, 1], &paths(&["a"]));
    "enqueue what is not there": built(&[Rooting::Auto]),
        |s, p| s.enqueue(p, &[0], &paths(&["nowhere", "a"]));
    "enqueue what a killed hook left without a root": unrooted(),
        |s, p| s.enqueue(p, &[0], &paths(&["u", "b"]));
    "enqueue where a root is left": rooted(),
        |s, p| s.enqueue(p, &[0], &paths(&["a"]));
};

pub const PUSHES: &[Scenario] = scenarios! {
    "push": queued(&["a", "b"]), |s, p| s.push(p, 0).0;
    "push, roots cleared by the collector": { let s = Stage::new(&[Rooting::ClearedByCollector]); s.queue(&["a", "b"]); s },
        |s, p| s.push(p, 0).0;
    "push, below gcroots": { let s = Stage::new(&[Rooting::Inside]); s.queue(&["a", "b"]); s },
        |s, p| s.push(p, 0).0;
    "push and verify": verifying(queued(&["a", "b"])), |s, p| s.push(p, 0).0;
    "push one by one": { let mut s = queued(&["a", "b"]); s.options.batch_size = NonZeroUsize::MIN; s },
        |s, p| s.push(p, 0).0;
    "push to a destination that is down": sick(&["a", "b"], Health::Down), |s, p| s.push(p, 0).0;
    "push to a destination that stalls": sick(&["a", "b", "c"], Health::Stalls), |s, p| s.push(p, 0).0;
    "push to a destination that refuses": sick(&["a", "b"], Health::Refuses), |s, p| s.push(p, 0).0;
    "push with one that cannot be taken, which splits": with_bad(&["a", "bad", "c"], &["bad"]), |s, p| s.push(p, 0).0;
    "push that parks": { let mut s = with_bad(&["a", "bad"], &["bad"]);
        s.options.retry.max_attempts = NonZeroU32::MIN; s }, |s, p| s.push(p, 0).0;
    "push while one backs off": failed(3), |s, p| s.push(p, 0).0;
    "push and verify what is taken and lost": { let s = verifying(queued(&["a", "bad"]));
        s.world.destination(0, |there| there.loses.extend(paths(&["bad"]))); s }, |s, p| s.push(p, 0).0;
    "push that roots what has no root": unrooted(), |s, p| s.push(p, 0).0;
    "push that roots what has no root, to a destination that is down":
        { let s = unrooted(); s.world.destination(0, |there| there.health = Health::Down); s },
        |s, p| s.push(p, 0).0;
    "push of what is no longer valid": { let s = queued(&["a", "b"]); s.delete(&path("a")); s.settle(); s },
        |s, p| s.push(p, 0).0;
    "push of what is valid and not seen on disk": { let s = queued(&["a", "b"]); s.world.hide(&path("a")); s },
        |s, p| s.push(p, 0).0;
    "push of what is on disk and not valid": { let s = queued(&["a", "b"]); s.delete(&path("a"));
        s.world.leave_behind(&path("a")); s.settle(); s }, |s, p| s.push(p, 0).0;
};

pub const OTHERS: &[Scenario] = scenarios! {
    "drop": queued(&["a", "b"]), |s, p| s.drop(p, 0, &paths(&["a"]));
    "drop all, roots cleared by the collector": { let s = Stage::new(&[Rooting::ClearedByCollector]); s.queue(&["a", "b"]); s },
        |s, p| s.drop(p, 0, &paths(&["a", "b"]));
    "drop what failed": failed(3), |s, p| s.drop(p, 0, &paths(&["bad"]));
    "retry what is parked": failed(1), |s, p| s.retry(p, 0);
};

const HOOK_WITH_NEW: Company = Company {
    name: "a hook with something new",
    act: |stage| {
        let paths = stage.build_all(&["late"]);
        stage.enqueue(&stage.process(), &[0], &paths);
    },
};

/// Builds anew what is gone.
const HOOK_WITH_THE_SAME: Company = Company {
    name: "a hook with the same",
    act: |stage| {
        let paths = stage.build_all(&["a", "b"]);
        stage.enqueue(&stage.process(), &[0], &paths);
    },
};

const PUSH: Company = Company {
    name: "a push",
    act: |stage| drop(stage.push(&stage.process(), 0)),
};

const DROP: Company = Company {
    name: "a drop",
    act: |stage| drop(stage.drop(&stage.process(), 0, &paths(&["a"]))),
};

const DELETION: Company = Company {
    name: "a deletion in spite of all roots",
    act: |stage| stage.delete(&path("a")),
};

pub const COMPANY: &[Company] = &[HOOK_WITH_NEW, HOOK_WITH_THE_SAME, PUSH, DROP, DELETION];

/// Who is promised something about the very entries of the scenario.
pub const SHORT: &[Company] = &[HOOK_WITH_THE_SAME];

/// Everything that a process is tried in.
pub fn all() -> impl Iterator<Item = &'static Scenario> {
    let limited = LIMITED.iter().map(|(_, scenario)| scenario);
    ENQUEUES.iter().chain(PUSHES).chain(OTHERS).chain(limited)
}

fn verifying(mut stage: Stage) -> Stage {
    stage.options.verify = true;
    stage
}

/// Queued "b", and "u", whose hook was killed before its root.
fn unrooted() -> Stage {
    use queue_core::QueueDirectory;
    let stage = queued(&["b"]);
    stage.build_all(&["u"]);
    let insert = |process: Process<'_>| process.queue(0).directory.insert(&path("u")).unwrap();
    insert(stage.process());
    stage.settle();
    stage
}

/// "a" is not queued, but it has a root.
fn rooted() -> Stage {
    let stage = Stage::new(&[Rooting::ClearedByCollector]);
    stage.queue(&["a", "b"]);
    stage.drop(&stage.process(), 0, &paths(&["a"]));
    stage.settle();
    stage
}
