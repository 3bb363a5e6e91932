//! Queues with limits, contents that are compared, and drains.

use std::time::Duration;

use queue_core::testing::{Health, Process, Rooting, SimDrainTime};
use queue_core::*;

use super::super::stage::{Stage, path, paths};
use super::{Scenario, hook, queued, sick};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

fn limit<T>(at_most: T, beyond: Beyond) -> Option<Limit<T>> {
    Some(Limit { at_most, beyond })
}

fn entries(at_most: usize, beyond: Beyond) -> Limits {
    Limits {
        max_entries: limit(at_most, beyond),
        ..Limits::default()
    }
}

fn age(beyond: Beyond) -> Limits {
    Limits {
        max_age: limit(HOUR, beyond),
        ..Limits::default()
    }
}

/// Each object has 100 bytes, "lib" too, which all of them share.
fn pinned(at_most: u64, beyond: Beyond) -> Limits {
    Limits {
        max_pinned: limit(at_most, beyond),
        ..Limits::default()
    }
}

/// One after the other, each older than the next one by two hours.
fn one_by_one(names: &[&str]) -> Stage {
    let stage = queued(&[]);
    for name in names {
        stage.world.wait(2 * HOUR);
        stage.queue(&[name]);
    }
    stage
}

/// What is too old closes it, and the oldest leave for their size.
fn age_and_pinned(at_most: u64) -> Limits {
    Limits {
        max_pinned: limit(at_most, Beyond::DropOldest),
        ..age(Beyond::Refuse)
    }
}

fn older(stage: Stage) -> Stage {
    stage.world.wait(2 * HOUR);
    stage
}

fn with_more(stage: Stage) -> Stage {
    stage.build_all(&["c", "d"]);
    stage
}

fn away(stage: Stage) -> Stage {
    stage
        .world
        .destination(0, |there| there.health = Health::Down);
    stage
}

/// A push judged it, and closed it.
fn closed(stage: Stage) -> Stage {
    let stage = away(stage);
    let _ = stage.push(&stage.process(), 0);
    assert!(stage.world.closed(0).is_some());
    stage.settle();
    stage
}

fn back(stage: Stage) -> Stage {
    stage
        .world
        .destination(0, |there| there.health = Health::Well);
    stage.world.wait(HOUR);
    stage
}

/// Its destination failed just now, and is not asked again before its turn.
fn backing_off(limits: Limits) -> Stage {
    let stage = away(one_by_one(&["a"]));
    let _ = stage.push(&stage.process(), 0);
    stage.settle();
    stage.limited(limits)
}

fn parked() -> Stage {
    let mut stage = one_by_one(&["bad"]);
    stage.options.retry.max_attempts = std::num::NonZeroU32::MIN;
    stage
        .world
        .destination(0, |there| there.cannot_take.extend(paths(&["bad"])));
    let _ = stage.push(&stage.process(), 0);
    stage.world.wait(2 * HOUR);
    stage.settle();
    stage
}

fn comparing(stage: Stage, damaged: &str) -> Stage {
    stage.world.compare_contents(0, true);
    stage.world.damage(&path(damaged));
    stage
}

fn comparing_unreadable(stage: Stage, unreadable: &str) -> Stage {
    stage.world.compare_contents(0, true);
    stage.world.make_unreadable(&path(unreadable));
    stage
}

/// Somebody asked for what is damaged without having repaired it. What brings it
/// along is older, and goes by itself.
fn retried() -> Stage {
    let mut stage = one_by_one(&["a", "lib"]);
    stage.world.compare_entries_alone();
    stage = comparing(stage, "lib");
    let _ = stage.push(&stage.process(), 0);
    stage.retry(&stage.process(), 0);
    stage.settle();
    stage.options.batch_size = std::num::NonZeroUsize::MIN;
    stage
}

/// The destination is back when the first wait is over.
struct ComesBack<'s> {
    stage: &'s Stage,
    time: SimDrainTime<'s>,
}

impl DrainTime for ComesBack<'_> {
    fn left(&self) -> Option<Duration> {
        self.time.left()
    }

    fn wait(&self, time: Duration) {
        self.time.wait(time);
        let well = |there: &mut queue_core::testing::Destination| there.health = Health::Well;
        self.stage.world.destination(0, well);
    }
}

fn drain<'s>(stage: &'s Stage, process: &'s Process<'_>) -> String {
    let time = process.drain_time(Some(HOUR));
    stage.drain(process, 0, &ComesBack { stage, time })
}

/// Each with what its act says when nothing else happens.
pub const LIMITED: &[(&str, Scenario)] = scenarios_that_say! {
    "enqueue into a full queue that refuses", "refused: [StorePath":
        with_more(queued(&["a", "b"]).limited(entries(3, Beyond::Refuse))),
        |s, p| hook(s, p, &[0], &["c", "a", "d"]);
    "enqueue into a full queue that drops the oldest", "dropped: [StorePath":
        with_more(one_by_one(&["a", "b"]).limited(entries(2, Beyond::DropOldest))),
        |s, p| hook(s, p, &[0], &["c"]);
    "enqueue more than a queue takes that drops the oldest", "dropped: [StorePath":
        with_more(one_by_one(&["a"]).limited(entries(1, Beyond::DropOldest))),
        |s, p| s.enqueue(p, &[0], &paths(&["c", "d"]));
    "enqueue into a full queue that drops the oldest, roots cleared by the collector",
        "dropped: [StorePath":
        { let s = Stage::new(&[Rooting::ClearedByCollector]); s.queue(&["a"]); s.world.wait(HOUR);
          with_more(s.limited(entries(1, Beyond::DropOldest))) },
        |s, p| hook(s, p, &[0], &["c"]);
    "enqueue into a closed queue", "refused: [StorePath":
        with_more(closed(queued(&["a"]).limited(pinned(100, Beyond::Refuse)))),
        |s, p| hook(s, p, &[0], &["a", "c"]);
    "push to a destination that is down, which closes", "Closed(":
        away(queued(&["a"]).limited(pinned(100, Beyond::Refuse))), |s, p| s.push(p, 0).0;
    "push that opens", "Opened":
        back(closed(queued(&["a"]).limited(pinned(100, Beyond::Refuse)))), |s, p| s.push(p, 0).0;
    "push to a destination that is down, which drops by age", "dropped: [StorePath":
        away(one_by_one(&["a", "b"]).limited(age(Beyond::DropOldest))), |s, p| s.push(p, 0).0;
    "push to a destination that is down, which drops by size", "dropped: [StorePath":
        away(one_by_one(&["a", "b"]).limited(pinned(250, Beyond::DropOldest))),
        |s, p| s.push(p, 0).0;
    "push to a destination that is down, which closes by age and drops by size", "Closed(":
        away(older(one_by_one(&["a", "b"]))).limited(age_and_pinned(250)), |s, p| s.push(p, 0).0;
    "push that delivers what is too old", "dropped: []":
        one_by_one(&["a", "b"]).limited(age(Beyond::DropOldest)), |s, p| s.push(p, 0).0;
    "push to a destination that is down and backs off, which drops nothing", "dropped: []":
        backing_off(pinned(100, Beyond::DropOldest)), |s, p| s.push(p, 0).0;
    "push that drops what is parked and too old", "dropped: [StorePath":
        parked().limited(age(Beyond::DropOldest)), |s, p| s.push(p, 0).0;
    "push with a damaged entry held back", "was modified":
        comparing(queued(&["a", "b"]), "a"), |s, p| s.push(p, 0).0;
    "push with a damaged library that all bring along", "parked: 2":
        comparing(queued(&["a", "b"]), "lib"), |s, p| s.push(p, 0).0;
    "push after a retry of what is damaged still", "parked: 2":
        retried(), |s, p| s.push(p, 0).0;
    "push with one that cannot be compared, which splits", "it takes for ever":
        comparing_unreadable(queued(&["a", "bad", "c"]), "bad"), |s, p| s.push(p, 0).0;
    "drain over a destination that is down and comes back", "Some(Drained)":
        sick(&["a"], Health::Down), drain;
    "drain over a destination that comes back, which drops nothing by age", "dropped: []":
        away(one_by_one(&["a", "b"]).limited(age(Beyond::DropOldest))), drain;
    "drain over a destination that comes back, which drops nothing by size", "dropped: []":
        away(one_by_one(&["a", "b"]).limited(pinned(250, Beyond::DropOldest))), drain;
    "drain over a destination that stays down, which drops at its end", "dropped: [StorePath":
        away(one_by_one(&["a", "b"]).limited(pinned(250, Beyond::DropOldest))),
        |s, p| s.drain(p, 0, &p.drain_time(Some(MINUTE * 3 / 2)));
    "drop from a closed queue, which opens it", "and is closed: None":
        closed(queued(&["a", "b"]).limited(pinned(100, Beyond::Refuse))),
        |s, p| {
            let said = s.drop(p, 0, &paths(&["a"]));
            format!("{said} and is closed: {:?}", s.world.closed(0))
        };
};
