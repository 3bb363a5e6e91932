//! Large queues: how they are looked at and removed, and how that grows.

use crate::Bench;
use crate::measure::{Timed, alternate, instructions, peak, times};
use crate::quantity::Quantity;
use crate::row::{Aim, Measured, Ratio, Reach, Row, median};
use crate::stage::{CONFIG, Stage};

/// Theirs, in the order of the table.
pub(crate) fn listing() -> Row {
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

/// See [`listing`].
pub(crate) fn growth() -> Row {
    const LINEAR: Reach = Reach::Times(1.2);
    Row {
        name: "growth",
        work: "an entry of 100,000",
        compared_with: "of 10,000",
        aims: &[
            Aim {
                what: "listed",
                reach: LINEAR,
            },
            Aim {
                what: "planned",
                reach: LINEAR,
            },
            Aim {
                what: "removed",
                reach: LINEAR,
            },
            Aim {
                what: "listed, instructions",
                reach: LINEAR,
            },
            Aim {
                what: "planned, instructions",
                reach: LINEAR,
            },
            Aim {
                what: "of 10,000 listed, instructions, beside one of 1,000",
                reach: LINEAR,
            },
            Aim {
                what: "of 10,000 planned, instructions, beside one of 1,000",
                reach: LINEAR,
            },
        ],
        measure: grow,
    }
}

const LIST: &[&str] = &["list"];
const PLAN: &[&str] = &["push", "--dry-run"];

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

/// Queues of three sizes, and an empty one: what starting costs is taken off.
fn grow(bench: &Bench) -> Vec<Measured> {
    let sizes = [0, 1_000, 10_000, 100_000];
    let stages = sizes.map(|size| {
        let stage = Stage::in_memory(CONFIG);
        let paths = stage.existing(size);
        stage.enqueue(&paths);
        (stage, paths)
    });
    let [empty, small, medium, large] = &stages;
    let timed = |arguments| {
        let rounds = bench.rounds(5, 3);
        let time = |(stage, _): &(Stage, Vec<String>)| {
            median(&times(stage, &stage.ours(arguments), rounds.runs).times)
        };
        let in_turns = (0..rounds.rounds).map(|_| {
            let start = time(empty);
            [medium, large].map(|stage| (time(stage) - start) / stage.1.len() as f64)
        });
        compared(&in_turns.collect::<Vec<_>>())
    };
    let [listed, planned] = [timed(LIST), timed(PLAN)];
    let counted = |arguments: &[&str], [less, more]: [&(Stage, Vec<String>); 2]| {
        let count = |(stage, _): &(Stage, Vec<String>)| {
            let words = stage.ours(arguments).words;
            let count = instructions(&words[0], |command| {
                stage.bare(command);
                command.args(&words[1..]);
            });
            count as f64
        };
        let start = count(empty);
        let [less, more] = [less, more].map(|stage| (count(stage) - start) / stage.1.len() as f64);
        Measured::beside(Quantity::Count(more.round()), Quantity::Count(less.round()))
    };
    let pairs = [[medium, large], [small, medium]];
    let [large_pair, small_pair] = pairs.map(|pair| [LIST, PLAN].map(|ours| counted(ours, pair)));
    let removed = {
        let rounds = bench.rounds(3, 1);
        let start = median(&times(&empty.0, &drop_all(empty), rounds.runs).times);
        let time = |stage: &(Stage, Vec<String>)| {
            let seconds = median(&times(&stage.0, &drop_all(stage), rounds.runs).times);
            (seconds - start) / stage.1.len() as f64
        };
        let in_turns = (0..rounds.rounds).map(|_| [medium, large].map(time));
        compared(&in_turns.collect::<Vec<_>>())
    };
    [listed, planned, removed]
        .into_iter()
        .chain(large_pair)
        .chain(small_pair)
        .collect()
}

/// `drop --all` of a queue that is full.
fn drop_all((stage, paths): &(Stage, Vec<String>)) -> Timed {
    let timed = stage.ours(&["drop", "--all"]);
    if paths.is_empty() {
        return timed;
    }
    timed.prepared_by(&stage.renewing("", paths))
}

/// Seconds an entry, of the smaller and of the larger queue, in each round.
fn compared(rounds: &[[f64; 2]]) -> Measured {
    let column = |i: usize| rounds.iter().map(|round| round[i]).collect::<Vec<_>>();
    let ratios: Vec<f64> = rounds.iter().map(|[less, more]| more / less).collect();
    Measured {
        ours: Quantity::Seconds(median(&column(1))),
        theirs: Some(Quantity::Seconds(median(&column(0)))),
        ratio: Some(Ratio::of(&ratios)),
        cpu: None,
    }
}
