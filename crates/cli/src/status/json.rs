//! What `status --json` prints. Its fields are described in `schema.json`, and stay.

use queue_core::{Failures, LastPush, Tally, Totals};
use serde::Serialize;

use super::{Counts, Held, LimitUse, Looked, QueueStatus, Reason, Remembered};
use crate::json::time;
use crate::lock::AtWork;

/// A queue.
#[derive(Serialize)]
pub(crate) struct StatusJson<'a> {
    queue: &'a str,
    health: &'static str,
    reasons: Vec<ReasonJson<'a>>,
    /// Without one, none of its fields is there.
    #[serde(flatten)]
    seen: Option<SeenJson<'a>>,
}

impl<'a> From<&'a Looked> for StatusJson<'a> {
    fn from(looked: &'a Looked) -> Self {
        Self {
            queue: looked.name(),
            health: looked.level().as_str(),
            reasons: looked.reasons().iter().map(ReasonJson::from).collect(),
            seen: looked.seen().map(SeenJson::from),
        }
    }
}

/// One that could be looked at.
#[derive(Serialize)]
struct SeenJson<'a> {
    destination: Option<&'a str>,
    queue_dir: &'a str,
    closure_type: &'static str,
    #[serde(flatten)]
    counts: CountsJson,
    #[serde(flatten)]
    held: HeldJson<'a>,
    limits: Vec<LimitJson>,
    closed: Option<&'a str>,
    refused: TallyJson,
    dropped: TallyJson,
    at_work: Option<AtWorkJson>,
    #[serde(flatten)]
    remembered: RememberedJson<'a>,
    next_try: Option<String>,
}

impl<'a> From<&'a QueueStatus> for SeenJson<'a> {
    fn from(status: &'a QueueStatus) -> Self {
        Self {
            destination: status.destination.as_deref(),
            queue_dir: &status.queue_dir,
            closure_type: status.closure_type,
            counts: CountsJson::from(&status.counts),
            held: HeldJson::from(&status.held),
            limits: status.limits.iter().map(LimitJson::from).collect(),
            closed: status.closed.as_deref(),
            refused: TallyJson::from(&status.refused),
            dropped: TallyJson::from(&status.dropped),
            at_work: status.at_work.as_ref().map(AtWorkJson::from),
            remembered: RememberedJson::from(&status.remembered),
            next_try: status.next_try.map(time),
        }
    }
}

#[derive(Serialize)]
struct ReasonJson<'a> {
    kind: &'static str,
    level: &'static str,
    text: &'a str,
    hint: &'a str,
}

impl<'a> From<&'a Reason> for ReasonJson<'a> {
    fn from(reason: &'a Reason) -> Self {
        Self {
            kind: reason.kind.as_str(),
            level: reason.level.as_str(),
            text: &reason.text,
            hint: &reason.hint,
        }
    }
}

#[derive(Serialize)]
struct CountsJson {
    entries: usize,
    ready: usize,
    backing_off: usize,
    parked: usize,
    unrooted: usize,
    absent: usize,
    foreign: usize,
    oldest: Option<String>,
}

impl From<&Counts> for CountsJson {
    fn from(counts: &Counts) -> Self {
        Self {
            entries: counts.entries,
            ready: counts.ready,
            backing_off: counts.backing_off,
            parked: counts.parked,
            unrooted: counts.unrooted,
            absent: counts.absent,
            foreign: counts.foreign,
            oldest: counts.oldest.map(time),
        }
    }
}

#[derive(Serialize)]
struct HeldJson<'a> {
    pinned_bytes: Option<u64>,
    pinned_error: Option<&'a str>,
    store_bytes: Option<u64>,
}

impl<'a> From<&'a Held> for HeldJson<'a> {
    fn from(held: &'a Held) -> Self {
        Self {
            pinned_bytes: held.bytes,
            pinned_error: held.error.as_deref(),
            store_bytes: held.file_system,
        }
    }
}

#[derive(Serialize)]
struct LimitJson {
    limit: &'static str,
    at_most: u64,
    used: Option<u64>,
    beyond: &'static str,
}

impl From<&LimitUse> for LimitJson {
    fn from(limit: &LimitUse) -> Self {
        Self {
            limit: limit.limit,
            at_most: limit.at_most,
            used: limit.used,
            beyond: limit.beyond,
        }
    }
}

#[derive(Serialize)]
struct TallyJson {
    paths: u64,
    last: Option<String>,
}

impl From<&Tally> for TallyJson {
    fn from(tally: &Tally) -> Self {
        Self {
            paths: tally.number,
            last: tally.last.map(time),
        }
    }
}

#[derive(Serialize)]
struct AtWorkJson {
    pid: i32,
    since: Option<String>,
}

impl From<&AtWork> for AtWorkJson {
    fn from(push: &AtWork) -> Self {
        Self {
            pid: push.pid,
            since: push.since.map(time),
        }
    }
}

#[derive(Serialize)]
struct RememberedJson<'a> {
    last_push: Option<LastPushJson<'a>>,
    last_success: Option<String>,
    totals: TotalsJson,
    destination_failure: Option<FailureJson<'a>>,
    failures: Vec<FailureJson<'a>>,
}

impl<'a> From<&'a Remembered> for RememberedJson<'a> {
    fn from(remembered: &'a Remembered) -> Self {
        let destination = remembered.ledger.destination();
        let failures = remembered.failures.iter();
        Self {
            last_push: remembered.last_push().map(LastPushJson::from),
            last_success: remembered.last_success().map(time),
            totals: TotalsJson::from(remembered.ledger.totals()),
            destination_failure: destination.map(|failures| FailureJson {
                next_try: remembered.destination_until.map(time),
                ..FailureJson::new(None, failures)
            }),
            failures: failures
                .map(|(path, failures)| FailureJson::new(Some(path), failures))
                .collect(),
        }
    }
}

#[derive(Serialize)]
struct LastPushJson<'a> {
    began: Option<String>,
    ended: String,
    seconds: Option<f64>,
    end: Option<&'static str>,
    uploaded: usize,
    failed: usize,
    error: Option<&'a str>,
}

impl<'a> From<&'a LastPush> for LastPushJson<'a> {
    fn from(last: &'a LastPush) -> Self {
        let began = last.took.and_then(|took| last.ended.checked_sub(took));
        Self {
            began: began.map(time),
            ended: time(last.ended),
            seconds: last.took.map(|took| took.as_secs_f64()),
            end: last.end.map(queue_core::PushEnd::as_str),
            uploaded: last.uploaded,
            failed: last.failed,
            error: last.error.as_deref(),
        }
    }
}

#[derive(Serialize)]
struct TotalsJson {
    finished: u64,
    cancelled: u64,
    unavailable: u64,
    broken: u64,
    uploaded: u64,
    failed: u64,
    invalid: u64,
}

impl From<&Totals> for TotalsJson {
    fn from(totals: &Totals) -> Self {
        Self {
            finished: totals.finished,
            cancelled: totals.cancelled,
            unavailable: totals.unavailable,
            broken: totals.broken,
            uploaded: totals.uploaded,
            failed: totals.failed,
            invalid: totals.invalid,
        }
    }
}

/// Of an entry, or without a path of a destination.
#[derive(Serialize)]
struct FailureJson<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<&'a str>,
    attempts: u32,
    first_failure: String,
    last_failure: String,
    last_error: &'a str,
    hint: Option<&'a str>,
    next_try: Option<String>,
    parked_since: Option<String>,
}

impl<'a> FailureJson<'a> {
    fn new(path: Option<&'a str>, failures: &'a Failures) -> Self {
        let parked_since = failures.parked_since.map(time);
        Self {
            path,
            attempts: failures.attempts,
            first_failure: time(failures.first_failure),
            last_failure: time(failures.last_failure),
            last_error: &failures.last_error,
            hint: failures.hint.as_deref(),
            next_try: parked_since.is_none().then(|| time(failures.next_try)),
            parked_since,
        }
    }
}
