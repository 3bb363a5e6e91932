//! How the time for an entry grows with the queue.

use crate::Bench;
use crate::measure::{Timed, instructions, times};
use crate::quantity::Quantity;
use crate::row::{Aim, Measured, Ratio, Reach, Row, median};
use crate::rows::listing::{LIST, PLAN};
use crate::stage::{CONFIG, Stage};

const DROP: &[&str] = &["drop", "--all"];

/// Linear within a fifth.
const fn linear(what: &'static str) -> Aim {
    Aim {
        what,
        reach: Reach::Times(1.2),
    }
}

const AIMS: &[Aim] = &[
    linear("of 100,000, listed"),
    linear("of 100,000, planned"),
    linear("of 100,000, removed"),
    linear("of 100,000, listed, instructions"),
    linear("of 100,000, planned, instructions"),
    linear("of 100,000, removed, instructions"),
    linear("of 10,000, listed, instructions"),
    linear("of 10,000, planned, instructions"),
    linear("of 10,000, removed, instructions"),
];

/// See [`grow`].
pub(crate) fn row() -> Row {
    Row {
        name: "growth",
        work: "growth: an entry",
        compared_with: "in a queue a tenth as large",
        aims: AIMS,
        measure: grow,
    }
}

/// A queue and what is in it at first.
struct Filled {
    stage: Stage,
    paths: Vec<String>,
}

impl Filled {
    fn new(size: usize) -> Filled {
        let stage = Stage::in_memory(CONFIG);
        let paths = stage.existing(size);
        stage.enqueue(&paths);
        Filled { stage, paths }
    }

    /// The median of seconds that it takes; it is full before each run.
    fn seconds(&self, arguments: &[&str], runs: usize) -> f64 {
        let mut timed: Timed = self.stage.ours(arguments);
        if arguments == DROP && !self.paths.is_empty() {
            timed = timed.prepared_by(&self.stage.renewing("", &self.paths));
        }
        median(&times(&self.stage, &timed, runs).times)
    }

    /// The instructions that it takes; it is full before.
    fn instructions(&self, arguments: &[&str]) -> f64 {
        self.stage.empty_now();
        self.stage.enqueue(&self.paths);
        let words = self.stage.ours(arguments).words;
        let count = instructions(&words[0], |command| {
            self.stage.bare(command);
            command.args(&words[1..]);
        });
        count as f64
    }

    /// So much for an entry, if that is what an empty queue takes.
    fn for_an_entry(&self, all: f64, start: f64) -> f64 {
        (all - start) / self.paths.len() as f64
    }
}

/// Time at ten and a hundred thousand entries, in turns, and instructions, which show less of the
/// machine, from a thousand on. What an empty queue takes is taken off.
fn grow(bench: &Bench) -> Vec<Measured> {
    let [empty, small, medium, large] = [0, 1_000, 10_000, 100_000].map(Filled::new);
    let by_time = [(LIST, 5, 3), (PLAN, 5, 3), (DROP, 3, 1)].map(|(arguments, rounds, runs)| {
        let rounds = bench.rounds(rounds, runs);
        let turns = (0..rounds.rounds).map(|_| {
            let start = empty.seconds(arguments, rounds.runs);
            [&medium, &large]
                .map(|queue| queue.for_an_entry(queue.seconds(arguments, rounds.runs), start))
        });
        compared(&turns.collect::<Vec<_>>())
    });
    let counted = [LIST, PLAN, DROP].map(|arguments| {
        let start = empty.instructions(arguments);
        [&small, &medium, &large]
            .map(|queue| {
                queue
                    .for_an_entry(queue.instructions(arguments), start)
                    .round()
            })
            .map(Quantity::Count)
    });
    let to_large = counted.map(|[_, medium, large]| Measured::beside(large, medium));
    let to_medium = counted.map(|[small, medium, _]| Measured::beside(medium, small));
    [by_time, to_large, to_medium]
        .into_iter()
        .flatten()
        .collect()
}

/// Seconds for an entry, in the smaller and in the larger queue, in each turn.
fn compared(turns: &[[f64; 2]]) -> Measured {
    let of = |i: usize| turns.iter().map(|turn| turn[i]).collect::<Vec<_>>();
    let ratios: Vec<f64> = turns.iter().map(|[less, more]| more / less).collect();
    Measured {
        ours: Quantity::Seconds(median(&of(1))),
        theirs: Some(Quantity::Seconds(median(&of(0)))),
        ratio: Some(Ratio::of(&ratios)),
        cpu: None,
    }
}
