//! Looking at a queue.

use std::cmp::Reverse;
use std::time::SystemTime;

use nix_post_build_push_config::QueueSettings;
use queue_core::{EntryState, Failures};
use tracing::subscriber::{NoSubscriber, with_default};

use super::health::{Thresholds, judge};
use super::held::{Held, HeldCache};
use super::{Counts, QueueStatus, Remembered, limits};
use crate::adapters::{OpenQueue, Store};
use crate::error::CommandError;
use crate::lock::at_work;
use crate::session::destination;
use crate::view::{EntryView, Look, QueueView};

/// How it is known how much of the store a queue keeps.
pub(crate) enum Measure {
    /// Nix is asked, once for each set of entries.
    Ask(HeldCache),
    /// Nix is not asked: that many bytes, or nobody knows.
    Known(Option<u64>),
}

impl Measure {
    /// By asking Nix.
    pub(crate) fn asking() -> Self {
        Self::Ask(HeldCache::default())
    }

    fn held(&mut self, view: &QueueView, store: &Store, queue: &str) -> Held {
        match self {
            Self::Ask(cache) => cache.held(view, store, queue),
            // Nothing keeps nothing.
            Self::Known(_) if view.entries.is_empty() => Held::known(Some(0)),
            Self::Known(bytes) => Held::known(*bytes),
        }
    }
}

/// Looks at one queue, and judges what is seen.
///
/// # Errors
///
/// If its entries cannot be seen.
pub(crate) fn look(
    store: &Store,
    settings: &QueueSettings,
    measure: &mut Measure,
    now: SystemTime,
) -> Result<QueueStatus, CommandError> {
    let queue = OpenQueue::open(store, settings)?;
    let mut view = QueueView::of(store, settings, queue.as_ref(), now, Look::ObjectAndRoot)?;
    let held = measure.held(&view, store, &settings.name);
    let plan = view.plan(settings, now, false);
    let mut unseen = Vec::new();
    let limits = limits::seen(settings, queue.as_ref(), &view, &held, now, &mut unseen);
    let mut status = QueueStatus {
        name: settings.name.clone(),
        destination: destination(settings),
        queue_dir: settings.queue_dir.value.to_string(),
        closure_type: settings.closure_type.value.as_str(),
        counts: counts(&view),
        present: view.present().cloned().collect(),
        foreign: std::mem::take(&mut view.foreign),
        at_work: at_work(&settings.queue_dir.value),
        next_try: plan.next_try,
        remembered: remembered(store, view, plan.destination_until),
        limits: limits.uses,
        closed: limits.closed,
        refused: limits.refused,
        dropped: limits.dropped,
        held,
        unseen,
        reasons: Vec::new(),
    };
    status.reasons = judge(&status, &Thresholds::of(settings), now);
    Ok(status)
}

/// The same for who says in words of his own what is strange about it.
///
/// # Errors
///
/// If its entries cannot be seen.
pub(crate) fn look_silently(
    store: &Store,
    settings: &QueueSettings,
    measure: &mut Measure,
    now: SystemTime,
) -> Result<QueueStatus, CommandError> {
    with_default(NoSubscriber::new(), || look(store, settings, measure, now))
}

fn counts(view: &QueueView) -> Counts {
    let entries = &view.entries;
    let count =
        |wanted: fn(&EntryView) -> bool| entries.iter().filter(|entry| wanted(entry)).count();
    Counts {
        entries: entries.len(),
        ready: count(|entry| matches!(entry.state, EntryState::Ready)),
        backing_off: count(|entry| matches!(entry.state, EntryState::BackingOff { .. })),
        parked: count(|entry| matches!(entry.state, EntryState::Parked { .. })),
        unrooted: count(|entry| entry.rooted == Some(false)),
        absent: count(EntryView::is_absent),
        foreign: view.foreign.len(),
        oldest: entries.first().map(|entry| entry.entry.enqueued_at),
    }
}

fn remembered(store: &Store, view: QueueView, until: Option<SystemTime>) -> Remembered {
    let failures = view.entries.iter().filter_map(|entry| {
        let failures = view.ledger.entry(&entry.entry.path)?;
        let path = store.dir.join(&entry.entry.path).into_string();
        Some((path, failures.clone()))
    });
    let mut failures: Vec<_> = failures.collect();
    failures.sort_by_key(urgency);
    Remembered {
        failures,
        ledger: view.ledger,
        lost: view.ledger_lost,
        destination_until: until,
    }
}

/// What waits for somebody comes first, then what failed most often.
fn urgency((_, failures): &(String, Failures)) -> (bool, Reverse<u32>) {
    (failures.parked_since.is_none(), Reverse(failures.attempts))
}
