//! The limits of a queue and how it stands with them.

use std::time::{Duration, SystemTime};

use nix_post_build_push_config::{BeyondLimit, LimitSettings, QueueSettings, Setting};
use queue_core::{LimitAction, PortError};

use super::held::Held;
use crate::adapters::OpenQueue;
use crate::json::{LimitJson, LimitedJson, TallyJson};
use crate::message::Message;
use crate::view::QueueView;

/// How much a queue keeps, and what its limits say and did.
pub(super) fn limited(
    settings: &QueueSettings,
    queue: Option<&OpenQueue>,
    view: &QueueView,
    held: Held,
    now: SystemTime,
) -> LimitedJson {
    LimitedJson {
        limits: rows(&settings.limits, view, &held, now),
        closed: closed(queue),
        refused: tally(queue, LimitAction::Refused),
        dropped: tally(queue, LimitAction::Dropped),
        pinned_bytes: held.bytes,
        pinned_error: held.error,
        store_bytes: held.file_system,
    }
}

/// Each limit that is set, with how much of it is used.
fn rows(limits: &LimitSettings, view: &QueueView, held: &Held, now: SystemTime) -> Vec<LimitJson> {
    let row = |limit, at_most: Option<u64>, used, beyond: &Setting<BeyondLimit>| {
        Some(LimitJson {
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
fn tally(queue: Option<&OpenQueue>, what: LimitAction) -> TallyJson {
    let tally = queue.and_then(|queue| known(queue, queue.tally(what)));
    TallyJson::from(tally.unwrap_or_default())
}

/// Why the queue takes nothing new.
fn closed(queue: Option<&OpenQueue>) -> Option<String> {
    let queue = queue?;
    let limited = queue.queue().limits?;
    match limited.limits.may_close() {
        true => known(queue, limited.state.closed())?,
        false => None,
    }
}

/// What cannot be seen of the limits hides nothing else of the queue.
fn known<T>(queue: &OpenQueue, answer: Result<T, PortError>) -> Option<T> {
    let warn = |error: &PortError| {
        Message::of_queue(queue.name(), "what its limits did cannot be seen")
            .caused_by_port(error)
            .warning();
    };
    answer.inspect_err(warn).ok()
}
