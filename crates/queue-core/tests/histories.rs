//! Long sequences of enqueueing, pushing, collecting, crashing and failing, held
//! against what was promised on the way.

#![allow(clippy::unwrap_used)]

mod sim;

use figures::{is_long, quoted};
use proptest::collection::vec;
use proptest::prelude::any;
use proptest::test_runner::{Config, RngSeed, TestCaseError, TestRunner};
use sim::acts::{act, kind};
use sim::history::{Figures, History};

const LONGEST: usize = 60;

fn config() -> Config {
    let cases = if is_long() { 20_000 } else { 300 };
    Config {
        cases,
        rng_seed: RngSeed::Fixed(4),
        // What fails is printed in full, and becomes a test in `regressions.rs`: a seed would mean
        // something else as soon as there is another act.
        failure_persistence: None,
        max_shrink_iters: 20_000,
        ..Config::default()
    }
}

#[test]
fn whatever_happens_in_whatever_order_nothing_accepted_is_lost() {
    let (mut cases, mut all) = (0, Figures::default());
    let total = std::cell::RefCell::new((&mut cases, &mut all));
    let outcome = TestRunner::new(config()).run(
        &(any::<bool>(), [kind(), kind()], vec(act(), 1..LONGEST)),
        |(verify, kinds, acts)| {
            let mut history = History::new(verify, kinds);
            let kept = acts.iter().try_for_each(|act| history.act(act));
            kept.and_then(|()| history.end())
                .map_err(TestCaseError::fail)?;
            let (cases, all) = &mut *total.borrow_mut();
            **cases += 1;
            all.add(history.figures.get());
            Ok(())
        },
    );
    if let Err(error) = outcome {
        panic!("{error}");
    }
    quoted("histories", cases, "histories");
    all.print();
}
