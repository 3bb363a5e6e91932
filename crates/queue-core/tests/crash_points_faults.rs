//! Every call of every port fails once, without and with its effect.

#![allow(clippy::unwrap_used)]

mod sim;

use figures::quoted;
use queue_core::StorePath;
use queue_core::testing::{Destination, Health, Step, World};
use sim::play::{Event, play};
use sim::scenarios::{self, Scenario};
use sim::stage::Stage;

#[derive(Default)]
struct Count {
    faults: usize,
    losses: usize,
}

#[test]
fn a_call_that_fails_is_told_and_loses_nothing_that_was_accepted() {
    let mut count = Count::default();
    for scenario in scenarios::all() {
        fail_everywhere(scenario, &[], &mut count);
    }
    quoted(
        "faults, one or two at each step of each scenario",
        count.faults,
        "faults",
    );
    quoted(
        "power losses after faults, in every way",
        count.losses,
        "losses",
    );
}

#[test]
fn nor_while_a_collector_runs() {
    let mut count = Count::default();
    for scenario in scenarios::all() {
        fail_everywhere(scenario, &[(0, Event::CollectorScans)], &mut count);
    }
    quoted("faults while a collector runs", count.faults, "faults");
    quoted(
        "power losses after faults while a collector runs, in every way",
        count.losses,
        "losses",
    );
}

/// Whether nobody has to tell of a fault of this step.
fn is_silent(step: &Step, stage: &Stage) -> bool {
    let is_down = |there: &mut Destination| there.health == Health::Down;
    match step.action {
        // Why the destination does not answer is told, whatever made the upload fail.
        Step::BEGIN_UPLOAD => stage.world.destination(0, is_down),
        // A wait that ends for no reason is no fault.
        Step::WAIT => true,
        _ => false,
    }
}

fn fail_everywhere(scenario: &Scenario, before: &[(usize, Event)], count: &mut Count) {
    let mut stage = (scenario.set)();
    stage.may_be_parked = true;
    for step in play(scenario, &stage, before).steps {
        let after = step.changes.then_some(Event::FailAfter);
        for fault in [Event::Fail].into_iter().chain(after) {
            let mut events = before.to_vec();
            events.push((step.number, fault));
            let played = play(scenario, &stage, &events);
            let told = is_silent(&step, &stage) || played.said.contains("the script says so");
            let told = told.then_some(()).ok_or("the fault is not told".to_owned());
            played.expect(scenario, &events, told);
            played.check(scenario, &events);
            let held = is_held_still(&stage.world, &played.stage.world);
            played.expect(scenario, &events, held);
            count.faults += 1;
            count.losses += played.check_power_losses(scenario, &events);
        }
    }
}

/// What was held, and is queued still although something failed, is held: also if somebody wanted
/// it removed, and no push comes for long. And if the power is lost.
fn is_held_still(before: &World, after: &World) -> Result<(), String> {
    let held = |world: &World, (queue, path): &(usize, StorePath)| world.is_held(*queue, path);
    // The rooms for what leaves as well.
    let queued = |queue| {
        after
            .queued(queue)
            .into_iter()
            .map(move |path| (queue, path))
    };
    let kept: Vec<_> = (0..2 * after.queues())
        .flat_map(queued)
        .filter(|entry| held(before, entry))
        .collect();
    for world in [after.clone()].into_iter().chain(after.power_losses()) {
        if let Some((queue, path)) = kept.iter().find(|entry| !held(&world, entry)) {
            return Err(format!("{path} is queued in {queue} still and not held"));
        }
    }
    Ok(())
}
