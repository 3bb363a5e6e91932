//! Trying entries again that back off or are parked: somebody mended the cause.

use crate::{Ledger, LedgerError, PortError, PushState, StorePath};

/// What became of one call of [`retry_entries`].
#[derive(Debug, Default)]
#[must_use]
pub struct RetryReport {
    /// Had failed; the next push tries them.
    pub forgotten: Vec<StorePath>,
    /// The destination had failed; the next push asks it.
    pub destination_forgotten: bool,
    /// What was remembered could not be understood. It is gone now, so that the
    /// next push tries all.
    pub ledger_lost: Option<LedgerError>,
}

/// Forgets the failures of these entries, and the destination's, which would
/// hold them back. What was found damaged is remembered: the next push looks
/// whether it was repaired. `None` when a push is at work: it would write its own memory
/// over this. Never waits.
///
/// # Errors
///
/// When the lock cannot be tried, or what is remembered not be read or saved.
pub fn retry_entries(
    state: &dyn PushState,
    paths: &[StorePath],
) -> Result<Option<RetryReport>, PortError> {
    let Some(_lock) = state.try_lock()? else {
        return Ok(None);
    };
    let mut report = RetryReport::default();
    let Some(text) = state.load_ledger()? else {
        return Ok(Some(report));
    };
    let mut ledger = Ledger::from_text(&text).unwrap_or_else(|error| {
        report.ledger_lost = Some(error);
        Ledger::default()
    });
    report.destination_forgotten = ledger.forget_destination();
    let failed = paths.iter().filter(|path| ledger.forget_failures(path));
    report.forgotten = failed.cloned().collect();
    if !report.is_idle() {
        state.save_ledger(&ledger.to_text())?;
    }
    Ok(Some(report))
}

impl RetryReport {
    /// Whether there was nothing to forget.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.forgotten.is_empty() && !self.destination_forgotten && self.ledger_lost.is_none()
    }
}
