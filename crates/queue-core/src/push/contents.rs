//! Holding back what is damaged, before anything of it is copied.

use super::Outcome;
use super::run::Run;
use crate::ledger::Parking;
use crate::{Damage, PortError, StorePath, UploadError, UploadErrorKind};

impl Run<'_, '_> {
    /// `batch` without what is damaged, which is parked: no later try would
    /// find it otherwise. `Err` when it cannot be found out; nothing of the
    /// batch may be copied then, and nobody is to blame.
    pub(super) fn without_damaged(
        &mut self,
        mut batch: Vec<StorePath>,
    ) -> Result<Vec<StorePath>, Outcome> {
        let Some(contents) = self.push.contents else {
            return Ok(batch);
        };
        if (self.push.cancelled)() {
            return Err(Outcome::Cancelled);
        }
        let damaged = contents
            .damaged(&batch, &self.ledger.damaged())
            .map_err(|error| self.not_checked(error))?;
        let failed_before = self.report.failed.len();
        for Damage {
            entry,
            objects,
            error,
        } in damaged
        {
            // Nothing is parked twice, nor what was not asked about.
            if let Some(at) = batch.iter().position(|path| *path == entry) {
                batch.remove(at);
                self.entry_failed(entry.clone(), error, Parking::AtOnce);
                self.ledger.note_damage(&entry, objects);
            }
        }
        if self.report.failed.len() > failed_before {
            // The upload that follows may take long, and be killed.
            self.save_ledger();
        }
        Ok(batch)
    }

    fn not_checked(&self, error: PortError) -> Outcome {
        if (self.push.cancelled)() {
            return Outcome::Cancelled;
        }
        Outcome::Broken(UploadError {
            hint: error.hint().map(str::to_owned),
            ..UploadError::new(UploadErrorKind::Local, error.chain())
        })
    }
}
