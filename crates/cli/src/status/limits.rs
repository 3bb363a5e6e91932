//! The limits of a queue and how it stands with them.

use std::time::{Duration, SystemTime};

use nix_post_build_push_config::{BeyondLimit, LimitSettings, QueueSettings, Setting};
use queue_core::{LimitAction, PortError, Tally};

use super::held::Held;
use crate::adapters::OpenQueue;
use crate::message::Message;
use crate::view::QueueView;

/// A limit that is set, with how much of it is used.
pub(crate) struct LimitUse {
    /// Its key.
    pub limit: &'static str,
    /// Entries, seconds or bytes.
    pub at_most: u64,
    /// As many; `None` if that is not known.
    pub used: Option<u64>,
    /// What happens beyond it.
    pub beyond: &'static str,
}

/// What the limits of a queue say and did.
pub(super) struct Limits {
    pub(super) uses: Vec<LimitUse>,
    pub(super) closed: Option<String>,
    pub(super) refused: Tally,
    pub(super) dropped: Tally,
}

/// Looks at them; what cannot be seen is added to `unseen`.
pub(super) fn seen(
    settings: &QueueSettings,
    queue: Option<&OpenQueue>,
    view: &QueueView,
    held: &Held,
    now: SystemTime,
    unseen: &mut Vec<String>,
) -> Limits {
    Limits {
        uses: uses(&settings.limits, view, held, now),
        closed: closed(queue, unseen),
        refused: tally(queue, LimitAction::Refused, unseen),
        dropped: tally(queue, LimitAction::Dropped, unseen),
    }
}

/// Each limit that is set, with how much of it is used.
fn uses(limits: &LimitSettings, view: &QueueView, held: &Held, now: SystemTime) -> Vec<LimitUse> {
    let row = |limit, at_most: Option<u64>, used, beyond: &Setting<BeyondLimit>| {
        Some(LimitUse {
            limit,
            at_most: at_most?,
            used,
            beyond: beyond.value.as_str(),
        })
    };
    let entries = limits.max_entries.as_ref().map(|max| max.value.into());
    let age = limits.max_age.as_ref().map(|max| max.value.as_secs());
    let pinned = limits.max_pinned.as_ref().map(|max| max.value.0);
    let number = Some(view.entries.len() as u64);
    let oldest = Some(age_of_oldest(view, now).as_secs());
    [
        row("max-entries", entries, number, &limits.beyond_max_entries),
        row("max-age", age, oldest, &limits.beyond_max_age),
        row("max-pinned", pinned, held.bytes, &limits.beyond_max_pinned),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Nothing is older than zero, whatever the clock shows.
fn age_of_oldest(view: &QueueView, now: SystemTime) -> Duration {
    let oldest = view.entries.first().map(|entry| entry.entry.enqueued_at);
    oldest
        .and_then(|oldest| now.duration_since(oldest).ok())
        .unwrap_or_default()
}

/// How often limits refused or dropped something.
fn tally(queue: Option<&OpenQueue>, what: LimitAction, unseen: &mut Vec<String>) -> Tally {
    let tally = queue.and_then(|queue| known(queue, queue.tally(what), unseen));
    tally.unwrap_or_default()
}

/// Why the queue takes nothing new.
fn closed(queue: Option<&OpenQueue>, unseen: &mut Vec<String>) -> Option<String> {
    let queue = queue?;
    let limited = queue.queue().limits?;
    match limited.limits.may_close() {
        true => known(queue, limited.state.closed(), unseen)?,
        false => None,
    }
}

/// What cannot be seen of the limits hides nothing else of the queue.
fn known<T>(
    queue: &OpenQueue,
    answer: Result<T, PortError>,
    unseen: &mut Vec<String>,
) -> Option<T> {
    let mut warn = |error: &PortError| {
        let text = "what its limits did cannot be seen";
        Message::of_queue(queue.name(), text)
            .caused_by_port(error)
            .warning();
        unseen.push(format!("{text}: {}", error.chain()));
    };
    answer.inspect_err(|error| warn(error)).ok()
}
