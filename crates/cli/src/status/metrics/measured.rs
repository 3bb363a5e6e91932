//! What each queue that could be looked at tells: one measure after the other.

use std::time::Duration;

use queue_core::PushEnd;

use super::super::QueueStatus;
use super::families::{FamilyKind, timestamp};

/// A value of a queue, by what tells it from others of the same queue.
pub(super) type Values = Vec<(Option<(&'static str, &'static str)>, String)>;

/// What it is, and how it is read from a queue.
pub(super) struct Measured {
    pub(super) name: &'static str,
    pub(super) kind: FamilyKind,
    pub(super) unit: Option<&'static str>,
    pub(super) help: &'static str,
    pub(super) values: fn(&QueueStatus) -> Values,
}

fn one(value: impl ToString) -> Values {
    vec![(None, value.to_string())]
}

fn maybe(value: Option<impl ToString>) -> Values {
    value.map(one).unwrap_or_default()
}

fn seconds(duration: Duration) -> String {
    format!("{}.{:03}", duration.as_secs(), duration.subsec_millis())
}

const fn gauge(
    name: &'static str,
    help: &'static str,
    values: fn(&QueueStatus) -> Values,
) -> Measured {
    Measured {
        name,
        kind: FamilyKind::Gauge,
        unit: None,
        help,
        values,
    }
}

const fn counter(
    name: &'static str,
    help: &'static str,
    values: fn(&QueueStatus) -> Values,
) -> Measured {
    Measured {
        kind: FamilyKind::Counter,
        ..gauge(name, help, values)
    }
}

impl Measured {
    const fn in_unit(self, unit: &'static str) -> Self {
        Self {
            unit: Some(unit),
            ..self
        }
    }
}

/// What each queue that could be looked at tells.
pub(super) const MEASURED: &[Measured] = &[
    gauge(
        "entries",
        "Entries of the queue by state; those that are ready wait for the destination where that does not answer.",
        |status| {
            let counts = &status.counts;
            [
                ("ready", counts.ready),
                ("backing-off", counts.backing_off),
                ("parked", counts.parked),
            ]
            .map(|(state, number)| (Some(("state", state)), number.to_string()))
            .into()
        },
    ),
    gauge(
        "unrooted_entries",
        "Entries that no root holds; the next push mends it.",
        |status| one(status.counts.unrooted),
    ),
    gauge(
        "absent_entries",
        "Entries without a store object on disk.",
        |status| one(status.counts.absent),
    ),
    gauge(
        "foreign_files",
        "What else is in the directory of the queue.",
        |status| one(status.counts.foreign),
    ),
    gauge(
        "oldest_entry_timestamp_seconds",
        "When the oldest entry was enqueued; absent for an empty queue.",
        |status| maybe(status.counts.oldest.map(timestamp)),
    )
    .in_unit("seconds"),
    gauge(
        "pinned_bytes",
        "How much of the store the entries keep from being collected as garbage; absent where that is not known.",
        |status| maybe(status.held.bytes),
    )
    .in_unit("bytes"),
    gauge(
        "closed",
        "1 while a limit keeps out what is new.",
        |status| one(u8::from(status.closed.is_some())),
    ),
    gauge(
        "destination_failing_since_timestamp_seconds",
        "Since when the destination has not answered; absent while it does.",
        |status| {
            let failures = status.remembered.ledger.destination();
            maybe(failures.map(|failures| timestamp(failures.first_failure)))
        },
    )
    .in_unit("seconds"),
    gauge(
        "last_push_timestamp_seconds",
        "When the last push with something to do ended.",
        |status| maybe(status.remembered.last_push().map(|last| timestamp(last.ended))),
    )
    .in_unit("seconds"),
    gauge(
        "last_push_duration_seconds",
        "How long the last push with something to do took.",
        |status| {
            let took = status.remembered.last_push().and_then(|last| last.took);
            maybe(took.map(seconds))
        },
    )
    .in_unit("seconds"),
    gauge(
        "last_success_timestamp_seconds",
        "When a push with something to do last went through without a failure.",
        |status| maybe(status.remembered.last_success().map(timestamp)),
    )
    .in_unit("seconds"),
    gauge(
        "next_try_timestamp_seconds",
        "When a push would find something whose turn it is; absent if nothing waits for one.",
        |status| maybe(status.next_try.map(timestamp)),
    )
    .in_unit("seconds"),
    counter(
        "pushes",
        "Pushes with something to do, by how they ended.",
        |status| {
            let totals = status.remembered.ledger.totals();
            let value = |end: PushEnd| (Some(("end", end.as_str())), totals.pushes(end).to_string());
            PushEnd::ALL.into_iter().map(value).collect()
        },
    ),
    counter(
        "uploaded_entries",
        "Entries that are at the destination.",
        |status| one(status.remembered.ledger.totals().uploaded),
    ),
    counter(
        "entry_failures",
        "Failures of entries by themselves; each attempt counts.",
        |status| one(status.remembered.ledger.totals().failed),
    ),
    counter(
        "invalid_entries",
        "Entries that left undelivered since their store path was no longer valid.",
        |status| one(status.remembered.ledger.totals().invalid),
    ),
    counter(
        "refused_paths",
        "Paths that a limit kept out.",
        |status| one(status.refused.number),
    ),
    counter(
        "dropped_paths",
        "Entries that a limit dropped undelivered.",
        |status| one(status.dropped.number),
    ),
];
