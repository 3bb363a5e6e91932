//! A garbage collector runs between any two steps, or looks for roots before
//! one step and deletes before a later one.

#![allow(clippy::unwrap_used)]

mod sim;

use figures::{is_long, quoted};
use sim::play::{Event, play};
use sim::scenarios::{self, COMPANY, SHORT, Scenario};

#[test]
fn a_collector_that_runs_before_any_step_takes_nothing_that_was_accepted() {
    let mut runs = 0;
    for scenario in scenarios::all() {
        let stage = (scenario.set)();
        for turn in 0.. {
            let events = [(turn, Event::Collector)];
            let played = play(scenario, &stage, &events);
            if turn >= played.steps.len() {
                break;
            }
            runs += 1;
            played.check(scenario, &events);
        }
    }
    quoted(
        "collectors, one before each step of each scenario",
        runs,
        "runs",
    );
}

#[test]
fn nor_does_one_that_looked_for_roots_before_one_step_and_deletes_before_another() {
    let mut pairs = 0;
    for scenario in scenarios::all() {
        for first in [Event::CollectorScans, Event::CollectorLocks] {
            pairs += at_each_pair(scenario, first);
        }
    }
    quoted(
        "collectors that look before one step and delete before another",
        pairs,
        "runs",
    );
}

#[test]
fn nor_does_one_after_the_turn_of_somebody_else() {
    let mut pairs = 0;
    let company = if is_long() { COMPANY } else { SHORT };
    for (scenario, company) in scenarios::all().flat_map(|s| company.iter().map(move |c| (s, c))) {
        pairs += at_each_pair(scenario, Event::Company(*company));
    }
    quoted("collectors after the turn of somebody else", pairs, "runs");
}

/// `first` before each step, a whole collector before each later one.
fn at_each_pair(scenario: &Scenario, first: Event) -> usize {
    let stage = (scenario.set)();
    let mut pairs = 0;
    for begin in 0..play(scenario, &stage, &[]).steps.len() {
        for end in begin + 1.. {
            let events = [(begin, first), (end, Event::Collector)];
            let played = play(scenario, &stage, &events);
            pairs += 1;
            if is_long() {
                played.check(scenario, &events);
            } else {
                played.check_collector(scenario, &events);
            }
            if end >= played.steps.len() {
                break;
            }
        }
    }
    pairs
}
