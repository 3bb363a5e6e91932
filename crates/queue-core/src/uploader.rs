//! The port to the destination.

use crate::StorePath;

/// Copies store paths to one destination.
pub trait Uploader {
    /// Copies what `paths` stand for (their closures, say). `Ok` means that
    /// the destination confirmed all of it; on an error some of it may be
    /// there all the same. An implementation must not return `Ok` when any path
    /// failed: the entries leave the queue then. Idempotent.
    ///
    /// # Errors
    ///
    /// What went wrong, with a [`kind`](UploadError::kind) that says who is to
    /// blame.
    fn upload(&self, paths: &[StorePath]) -> Result<Vec<UploadWarning>, UploadError>;

    /// A cheap question to the destination, to tell one that does not answer
    /// from a path that cannot be copied.
    ///
    /// # Errors
    ///
    /// When the destination does not answer. The kinds `Local` and `Cancelled`
    /// keep their meaning, every other one counts as the destination's.
    fn probe(&self) -> Result<(), UploadError>;

    /// Those of `paths` that are not at the destination although
    /// [`upload`](Self::upload) said so. Asked only when the push verifies.
    ///
    /// # Errors
    ///
    /// When the destination does not answer.
    fn missing(&self, paths: &[StorePath]) -> Result<Vec<StorePath>, UploadError>;
}

/// Something that was done, but not quite as asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadWarning {
    /// The entry it is about.
    pub path: StorePath,
    /// A fragment: `has no deriver, its own closure was copied`.
    pub message: String,
}

/// Who is to blame for a failed upload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum UploadErrorKind {
    /// The destination, for certain: it cannot be reached, refuses us, or has
    /// no room. The rest of the queue waits.
    Unavailable,
    /// Something about the paths, for certain.
    Paths,
    /// The destination refused this upload (no right to it, no room for it), which
    /// may concern these paths or all. The push finds out by trying others.
    Refused,
    /// Not known: the push asks the destination ([`Uploader::probe`]).
    Unclear,
    /// The total timeout ended it.
    TimedOut,
    /// Nothing moved for the stall timeout.
    Stalled,
    /// The caller asked to stop.
    Cancelled,
    /// This machine: the uploader could not run at all.
    Local,
}

/// Why an upload failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct UploadError {
    /// Who is to blame.
    pub kind: UploadErrorKind,
    /// What failed and why: one line, free of secrets.
    pub message: String,
    /// What to do about it, where that is known.
    pub hint: Option<String>,
    /// All that the uploader said: several lines, free of secrets.
    pub details: String,
    /// Which paths that is about, as far as it says so: a guess, for the push to
    /// try first. Nobody is blamed for it. What is not among the paths of the
    /// upload does not matter.
    pub named: Vec<StorePath>,
}

impl UploadError {
    /// An error with nothing more to tell.
    #[must_use]
    pub fn new(kind: UploadErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            hint: None,
            details: String::new(),
            named: Vec::new(),
        }
    }
}
