//! Plays long sequences of anything, and counts what happened.

use std::cell::Cell;
use std::time::Duration;

use queue_core::testing::{Decision, Health, Process, Rooting};
use queue_core::{PushOptions, StorePath};

use super::acts::{Act, Happening, Interruption, InterruptionAt, Kind, NAMES, Names, named};
use super::promises::Kept;
use super::stage::{Stage, path, paths};
use figures::quoted;

/// Two queues: one with roots in `gcroots/auto`, one below `gcroots/`.
pub struct History {
    stage: Stage,
    may_damage: bool,
    pub figures: Cell<Figures>,
}

#[derive(Debug, Clone, Copy, Default)]
pub struct Figures {
    pub acts: usize,
    pub kills: usize,
    pub power_losses: usize,
    pub collectors: usize,
    pub faults: usize,
    pub accepted: usize,
    pub refused: usize,
    pub dropped: usize,
    pub untold: usize,
    pub held_back: usize,
}

impl Figures {
    pub fn add(&mut self, other: Self) {
        self.acts += other.acts;
        self.kills += other.kills;
        self.power_losses += other.power_losses;
        self.collectors += other.collectors;
        self.faults += other.faults;
        self.accepted += other.accepted;
        self.refused += other.refused;
        self.dropped += other.dropped;
        self.untold += other.untold;
        self.held_back += other.held_back;
    }

    pub fn print(&self) {
        quoted("acts in all histories", self.acts, "acts");
        quoted("kills in all histories", self.kills, "kills");
        quoted("power losses in all histories", self.power_losses, "losses");
        quoted("collectors in all histories", self.collectors, "runs");
        quoted("faults in all histories", self.faults, "faults");
        quoted(
            "entries promised at one time, in all histories",
            self.accepted,
            "entries",
        );
        quoted(
            "refused for a limit, in all histories",
            self.refused,
            "paths",
        );
        quoted(
            "dropped for a limit, in all histories",
            self.dropped,
            "paths",
        );
        quoted(
            "dropped by somebody who was killed before it was told, in all histories",
            self.untold,
            "paths",
        );
        quoted(
            "damaged entries that were queued after a push, in all histories",
            self.held_back,
            "entries",
        );
    }
}

impl History {
    /// One whose pushes verify, or do not.
    pub fn new(verify: bool, kinds: [Kind; 2]) -> Self {
        let mut stage = Stage::new(&[Rooting::Auto, Rooting::Inside]);
        for (queue, kind) in kinds.iter().enumerate() {
            stage.world.set_limits(queue, kind.limits);
            stage.world.compare_contents(queue, kind.compares);
        }
        // Where contents are not compared, what is damaged arrives.
        let may_damage = kinds.iter().all(|kind| kind.compares);
        stage.options.verify = verify;
        stage.may_be_parked = true;
        Self {
            stage,
            may_damage,
            figures: Cell::default(),
        }
    }

    pub fn count(&self, what: impl FnOnce(&mut Figures)) {
        let mut figures = self.figures.get();
        what(&mut figures);
        self.figures.set(figures);
    }

    /// Does it, and sees whether all that was promised holds.
    pub fn act(&mut self, act: &Act) -> Kept {
        self.count(|figures| figures.acts += 1);
        if let Act::Push(_, settings, _) = act {
            let one_by_one = if settings.one_by_one { 1 } else { 1000 };
            self.stage.options = PushOptions {
                force: settings.force,
                batch_size: one_by_one.try_into().unwrap(),
                ..self.stage.options.clone()
            };
        }
        self.stage.begin_act();
        self.perform(act);
        self.stage.note_ledgers();
        self.count_what_limits_did();
        let accepted = self.stage.witness().accepted.len();
        self.count(|figures| figures.accepted = figures.accepted.max(accepted));
        self.stage.ledgers_are_old_or_new()?;
        self.stage.nothing_is_lost()
    }

    /// Sees whether all arrives in the end.
    pub fn end(&self) -> Kept {
        self.stage.recovers()
    }

    fn count_what_limits_did(&self) {
        let seen = self.stage.witness().limits.clone();
        self.count(|figures| {
            (figures.refused, figures.dropped) = (seen.refused, seen.dropped);
            figures.untold = seen.untold;
        });
    }

    fn count_held_back(&self, queue: usize) {
        let world = &self.stage.world;
        let damaged = |path: &StorePath| usize::from(world.is_damaged(path));
        let number: usize = world.queued(queue).iter().map(damaged).sum();
        self.count(|figures| figures.held_back += number);
    }

    fn damage(&self, names: Names) {
        if self.may_damage {
            let paths = paths(&named(names));
            paths.iter().for_each(|path| self.stage.world.damage(path));
        }
    }

    fn perform(&self, act: &Act) {
        match act {
            Act::Hook(queue, names, held, interruptions) => {
                self.hook(*queue, *names, *held, &self.interrupted(interruptions));
            }
            Act::Push(queue, _, interruptions) => {
                let _ = self.stage.push(&self.interrupted(interruptions), *queue);
                self.count_held_back(*queue);
            }
            Act::Drain(queue, seconds, interruptions) => {
                let process = self.interrupted(interruptions);
                let time = process.drain_time(Some(Duration::from_secs(*seconds)));
                let said = self.stage.drain(&process, *queue, &time);
                if !interruptions
                    .iter()
                    .any(|one| one.what.gives_reason_to_try())
                {
                    self.stage.note_what_a_drain_dropped(&said);
                }
            }
            Act::Damage(names) => self.damage(*names),
            Act::Repair => self.stage.repair_all(),
            Act::Drop(queue, names, interruptions) => {
                let paths = paths(&named(*names));
                self.stage
                    .drop(&self.interrupted(interruptions), *queue, &paths);
            }
            Act::Retry(queue, interruptions) => {
                self.stage.retry(&self.interrupted(interruptions), *queue);
            }
            Act::Happens(happening) => self.happens(happening),
        }
    }

    fn interrupted<'h>(&'h self, interruptions: &'h [InterruptionAt]) -> Process<'h> {
        self.stage.scripted(move |step| {
            let now = interruptions.iter().filter(|one| one.step == step.number);
            now.fold(Decision::GoOn, |_, one| self.interrupts(&one.what))
        })
    }

    fn interrupts(&self, what: &Interruption) -> Decision {
        let process = || self.stage.scripted(|_| Decision::GoOn);
        match what {
            Interruption::Stop => {
                self.count(|figures| figures.kills += 1);
                return Decision::Stop;
            }
            Interruption::Fail | Interruption::FailAfter => {
                self.count(|figures| figures.faults += 1);
                let after = matches!(what, Interruption::FailAfter);
                return if after {
                    Decision::FailAfter
                } else {
                    Decision::Fail
                };
            }
            Interruption::Hook(queue, names) => self.hook(*queue, *names, false, &process()),
            Interruption::Drop(queue, names) => {
                drop(self.stage.drop(&process(), *queue, &paths(&named(*names))));
            }
            Interruption::Push(queue) => drop(self.stage.push(&process(), *queue)),
            Interruption::Happens(happening) => self.happens(happening),
        }
        Decision::GoOn
    }

    fn hook(&self, queue: usize, names: Names, held: bool, hook: &Process<'_>) {
        let names = named(names);
        let all = paths(&names);
        if held {
            all.iter().for_each(|path| self.stage.world.hold(path));
        }
        self.stage.build_all(&names);
        self.stage.enqueue(hook, &[queue], &all);
        all.iter().for_each(|path| self.stage.world.release(path));
    }

    fn happens(&self, happening: &Happening) {
        let world = &self.stage.world;
        match happening {
            Happening::CollectorLocks => world.collector_locks(),
            Happening::CollectorScans => world.collector_scans(),
            Happening::Collector => {
                self.count(|figures| figures.collectors += 1);
                world.collect();
            }
            Happening::PowerLoss(kept) => self.power_loss(kept),
            Happening::Clock(seconds) => self.clock(*seconds),
            Happening::Health(queue, health) => world.destination(*queue, |there| {
                there.health = [
                    Health::Well,
                    Health::Down,
                    Health::Stalls,
                    Health::TimesOut,
                    Health::Refuses,
                ][usize::from(*health)];
            }),
            Happening::CannotTake(queue, names) => world.destination(*queue, |there| {
                there
                    .cannot_take
                    .extend(paths(&named(names & (names >> 3))));
            }),
            Happening::Loses(queue, names) => world.destination(*queue, |there| {
                if self.stage.options.verify {
                    there.loses.extend(paths(&named(names & (names >> 3))));
                }
            }),
            Happening::Heal(queue) => world.destination(*queue, |there| {
                there.health = Health::Well;
                there.cannot_take.clear();
                there.loses.clear();
            }),
            Happening::Delete(name) => self.stage.delete(&path(NAMES[*name])),
        }
    }

    fn power_loss(&self, kept: &[usize]) {
        self.count(|figures| figures.power_losses += 1);
        let turn = Cell::new(0);
        self.stage.world.lose_power(|operations| {
            let chosen = kept[turn.replace(turn.get() + 1) % kept.len()];
            chosen % (operations + 1)
        });
    }

    fn clock(&self, seconds: i64) {
        let step = Duration::from_secs(seconds.unsigned_abs());
        let now = self.stage.world.now();
        let then = if seconds < 0 { now - step } else { now + step };
        self.stage.world.set_clock(then);
    }
}
