//! Two commands in turns, so that both meet what else the machine does.

use crate::measure::hyperfine::{Timed, times};
use crate::quantity::Quantity;
use crate::row::{Measured, Ratio, median};
use crate::stage::Stage;

/// How often two commands take turns, and how often each runs in a turn.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rounds {
    /// How many turns each has.
    pub(crate) rounds: usize,
    /// How often it runs in one.
    pub(crate) runs: usize,
}

/// Runs both in turns. The one that begins is the other one in each round. The ratio is the median
/// of the rounds' ratios, and that of a round is the one of the two medians in it.
#[track_caller]
pub(crate) fn alternate(
    (our_stage, ours): (&Stage, &Timed),
    (their_stage, theirs): (&Stage, &Timed),
    Rounds { rounds, runs }: Rounds,
) -> Measured {
    let (mut all_ours, mut all_theirs) = (Vec::new(), Vec::new());
    let (mut ratios, mut cpu_ratios) = (Vec::new(), Vec::new());
    for round in 0..rounds {
        let our_times = || times(our_stage, ours, runs);
        let their_times = || times(their_stage, theirs, runs);
        let (a, b) = if round % 2 == 0 {
            let a = our_times();
            (a, their_times())
        } else {
            let b = their_times();
            (our_times(), b)
        };
        ratios.push(median(&a.times) / median(&b.times));
        cpu_ratios.push(a.cpu() / b.cpu());
        all_ours.extend(a.times);
        all_theirs.extend(b.times);
    }
    Measured {
        ours: Quantity::Seconds(median(&all_ours)),
        theirs: Some(Quantity::Seconds(median(&all_theirs))),
        ratio: Some(Ratio::of(&ratios)),
        cpu: Some(median(&cpu_ratios)),
    }
}
