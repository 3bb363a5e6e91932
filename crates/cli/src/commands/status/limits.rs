//! The limits of a queue and how it stands with them.

use std::time::{Duration, SystemTime};

use nix_post_build_push_config::{BeyondLimit, QueueSettings, Setting};
use queue_core::{LimitAction, PortError};

use super::held::Held;
use crate::adapters::OpenQueue;
use crate::json::{LimitJson, TallyJson};
use crate::message::Message;
use crate::view::QueueView;

/// Each limit that is set, with how much of it is used.
pub(super) fn rows(
    settings: &QueueSettings,
    view: &QueueView,
    held: &Held,
    now: SystemTime,
) -> Vec<LimitJson> {
    let limits = &settings.limits;
    let oldest = view.entries.first().map(|entry| entry.entry.enqueued_at);
    let age = oldest.map_or(Duration::ZERO, |oldest| {
        now.duration_since(oldest).unwrap_or_default()
    });
    let entries = limits.max_entries.as_ref().map(|limit| {
        let used = Some(view.entries.len() as u64);
        row(
            "max-entries",
            limit.value.into(),
            used,
            &limits.beyond_max_entries,
        )
    });
    let age = limits.max_age.as_ref().map(|limit| {
        let used = Some(age.as_secs());
        row(
            "max-age",
            limit.value.as_secs(),
            used,
            &limits.beyond_max_age,
        )
    });
    let pinned = limits.max_pinned.as_ref().map(|limit| {
        row(
            "max-pinned",
            limit.value.0,
            held.bytes,
            &limits.beyond_max_pinned,
        )
    });
    [entries, age, pinned].into_iter().flatten().collect()
}

fn row(
    limit: &'static str,
    at_most: u64,
    used: Option<u64>,
    beyond: &Setting<BeyondLimit>,
) -> LimitJson {
    let beyond = beyond.value.as_str();
    LimitJson {
        limit,
        at_most,
        used,
        beyond,
    }
}

/// How often limits refused or dropped something.
pub(super) fn tally(queue: Option<&OpenQueue>, what: LimitAction) -> TallyJson {
    let tally = queue.and_then(|queue| known(queue, queue.tally(what)));
    TallyJson::from(tally.unwrap_or_default())
}

/// Why the queue takes nothing new.
pub(super) fn closed(queue: Option<&OpenQueue>) -> Option<String> {
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
        let text = format!("{}: what its limits did cannot be seen", queue.name());
        Message::new(text).caused_by_port(error).warning();
    };
    answer.inspect_err(warn).ok()
}
