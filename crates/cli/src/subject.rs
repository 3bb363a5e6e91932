//! What a message is about.

use queue_core::UploadErrorKind;

/// Fields beside a message, for a journal or whoever reads JSON to select by. All of them stand in
/// the message's text as well, so lines for people leave them out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Subject {
    /// The queue's name.
    pub queue: Option<String>,
    /// The full store path.
    pub store_path: Option<String>,
    /// The destination as it may be shown.
    pub destination: Option<String>,
    /// How often it failed, this time included.
    pub attempt: Option<u32>,
    /// One of the words of [`KINDS`].
    pub error_kind: Option<&'static str>,
    /// How a push ended.
    pub push: Option<PushEnd>,
}

/// How a push ended, in a word and in numbers, which are called as `push --json` calls them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PushEnd {
    pub outcome: &'static str,
    pub uploaded: usize,
    pub failed: usize,
    pub invalid: usize,
    pub dropped: usize,
    pub backing_off: usize,
    pub parked: usize,
    pub left: usize,
}

impl PushEnd {
    /// Of an empty queue.
    pub(crate) fn of_nothing() -> Self {
        Self {
            outcome: "finished",
            uploaded: 0,
            failed: 0,
            invalid: 0,
            dropped: 0,
            backing_off: 0,
            parked: 0,
            left: 0,
        }
    }
}

/// The names of those fields, as events have them.
pub(crate) const FIELDS: [&str; 13] = [
    "queue",
    "store_path",
    "destination",
    "attempt",
    "error_kind",
    "outcome",
    "uploaded",
    "failed",
    "invalid",
    "dropped",
    "backing_off",
    "parked",
    "left",
];

/// A setting, a file of settings, or the command line.
pub(crate) const CONFIG: &str = "config";
/// The program, or its files, on this machine.
pub(crate) const LOCAL: &str = "local";
/// A limit of the queue.
pub(crate) const LIMIT: &str = "limit";
/// The destination.
pub(crate) const UNAVAILABLE: &str = "unavailable";
/// Something about a store path.
pub(crate) const PATHS: &str = "paths";
/// A store path that is no longer valid.
pub(crate) const INVALID: &str = "invalid";

/// What an error is of, and what that means.
pub(crate) const KINDS: [(&str, &str); 10] = [
    (CONFIG, "a setting, or a file of settings"),
    (
        LOCAL,
        "this machine: a file of the queue, or a program that cannot run",
    ),
    (LIMIT, "a limit of the queue refused or dropped something"),
    (INVALID, "the store path is not valid any more"),
    (UNAVAILABLE, "the destination does not answer"),
    (PATHS, "something about the store path"),
    ("refused", "the destination refused the upload"),
    ("unclear", "Nix failed, and does not say for what"),
    ("timeout", "a copy took too long, or did not move"),
    ("cancelled", "somebody asked to stop"),
];

/// The word for a failed upload.
pub(crate) fn of_upload(kind: UploadErrorKind) -> &'static str {
    match kind {
        UploadErrorKind::Unavailable => UNAVAILABLE,
        UploadErrorKind::Paths => PATHS,
        UploadErrorKind::Refused => "refused",
        UploadErrorKind::TimedOut | UploadErrorKind::Stalled => "timeout",
        UploadErrorKind::Cancelled => "cancelled",
        UploadErrorKind::Local => LOCAL,
        // Also those that queue-core may learn of.
        _ => "unclear",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_a_failed_upload_is_documented() {
        use UploadErrorKind::{
            Cancelled, Local, Paths, Refused, Stalled, TimedOut, Unavailable, Unclear,
        };
        for kind in [
            Cancelled,
            Local,
            Paths,
            Refused,
            Stalled,
            TimedOut,
            Unavailable,
            Unclear,
        ] {
            assert!(
                KINDS.iter().any(|(word, _)| *word == of_upload(kind)),
                "{kind:?}"
            );
        }
    }
}
