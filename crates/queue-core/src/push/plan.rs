//! Which entries a push takes: a pure decision.

use std::time::SystemTime;

use crate::{Entry, Ledger, RetryPolicy, StorePath};

/// Whether a push takes an entry now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryState {
    /// Yes.
    Ready,
    /// It failed and waits.
    BackingOff {
        /// Until then.
        until: SystemTime,
    },
    /// It failed too often and waits for somebody.
    Parked {
        /// Since then.
        since: SystemTime,
    },
}

/// What a push would do with a queue.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// Taken now, in the order of the queue: those that never failed.
    pub ready: Vec<StorePath>,
    /// Taken after them, in batches of their own: those that failed before and
    /// are due again, the fewest failures first. So an entry that fails again
    /// costs the others nothing.
    pub again: Vec<StorePath>,
    /// Left out: they failed and wait.
    pub backing_off: Vec<StorePath>,
    /// Left out: parked.
    pub parked: Vec<StorePath>,
    /// The destination did not answer and is not asked before that time.
    pub destination_until: Option<SystemTime>,
    /// The earliest time at which a push would find something ready, and ask
    /// the destination; `None` when all is parked.
    pub next_try: Option<SystemTime>,
}

/// Sorts the entries of a queue. `force` ignores every wait, not the parking.
#[must_use]
pub fn plan<'e>(
    entries: impl IntoIterator<Item = &'e Entry>,
    ledger: &Ledger,
    now: SystemTime,
    policy: &RetryPolicy,
    force: bool,
) -> Plan {
    let mut plan = Plan {
        destination_until: destination_until(ledger, now, policy).filter(|_| !force),
        ..Plan::default()
    };
    for Entry { path, .. } in entries {
        let state = ledger.state(path, now, policy);
        plan.note_due(state, now, force);
        let chosen = match state {
            EntryState::Parked { .. } => &mut plan.parked,
            EntryState::BackingOff { .. } if !force => &mut plan.backing_off,
            EntryState::BackingOff { .. } | EntryState::Ready if ledger.entry(path).is_some() => {
                &mut plan.again
            }
            EntryState::BackingOff { .. } | EntryState::Ready => &mut plan.ready,
        };
        chosen.push(path.clone());
    }
    plan.again
        .sort_by_key(|path| ledger.entry(path).map(|failures| failures.attempts));
    plan.next_try = plan.next_try.max(plan.next_try.and(plan.destination_until));
    plan
}

impl Plan {
    fn note_due(&mut self, state: EntryState, now: SystemTime, force: bool) {
        let due = match state {
            EntryState::BackingOff { until } if !force => until,
            EntryState::BackingOff { .. } | EntryState::Ready => now,
            EntryState::Parked { .. } => return,
        };
        self.next_try = Some(self.next_try.map_or(due, |first| first.min(due)));
    }
}

fn destination_until(ledger: &Ledger, now: SystemTime, policy: &RetryPolicy) -> Option<SystemTime> {
    match ledger.destination()?.state(now, &policy.for_destination()) {
        EntryState::BackingOff { until } => Some(until),
        EntryState::Ready | EntryState::Parked { .. } => None,
    }
}
