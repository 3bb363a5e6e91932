//! What is measured, and what it is called.

use std::time::{Duration, SystemTime};

use queue_core::PushEnd;

use super::super::health::Kind;
use super::super::{Level, Looked, QueueStatus};

/// Metrics of one name.
pub(super) struct Family {
    /// Without the beginning that all have, and without `_total`.
    pub(super) name: &'static str,
    pub(super) kind: FamilyKind,
    /// The last word of the name, where that is a unit.
    pub(super) unit: Option<&'static str>,
    pub(super) help: &'static str,
    pub(super) samples: Vec<Sample>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum FamilyKind {
    Gauge,
    Counter,
    Info,
}

/// One of them: what tells it from the others, and its value.
pub(super) struct Sample {
    /// Names and values; the names are ours.
    pub(super) labels: Vec<(&'static str, String)>,
    pub(super) value: String,
}

/// A value of a queue, by what tells it from others of the same queue.
type Values = Vec<(Option<(&'static str, &'static str)>, String)>;

/// What it is, and how it is read from a queue.
struct Measured {
    name: &'static str,
    kind: FamilyKind,
    unit: Option<&'static str>,
    help: &'static str,
    values: fn(&QueueStatus) -> Values,
}

/// Of these queues; `run` is when a push last ran, whatever it did.
pub(super) fn of(queues: &[Looked], run: Option<SystemTime>) -> Vec<Family> {
    let mut families = vec![info(queues), health(queues)];
    families.extend(run.map(|run| last_run(queues, run)));
    families.extend(MEASURED.iter().map(|measured| family(measured, queues)));
    families.retain(|family| !family.samples.is_empty());
    families
}

fn family(measured: &Measured, queues: &[Looked]) -> Family {
    let seen = queues.iter().filter_map(Looked::seen);
    let samples = seen.flat_map(|status| {
        let values = (measured.values)(status).into_iter();
        values.map(|(label, value)| {
            let label = label.map(|(name, value)| (name, value.to_owned()));
            Sample {
                labels: queue_label(&status.name).into_iter().chain(label).collect(),
                value,
            }
        })
    });
    Family {
        name: measured.name,
        kind: measured.kind,
        unit: measured.unit,
        help: measured.help,
        samples: samples.collect(),
    }
}

fn queue_label(name: &str) -> [(&'static str, String); 1] {
    [("queue", name.to_owned())]
}

/// By queue, since each queue may have a file of its own, and the node exporter takes no sample twice.
fn info(queues: &[Looked]) -> Family {
    let version = || ("version", env!("CARGO_PKG_VERSION").to_owned());
    let sample = |queue: &Looked| Sample {
        labels: queue_label(queue.name())
            .into_iter()
            .chain([version()])
            .collect(),
        value: "1".to_owned(),
    };
    Family {
        name: "",
        kind: FamilyKind::Info,
        unit: None,
        help: "The queues, with the version of the program that looked at them.",
        samples: queues.iter().map(sample).collect(),
    }
}

fn health(queues: &[Looked]) -> Family {
    let sample = |queue: &Looked| Sample {
        labels: queue_label(queue.name()).into(),
        value: match queue.level() {
            Level::Ok => "0",
            Level::NeedsALook => "1",
            Level::Broken => "2",
        }
        .to_owned(),
    };
    Family {
        name: "health",
        kind: FamilyKind::Gauge,
        unit: None,
        help: "0: the queue is well, 1: it needs a look, 2: it is broken, or cannot be looked at.",
        samples: queues.iter().map(sample).collect(),
    }
}

fn last_run(queues: &[Looked], run: SystemTime) -> Family {
    let sample = |queue: &Looked| Sample {
        labels: queue_label(queue.name()).into(),
        value: timestamp(run),
    };
    Family {
        name: "last_run_timestamp_seconds",
        kind: FamilyKind::Gauge,
        unit: Some("seconds"),
        help: "When a push of the queue last ran, whatever came of it.",
        samples: queues.iter().map(sample).collect(),
    }
}

fn one(value: impl ToString) -> Values {
    vec![(None, value.to_string())]
}

fn maybe(value: Option<impl ToString>) -> Values {
    value.map(one).unwrap_or_default()
}

fn timestamp(time: SystemTime) -> String {
    let since = time.duration_since(SystemTime::UNIX_EPOCH);
    since.unwrap_or_default().as_secs().to_string()
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
const MEASURED: &[Measured] = &[
    gauge(
        "reason",
        "1 where this is a reason to look at the queue, by the thresholds of its configuration.",
        |status| {
            let value = |kind: Kind| {
                let is_one = status.reasons.iter().any(|reason| reason.kind == kind);
                let label = Some(("reason", kind.as_str()));
                (label, u8::from(is_one).to_string())
            };
            Kind::ALL.into_iter().map(value).collect()
        },
    ),
    gauge(
        "entries",
        "Entries of the queue by state.",
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
