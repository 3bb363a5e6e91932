//! A process is killed before every one of its steps, then the power is lost in
//! every way, then the promises are checked.

#![allow(clippy::unwrap_used)]

mod sim;

use figures::{is_long, quoted};
use sim::play::{Event, play};
use sim::scenarios::{self, COMPANY, Company, SHORT, Scenario};

#[derive(Default)]
struct Count {
    turns: usize,
    stops: usize,
    losses: usize,
}

#[test]
fn whoever_is_killed_at_any_step_loses_nothing_that_was_accepted() {
    let mut count = Count::default();
    for scenario in scenarios::all() {
        let stage = (scenario.set)();
        for stop in 0.. {
            let events = [(stop, Event::Stop)];
            let played = play(scenario, &stage, &events);
            count.stops += 1;
            played.check(scenario, &events);
            count.losses += played.check_power_losses(scenario, &events);
            if stop >= played.steps.len() {
                played.expect(scenario, &events, played.stage.every_entry_is_held(0));
                break;
            }
        }
    }
    quoted(
        "kills, one before each step of each scenario",
        count.stops,
        "kills",
    );
    quoted(
        "power losses after kills, in every way",
        count.losses,
        "losses",
    );
}

/// Else they would show nothing.
#[test]
fn the_scenarios_of_limits_contents_and_drains_do_what_they_are_called() {
    for (says, scenario) in scenarios::LIMITED {
        let played = play(scenario, &(scenario.set)(), &[]);
        played.stage.note_what_a_drain_dropped(&played.said);
        played.expect(scenario, &[], played.stage.nothing_is_lost());
        let said = played.said.contains(says);
        let kept = said.then_some(()).ok_or(format!("it does not say {says}"));
        played.expect(scenario, &[], kept);
    }
}

#[test]
fn nor_does_it_matter_what_somebody_else_does_before_any_step() {
    let mut turns = 0;
    for (scenario, company) in scenarios::all().flat_map(|s| COMPANY.iter().map(move |c| (s, c))) {
        let stage = (scenario.set)();
        for turn in 0.. {
            let events = [(turn, Event::Company(*company))];
            let played = play(scenario, &stage, &events);
            if turn >= played.steps.len() {
                break;
            }
            turns += 1;
            played.check(scenario, &events);
        }
    }
    quoted(
        "turns of somebody else, one before each step of each scenario",
        turns,
        "turns",
    );
}

/// Whoever is killed after the turn of somebody else. The long version lets
/// more of them have a turn, and loses the power in every way afterwards.
#[test]
fn nor_does_it_matter_what_somebody_else_did_before_the_kill() {
    let mut count = Count::default();
    let company = if is_long() { COMPANY } else { SHORT };
    for (scenario, company) in scenarios::all().flat_map(|s| company.iter().map(move |c| (s, c))) {
        kill_after_each_turn(scenario, company, &mut count);
    }
    quoted("turns of somebody else before a kill", count.turns, "turns");
    quoted(
        "kills before each later step after such a turn",
        count.stops,
        "kills",
    );
    quoted(
        "power losses after turns and kills, in every way",
        count.losses,
        "losses",
    );
}

fn kill_after_each_turn(scenario: &Scenario, company: &Company, count: &mut Count) {
    let stage = (scenario.set)();
    for turn in 0.. {
        for stop in turn.. {
            let events = [(turn, Event::Company(*company)), (stop, Event::Stop)];
            let played = play(scenario, &stage, &events);
            count.stops += 1;
            if is_long() {
                played.check(scenario, &events);
                count.losses += played.check_power_losses(scenario, &events);
            } else {
                played.check_collector(scenario, &events);
            }
            if stop >= played.steps.len() {
                count.turns += 1;
                break;
            }
        }
        if turn >= play(scenario, &stage, &[]).steps.len() {
            break;
        }
    }
}
