//! Plays a scenario in which things happen at given steps.

use std::cell::RefCell;

use queue_core::testing::{Decision, Step};

use super::scenarios::{Company, Scenario};
use super::stage::Stage;

/// What happens before a step.
#[derive(Clone, Copy)]
pub enum Event {
    Stop,
    Fail,
    FailAfter,
    CollectorLocks,
    CollectorScans,
    Collector,
    Company(Company),
}

/// A scenario that was played.
pub struct Played {
    pub stage: Stage,
    pub steps: Vec<Step>,
    /// What the act complained about.
    pub said: String,
}

/// Plays the act on a copy of the stage.
pub fn play(scenario: &Scenario, stage: &Stage, events: &[(usize, Event)]) -> Played {
    let stage = stage.clone();
    stage.begin_act();
    let steps = RefCell::new(Vec::new());
    let process = stage.scripted(|step| {
        steps.borrow_mut().push(*step);
        let now = events.iter().filter(|(number, _)| *number == step.number);
        now.fold(Decision::GoOn, |_, (_, event)| event.happens(&stage))
    });
    let said = (scenario.act)(&stage, &process);
    stage.note_ledgers();
    drop(process);
    let steps = steps.into_inner();
    Played { stage, steps, said }
}

impl Event {
    fn happens(self, stage: &Stage) -> Decision {
        match self {
            Self::Stop => return Decision::Stop,
            Self::Fail => return Decision::Fail,
            Self::FailAfter => return Decision::FailAfter,
            Self::CollectorLocks => stage.world.collector_locks(),
            Self::CollectorScans => stage.world.collector_scans(),
            Self::Collector => stage.world.collect(),
            Self::Company(company) => (company.act)(stage),
        }
        Decision::GoOn
    }

    fn name(self) -> &'static str {
        match self {
            Self::Stop => "it is killed",
            Self::Fail => "it fails",
            Self::FailAfter => "it fails after its effect",
            Self::CollectorLocks => "a collector locks",
            Self::CollectorScans => "a collector looks for roots",
            Self::Collector => "a collector runs",
            Self::Company(company) => company.name,
        }
    }
}

impl Played {
    /// Fails the test with all that is needed to play it again.
    pub fn expect(&self, scenario: &Scenario, events: &[(usize, Event)], kept: Result<(), String>) {
        let Err(broken) = kept else { return };
        let mut told = format!("{}: {broken}\n", scenario.name);
        for step in &self.steps {
            for (_, event) in events.iter().filter(|(number, _)| *number == step.number) {
                told.push_str(&format!("      -- {} --\n", event.name()));
            }
            told.push_str(&format!("  {:3} {}\n", step.number, step.action));
        }
        panic!("{told}{}", self.said);
    }

    /// What holds after it, in the world as it stands.
    pub fn check(&self, scenario: &Scenario, events: &[(usize, Event)]) {
        self.expect(scenario, events, self.stage.nothing_is_lost());
        self.expect(scenario, events, self.stage.clone().recovers());
    }

    /// What holds after it when a collector runs, without looking what a push
    /// then does.
    pub fn check_collector(&self, scenario: &Scenario, events: &[(usize, Event)]) {
        self.expect(scenario, events, self.stage.nothing_is_lost());
        self.expect(scenario, events, self.stage.clone().collectors_run());
    }

    /// What holds after it when the power is lost, in every way. Gives in how
    /// many ways that is.
    pub fn check_power_losses(&self, scenario: &Scenario, events: &[(usize, Event)]) -> usize {
        let mut ways = 0;
        for world in self.stage.world.power_losses() {
            ways += 1;
            let kept = self.stage.with_world(world).recovers();
            self.expect(
                scenario,
                events,
                kept.map_err(|broken| format!("power loss {ways}: {broken}")),
            );
        }
        ways
    }
}
