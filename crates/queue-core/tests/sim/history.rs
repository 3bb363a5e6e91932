//! Long sequences of anything, made of few names so that they meet.

use std::cell::Cell;
use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use queue_core::PushOptions;
use queue_core::testing::{Decision, Health, Process, Rooting};

use super::figure;
use super::promises::Kept;
use super::stage::{Stage, path, paths};

const NAMES: [&str; 6] = ["a", "b", "c", "d", "e", "lib"];

/// A set of [`NAMES`], one bit each.
type Names = u8;

/// What happens next.
#[derive(Debug, Clone)]
pub enum Act {
    /// A builder builds and its hook enqueues; whether the builder holds it.
    Hook(usize, Names, bool, Vec<Event>),
    Push(usize, Settings, Vec<Event>),
    Drop(usize, Names, Vec<Event>),
    Retry(usize, Vec<Event>),
    Happens(Happening),
}

/// How a push is asked to work.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    force: bool,
    one_by_one: bool,
}

/// Something before a step of a process.
#[derive(Debug, Clone)]
pub struct Event {
    step: usize,
    what: Interruption,
}

#[derive(Debug, Clone)]
pub enum Interruption {
    Stop,
    Fail,
    FailAfter,
    Hook(usize, Names),
    Drop(usize, Names),
    Push(usize),
    Happens(Happening),
}

/// Something that no process of ours does.
#[derive(Debug, Clone)]
pub enum Happening {
    CollectorLocks,
    CollectorScans,
    Collector,
    /// With how many operations on each name are kept.
    PowerLoss(Vec<usize>),
    /// The clock steps by so many seconds.
    Clock(i64),
    Health(usize, u8),
    Poison(usize, Names),
    Loses(usize, Names),
    Heal(usize),
    /// Deleted in spite of all roots; nothing refers to it.
    Delete(usize),
}

fn happening() -> impl Strategy<Value = Happening> {
    let queue = 0..2usize;
    prop_oneof![
        1 => Just(Happening::CollectorLocks),
        3 => Just(Happening::CollectorScans),
        4 => Just(Happening::Collector),
        2 => vec(0..4usize, 12).prop_map(Happening::PowerLoss),
        2 => (-40_000..80_000i64).prop_map(Happening::Clock),
        2 => (queue.clone(), 0..5u8).prop_map(|(queue, health)| Happening::Health(queue, health)),
        1 => (queue.clone(), any::<Names>()).prop_map(|(queue, names)| Happening::Poison(queue, names)),
        1 => (queue.clone(), any::<Names>()).prop_map(|(queue, names)| Happening::Loses(queue, names)),
        2 => queue.prop_map(Happening::Heal),
        1 => (0..5usize).prop_map(Happening::Delete),
    ]
}

fn interruption() -> impl Strategy<Value = Interruption> {
    let names = || (0..2usize, any::<Names>());
    prop_oneof![
        3 => Just(Interruption::Stop),
        1 => Just(Interruption::Fail),
        1 => Just(Interruption::FailAfter),
        3 => names().prop_map(|(queue, names)| Interruption::Hook(queue, names)),
        1 => names().prop_map(|(queue, names)| Interruption::Drop(queue, names)),
        1 => (0..2usize).prop_map(Interruption::Push),
        4 => happening().prop_map(Interruption::Happens),
    ]
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let event = (0..40usize, interruption()).prop_map(|(step, what)| Event { step, what });
    vec(event, 0..4)
}

fn settings() -> impl Strategy<Value = Settings> {
    any::<(bool, bool)>().prop_map(|(force, one_by_one)| Settings { force, one_by_one })
}

pub fn act() -> impl Strategy<Value = Act> {
    let queue = || 0..2usize;
    prop_oneof![
        6 => (queue(), any::<Names>(), any::<bool>(), events())
            .prop_map(|(queue, names, held, events)| Act::Hook(queue, names, held, events)),
        5 => (queue(), settings(), events())
            .prop_map(|(queue, settings, events)| Act::Push(queue, settings, events)),
        1 => (queue(), any::<Names>(), events())
            .prop_map(|(queue, names, events)| Act::Drop(queue, names, events)),
        1 => (queue(), events()).prop_map(|(queue, events)| Act::Retry(queue, events)),
        5 => happening().prop_map(Act::Happens),
    ]
}

/// Two queues: one with roots in `gcroots/auto`, one below `gcroots/`.
pub struct History {
    stage: Stage,
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
}

impl Figures {
    pub fn add(&mut self, other: Self) {
        self.acts += other.acts;
        self.kills += other.kills;
        self.power_losses += other.power_losses;
        self.collectors += other.collectors;
        self.faults += other.faults;
        self.accepted += other.accepted;
    }

    pub fn print(&self) {
        figure("acts in all histories", self.acts, "acts");
        figure("kills in all histories", self.kills, "kills");
        figure("power losses in all histories", self.power_losses, "losses");
        figure("collectors in all histories", self.collectors, "runs");
        figure("faults in all histories", self.faults, "faults");
        figure(
            "entries promised at one time, in all histories",
            self.accepted,
            "entries",
        );
    }
}

fn named(names: Names) -> Vec<&'static str> {
    let bits = (0..5).filter(|bit| names & (1 << bit) != 0);
    bits.map(|bit| NAMES[bit]).collect()
}

impl History {
    /// One whose pushes verify, or do not.
    pub fn new(verify: bool) -> Self {
        let mut stage = Stage::new(&[Rooting::Auto, Rooting::Inside]);
        stage.options.verify = verify;
        stage.may_be_parked = true;
        Self {
            stage,
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
        self.perform(act);
        self.stage.note_ledgers();
        let accepted = self.stage.witness().accepted.len();
        self.count(|figures| figures.accepted = figures.accepted.max(accepted));
        self.stage.ledgers_are_old_or_new()?;
        self.stage.nothing_is_lost()
    }

    /// Sees whether all arrives in the end.
    pub fn end(&self) -> Kept {
        self.stage.recovers()
    }

    fn perform(&self, act: &Act) {
        match act {
            Act::Hook(queue, names, held, events) => {
                self.hook(*queue, *names, *held, &self.interrupted(events));
            }
            Act::Push(queue, _, events) => drop(self.stage.push(&self.interrupted(events), *queue)),
            Act::Drop(queue, names, events) => {
                let paths = paths(&named(*names));
                self.stage.drop(&self.interrupted(events), *queue, &paths);
            }
            Act::Retry(queue, events) => {
                self.stage.retry(&self.interrupted(events), *queue);
            }
            Act::Happens(happening) => self.happens(happening),
        }
    }

    fn interrupted<'h>(&'h self, events: &'h [Event]) -> Process<'h> {
        self.stage.scripted(move |step| {
            let now = events.iter().filter(|event| event.step == step.number);
            now.fold(Decision::GoOn, |_, event| self.interrupts(&event.what))
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
            Happening::Poison(queue, names) => world.destination(*queue, |there| {
                there.poisoned.extend(paths(&named(names & (names >> 3))));
            }),
            Happening::Loses(queue, names) => world.destination(*queue, |there| {
                if self.stage.options.verify {
                    there.loses.extend(paths(&named(names & (names >> 3))));
                }
            }),
            Happening::Heal(queue) => world.destination(*queue, |there| {
                there.health = Health::Well;
                there.poisoned.clear();
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
