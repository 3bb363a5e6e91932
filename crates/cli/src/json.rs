//! What `--json` prints. The fields are documented in [`crate::manual`] and stay.

use std::time::SystemTime;

use queue_core::{EntryState, FailedEntry, Failures};
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
    /// Of which no copy failed.
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
