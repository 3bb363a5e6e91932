//! What is measured, and what it is called.

use std::time::SystemTime;

use super::super::health::Kind;
use super::super::{Level, Looked};
use super::measured::{MEASURED, Measured};

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

/// Of these queues; `run` is when a push last ran, whatever it did.
pub(super) fn of(queues: &[Looked], run: Option<SystemTime>) -> Vec<Family> {
    let mut families = vec![info(queues), health(queues), reasons(queues)];
    families.push(match run {
        Some(run) => last_run(queues, run),
        // The file comes from a push that is over.
        None => push_running(queues),
    });
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

/// What nobody looked at is left out: 0 would say that it is well.
fn reasons(queues: &[Looked]) -> Family {
    let sample = |queue: &Looked, kind: Kind| {
        let is_one = queue.reasons().iter().any(|reason| reason.kind == kind);
        let is_known = match queue.seen() {
            // A push asks for it only where a threshold is set.
            Some(status) => kind != Kind::Pinned || status.held.bytes.is_some(),
            None => is_one,
        };
        is_known.then(|| Sample {
            labels: queue_label(queue.name())
                .into_iter()
                .chain([("reason", kind.as_str().to_owned())])
                .collect(),
            value: u8::from(is_one).to_string(),
        })
    };
    let samples = queues.iter().flat_map(|queue| {
        let kinds = Kind::ALL.into_iter();
        kinds.filter_map(move |kind| sample(queue, kind))
    });
    Family {
        name: "reason",
        kind: FamilyKind::Gauge,
        unit: None,
        help: "1 where this is a reason to look at the queue, by the thresholds of its configuration, 0 where it is none; absent where nobody could tell.",
        samples: samples.collect(),
    }
}

fn push_running(queues: &[Looked]) -> Family {
    let seen = queues.iter().filter_map(Looked::seen);
    let samples = seen.map(|status| Sample {
        labels: queue_label(&status.name).into(),
        value: u8::from(status.at_work.is_some()).to_string(),
    });
    Family {
        name: "push_running",
        kind: FamilyKind::Gauge,
        unit: None,
        help: "1 while a push of the queue is at work.",
        samples: samples.collect(),
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

/// In seconds since 1970, as Prometheus has it.
pub(super) fn timestamp(time: SystemTime) -> String {
    let since = time.duration_since(SystemTime::UNIX_EPOCH);
    since.unwrap_or_default().as_secs().to_string()
}
