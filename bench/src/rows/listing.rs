//! A large queue: what it takes to look at it.

use crate::Bench;
use crate::measure::{Timed, alternate, peak};
use crate::quantity::Quantity;
use crate::row::{Aim, Measured, Reach, Row};
use crate::stage::{CONFIG, Stage};

/// See [`list`].
pub(crate) fn row() -> Row {
    Row {
        name: "list-100000",
        work: "a queue of 100,000 entries",
        compared_with: "`find -type l` with `readlink`",
        aims: &[
            Aim {
                what: "`list`",
                reach: Reach::Times(2.0),
            },
            Aim {
                what: "`push --dry-run`",
                reach: Reach::Times(2.0),
            },
            Aim {
                what: "`list`, peak memory",
                reach: Reach::Mebibytes(64),
            },
            Aim {
                what: "`push --dry-run`, peak memory",
                reach: Reach::Mebibytes(64),
            },
        ],
        measure: list,
    }
}

/// Lists the queue.
pub(crate) const LIST: &[&str] = &["list"];
/// Lists it, and plans what a push would do.
pub(crate) const PLAN: &[&str] = &["push", "--dry-run"];

/// All look at every entry, its age, and what it points at; a plan also whether that is there.
fn list(bench: &Bench) -> Vec<Measured> {
    let stage = Stage::in_memory(CONFIG);
    stage.enqueue(&stage.existing(100_000));
    let queue = stage.queue();
    let find = [
        "find",
        queue.as_str(),
        "-type",
        "l",
        "-printf",
        r"'%f %l\n'",
    ];
    let find = Timed::new(find);
    let measured = [LIST, PLAN].map(|ours| {
        let ours = stage.ours(ours);
        alternate((&stage, &ours), (&stage, &find), bench.rounds(5, 3))
    });
    let peaks = [LIST, PLAN].map(|arguments| {
        let words = stage.ours(arguments).words;
        Measured::alone(Quantity::Bytes(peak(&stage, &words[0], |command| {
            command.args(&words[1..]);
        })))
    });
    measured.into_iter().chain(peaks).collect()
}
