//! Sequences of anything, made of few names so that they meet.

use std::time::Duration;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use queue_core::{Beyond, Limit, Limits};

pub const NAMES: [&str; 6] = ["a", "b", "c", "d", "e", "lib"];

/// A set of [`NAMES`], one bit each.
pub type Names = u8;

/// What happens next.
#[derive(Debug, Clone)]
pub enum Act {
    /// A builder builds and its hook enqueues; whether the builder holds it.
    Hook(usize, Names, bool, Vec<InterruptionAt>),
    Push(usize, Settings, Vec<InterruptionAt>),
    Drop(usize, Names, Vec<InterruptionAt>),
    Retry(usize, Vec<InterruptionAt>),
    /// With so many seconds to take.
    Drain(usize, u64, Vec<InterruptionAt>),
    Happens(Happening),
    /// Not while a push is at work: what is damaged between the comparison and
    /// the copy is not seen.
    Damage(Names),
    Repair,
}

/// How a push is asked to work.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    pub force: bool,
    pub one_by_one: bool,
}

/// What happens before which step of a process.
#[derive(Debug, Clone)]
pub struct InterruptionAt {
    pub step: usize,
    pub what: Interruption,
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

impl Interruption {
    /// Whether a push may have something to try afterwards that it had not before.
    pub fn gives_reason_to_try(&self) -> bool {
        matches!(
            self,
            Self::Hook(..) | Self::Push(_) | Self::Happens(Happening::Clock(_))
        )
    }
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
    CannotTake(usize, Names),
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
        1 => (queue.clone(), any::<Names>()).prop_map(|(queue, names)| Happening::CannotTake(queue, names)),
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

fn interruptions() -> impl Strategy<Value = Vec<InterruptionAt>> {
    let one = (0..40usize, interruption()).prop_map(|(step, what)| InterruptionAt { step, what });
    vec(one, 0..4)
}

fn settings() -> impl Strategy<Value = Settings> {
    any::<(bool, bool)>().prop_map(|(force, one_by_one)| Settings { force, one_by_one })
}

pub fn act() -> impl Strategy<Value = Act> {
    let queue = || 0..2usize;
    prop_oneof![
        6 => (queue(), any::<Names>(), any::<bool>(), interruptions())
            .prop_map(|(queue, names, held, interruptions)| Act::Hook(queue, names, held, interruptions)),
        5 => (queue(), settings(), interruptions())
            .prop_map(|(queue, settings, interruptions)| Act::Push(queue, settings, interruptions)),
        1 => (queue(), any::<Names>(), interruptions())
            .prop_map(|(queue, names, interruptions)| Act::Drop(queue, names, interruptions)),
        1 => (queue(), interruptions()).prop_map(|(queue, interruptions)| Act::Retry(queue, interruptions)),
        1 => (queue(), 0..20_000u64, interruptions())
            .prop_map(|(queue, time, interruptions)| Act::Drain(queue, time, interruptions)),
        1 => any::<Names>().prop_map(|names| Act::Damage(names & (names >> 3))),
        1 => Just(Act::Repair),
        5 => happening().prop_map(Act::Happens),
    ]
}

/// How a queue is kept, from the beginning to the end.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    pub limits: Limits,
    pub compares: bool,
}

fn limit<T: Clone + std::fmt::Debug>(
    at_most: impl Strategy<Value = T> + Clone,
) -> impl Strategy<Value = Option<Limit<T>>> {
    let beyond = prop_oneof![Just(Beyond::Refuse), Just(Beyond::DropOldest)];
    option::of((at_most, beyond).prop_map(|(at_most, beyond)| Limit { at_most, beyond }))
}

pub fn kind() -> impl Strategy<Value = Kind> {
    let age = (1_000..100_000u64).prop_map(Duration::from_secs);
    let limits = (limit(0..5usize), limit(age), limit(0..800u64));
    let limits = limits.prop_map(|(max_entries, max_age, max_pinned)| Limits {
        max_entries,
        max_age,
        max_pinned,
    });
    let limits = prop_oneof![Just(Limits::default()), limits];
    (limits, any::<bool>()).prop_map(|(limits, compares)| Kind { limits, compares })
}

/// The names that such a set has; "lib" is in none.
pub fn named(names: Names) -> Vec<&'static str> {
    let bits = (0..5).filter(|bit| names & (1 << bit) != 0);
    bits.map(|bit| NAMES[bit]).collect()
}
