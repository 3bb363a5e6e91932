//! What `--json` prints. The fields are documented in [`crate::manual`] and stay.

use std::time::SystemTime;

use queue_core::{EntryState, FailedEntry, Failures, LastPush, Tally};
use serde::Serialize;

use crate::view::EntryView;

/// A time in RFC 3339, in whole seconds.
pub(crate) fn time(time: SystemTime) -> String {
    // Later than the year 9999 is only what a wrong clock wrote.
    match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(since) if since.as_secs() < 253_402_300_800 => {
            humantime::format_rfc3339_seconds(time).to_string()
        }
        Ok(_) => "9999-12-31T23:59:59Z".to_owned(),
        Err(_) => "1970-01-01T00:00:00Z".to_owned(),
    }
}

/// The word for a state.
pub(crate) fn state(state: EntryState) -> &'static str {
    match state {
        EntryState::Ready => "ready",
        EntryState::BackingOff { .. } => "backing-off",
        EntryState::Parked { .. } => "parked",
    }
}

/// `list`
#[derive(Serialize)]
pub(crate) struct EntryJson {
    pub queue: String,
    pub path: String,
    pub enqueued_at: String,
    pub state: &'static str,
    pub rooted: Option<bool>,
    pub present: Option<bool>,
    pub attempts: u32,
    pub last_error: Option<String>,
    pub hint: Option<String>,
    pub next_try: Option<String>,
    pub parked_since: Option<String>,
}

impl EntryJson {
    /// One entry of a queue.
    pub(crate) fn new(
        queue: &str,
        path: String,
        view: &EntryView,
        failures: Option<&Failures>,
    ) -> Self {
        let next_try = match view.state {
            EntryState::BackingOff { until } => Some(time(until)),
            EntryState::Ready | EntryState::Parked { .. } => None,
        };
        Self {
            queue: queue.to_owned(),
            path,
            enqueued_at: time(view.entry.enqueued_at),
            state: state(view.state),
            rooted: view.rooted,
            present: view.present,
            attempts: failures.map_or(0, |failures| failures.attempts),
            last_error: failures.map(|failures| failures.last_error.clone()),
            hint: failures.and_then(|failures| failures.hint.clone()),
            next_try,
            parked_since: failures
                .and_then(|failures| failures.parked_since)
                .map(time),
        }
    }
}

/// `closure`
#[derive(Serialize)]
pub(crate) struct ClosureJson {
    pub queue: String,
    pub path: String,
}

/// `status`
#[derive(Serialize)]
pub(crate) struct StatusJson {
    pub queue: String,
    pub destination: Option<String>,
    pub queue_dir: String,
    pub closure_type: String,
    #[serde(flatten)]
    pub counts: CountsJson,
    #[serde(flatten)]
    pub limited: LimitedJson,
    #[serde(flatten)]
    pub remembered: RememberedJson,
}

/// The entries of a queue, counted.
#[derive(Serialize)]
pub(crate) struct CountsJson {
    pub entries: usize,
    pub ready: usize,
    pub backing_off: usize,
    pub parked: usize,
    pub unrooted: usize,
    pub absent: usize,
    pub foreign: usize,
    pub oldest: Option<String>,
}

/// How much a queue keeps, and how it stands with its limits.
#[derive(Serialize)]
pub(crate) struct LimitedJson {
    pub pinned_bytes: Option<u64>,
    pub pinned_error: Option<String>,
    pub store_bytes: Option<u64>,
    pub limits: Vec<LimitJson>,
    pub closed: Option<String>,
    pub refused: TallyJson,
    pub dropped: TallyJson,
}

/// What the pushes of a queue remember.
#[derive(Serialize)]
pub(crate) struct RememberedJson {
    pub last_push: Option<LastPushJson>,
    pub last_success: Option<String>,
    pub destination_failure: Option<FailureJson>,
    pub failures: Vec<FailureJson>,
}

/// A limit that is set.
#[derive(Serialize)]
pub(crate) struct LimitJson {
    pub limit: &'static str,
    pub at_most: u64,
    pub used: Option<u64>,
    pub beyond: &'static str,
}

/// What limits did to paths.
#[derive(Serialize)]
pub(crate) struct TallyJson {
    pub paths: u64,
    pub last: Option<String>,
}

impl From<Tally> for TallyJson {
    fn from(tally: Tally) -> Self {
        Self {
            paths: tally.number,
            last: tally.last.map(time),
        }
    }
}

/// How the last push ended.
#[derive(Serialize)]
pub(crate) struct LastPushJson {
    pub ended: String,
    pub uploaded: usize,
    pub failed: usize,
    pub error: Option<String>,
}

impl From<&LastPush> for LastPushJson {
    fn from(last: &LastPush) -> Self {
        Self {
            ended: time(last.ended),
            uploaded: last.uploaded,
            failed: last.failed,
            error: last.error.clone(),
        }
    }
}

/// The failures of an entry, or of a destination.
#[derive(Serialize)]
pub(crate) struct FailureJson {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    pub attempts: u32,
    pub first_failure: String,
    pub last_failure: String,
    pub last_error: String,
    pub hint: Option<String>,
    pub next_try: Option<String>,
    pub parked_since: Option<String>,
}

impl FailureJson {
    /// `path` is `None` for a destination.
    pub(crate) fn new(path: Option<String>, failures: &Failures) -> Self {
        let parked_since = failures.parked_since.map(time);
        Self {
            path,
            attempts: failures.attempts,
            first_failure: time(failures.first_failure),
            last_failure: time(failures.last_failure),
            last_error: failures.last_error.clone(),
            hint: failures.hint.clone(),
            next_try: parked_since.is_none().then(|| time(failures.next_try)),
            parked_since,
        }
    }
}

/// `push`
#[derive(Serialize)]
pub(crate) struct PushJson {
    pub queue: String,
    pub destination: String,
    pub outcome: &'static str,
    pub error: Option<String>,
    pub until: Option<String>,
    pub uploaded: Vec<String>,
    pub invalid: Vec<String>,
    pub dropped: Vec<String>,
    pub closed: Option<String>,
    pub failed: Vec<FailedJson>,
    pub backing_off: usize,
    pub parked: usize,
    pub left: usize,
    pub foreign: usize,
    pub next_try: Option<String>,
}

/// An entry that a push could not copy.
#[derive(Serialize)]
pub(crate) struct FailedJson {
    pub path: String,
    pub error: String,
    pub attempts: u32,
    pub next_try: Option<String>,
}

impl FailedJson {
    /// With the entry's full path.
    pub(crate) fn new(path: String, failed: &FailedEntry) -> Self {
        Self {
            path,
            error: failed.error.message.clone(),
            attempts: failed.attempts,
            next_try: failed.next_try.map(time),
        }
    }
}

/// `push --dry-run`
#[derive(Serialize)]
pub(crate) struct DryRunJson {
    pub queue: String,
    pub destination: String,
    pub closure_type: String,
    pub destination_until: Option<String>,
    pub ready: Vec<String>,
    pub backing_off: Vec<String>,
    pub parked: Vec<String>,
    pub absent: Vec<String>,
}

/// `config show`
#[derive(Serialize)]
pub(crate) struct SettingJson {
    pub section: String,
    pub key: &'static str,
    pub value: String,
    pub origin: String,
}
