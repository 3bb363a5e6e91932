//! Uploading one batch: who is to blame when it fails.

use std::collections::BTreeSet;

use super::run::Run;
use super::{FailedEntry, Outcome, PushEvent};
use crate::ledger::Parking;
use crate::{RetryPolicy, Splitter, StorePath, UploadError, UploadErrorKind};

/// So many entries alone make the destination the likelier culprit. Until the
/// first stands alone such a batch is halved, a timeout each time; the second is
/// taken alone from the far end and costs one more.
const MAX_SUSPECTS: usize = 2;

fn is_suspicious(error: &UploadError) -> bool {
    use UploadErrorKind::{Refused, Stalled, TimedOut};
    matches!(error.kind, Refused | Stalled | TimedOut)
}

/// Whether an upload failed before the destination came into it.
fn says_nothing(error: &UploadError) -> bool {
    matches!(
        error.kind,
        UploadErrorKind::Local | UploadErrorKind::Cancelled
    )
}

/// What the destination lacks after a copy that succeeded.
fn lost() -> UploadError {
    let message = "the destination does not have it although the copy succeeded";
    let hint = "it lost what it was sent: see the destination's log";
    UploadError {
        hint: Some(hint.into()),
        ..UploadError::new(UploadErrorKind::Paths, message)
    }
}

impl Run<'_, '_> {
    /// Uploads a batch, splitting what fails; nothing of it that is damaged, where
    /// that is looked at. `Err` ends the push.
    pub(super) fn upload_batch(&mut self, batch: Vec<StorePath>) -> Result<(), Outcome> {
        let mut splitter = Splitter::new(batch);
        let failed_before = self.report.failed.len();
        let mut first_failure = true;
        while let Some(part) = splitter.next() {
            let part = self.sound(part, &mut splitter)?;
            if (self.push.cancelled)() {
                return Err(Outcome::Cancelled);
            }
            if part.is_empty() {
                continue;
            }
            let uploaded = self.upload(&part);
            self.tried |= !matches!(&uploaded, Err(error) if says_nothing(error));
            let Err(error) = uploaded else {
                continue;
            };
            // Questions cost a process each: asked when a batch first fails, and
            // before an entry is blamed.
            let ask = first_failure || part.len() == 1;
            first_failure = false;
            self.ask_who_is_to_blame(&error, ask)?;
            self.split(part, error, ask, &mut splitter)?;
        }
        if self.report.failed.len() > failed_before {
            // Even if this push is killed later, it is known who failed.
            self.save_ledger();
        }
        Ok(())
    }

    /// Hands out again what failed, in smaller parts: without what is no longer
    /// valid, if `ask` finds any; else what the error names, and the rest; else
    /// halved. `Err` ends the push.
    fn split(
        &mut self,
        part: Vec<StorePath>,
        error: UploadError,
        ask: bool,
        splitter: &mut Splitter<StorePath>,
    ) -> Result<(), Outcome> {
        let size = part.len();
        // What refuses one path may refuse all, so the name says nothing then.
        let is_named = |path: &StorePath| !is_suspicious(&error) && error.named.contains(path);
        let part = self.without_invalid(part, ask);
        if part.len() < size {
            splitter.again(part);
        } else if let Some(culprit) = splitter.split_by(part, is_named) {
            return self.blame(culprit, error, splitter);
        }
        self.observer.notice(&PushEvent::Split(size, &error));
        Ok(())
    }

    /// Uploads, verifies, and removes what is confirmed. What the destination
    /// lacks afterwards fails by itself.
    fn upload(&mut self, part: &[StorePath]) -> Result<(), UploadError> {
        self.observer.notice(&PushEvent::Started(part));
        for warning in self.push.uploader.upload(part)? {
            self.observer.notice(&PushEvent::Warning(&warning));
        }
        if !self.options.verify {
            self.confirmed(part);
            return Ok(());
        }
        let missing: BTreeSet<_> = self.push.uploader.missing(part)?.into_iter().collect();
        let (lacking, there): (Vec<_>, Vec<_>) = part
            .iter()
            .cloned()
            .partition(|path| missing.contains(path));
        self.confirmed(&there);
        for path in lacking {
            self.entry_failed(path, lost(), Parking::AfterMaxAttempts);
        }
        Ok(())
    }

    fn confirmed(&mut self, paths: &[StorePath]) {
        if paths.is_empty() {
            return;
        }
        self.ledger.forget_destination();
        let removed = self.remove(self.push.queue, paths);
        for path in paths {
            // Queued or not, it is at the destination.
            self.tally.is_gone(path);
            self.ledger.forget(path);
        }
        let mut gone = removed.removed;
        gone.extend(removed.absent);
        self.observer.notice(&PushEvent::Uploaded(&gone));
        self.report.uploaded.extend(gone);
    }

    /// `Err` when it is not the paths. An unclear error is settled by asking
    /// the destination, if `ask`.
    fn ask_who_is_to_blame(&mut self, error: &UploadError, ask: bool) -> Result<(), Outcome> {
        match error.kind {
            UploadErrorKind::Paths => Ok(()),
            UploadErrorKind::Unclear
            | UploadErrorKind::Refused
            | UploadErrorKind::TimedOut
            | UploadErrorKind::Stalled => {
                let answer = if ask {
                    self.push.uploader.probe()
                } else {
                    Ok(())
                };
                answer.map_err(|error| self.ended_by(error))
            }
            _ => Err(self.ended_by(error.clone())),
        }
    }

    fn ended_by(&mut self, error: UploadError) -> Outcome {
        match error.kind {
            UploadErrorKind::Cancelled => Outcome::Cancelled,
            UploadErrorKind::Local => Outcome::Broken(error),
            _ => self.destination_failed(error),
        }
    }

    fn destination_failed(&mut self, error: UploadError) -> Outcome {
        let (now, random) = (self.push.clock.now(), self.next_random());
        let policy = self.options.retry;
        let known =
            self.ledger
                .destination_failed(&self.options.destination, &error, now, &policy, random);
        Outcome::Unavailable {
            until: known.next_try,
            error,
        }
    }

    /// An entry that stands alone and was refused or timed out, in a push that
    /// got nothing through, may as well be a destination that answers questions
    /// and takes nothing. With a second one, from the other end of the batch,
    /// that is assumed. Both count as failed, so that others are first in line
    /// next time, but nobody is parked for what may not be its own fault, neither
    /// now nor when it fails by itself later.
    fn blame(
        &mut self,
        culprit: StorePath,
        error: UploadError,
        splitter: &mut Splitter<StorePath>,
    ) -> Result<(), Outcome> {
        let suspicious = is_suspicious(&error) && self.report.uploaded.is_empty();
        let parking = match suspicious {
            true => Parking::Never,
            false => Parking::AfterMaxAttempts,
        };
        self.entry_failed(culprit, error.clone(), parking);
        if !suspicious {
            return Ok(());
        }
        self.suspects += 1;
        splitter.take_from_far_end();
        if self.suspects >= MAX_SUSPECTS {
            return Err(self.destination_failed(error));
        }
        Ok(())
    }

    pub(super) fn entry_failed(&mut self, path: StorePath, error: UploadError, parking: Parking) {
        let (now, random) = (self.push.clock.now(), self.next_random());
        let policy: RetryPolicy = self.options.retry;
        self.ledger.note_destination(&self.options.destination);
        let known = self
            .ledger
            .entry_failed(&path, &error, now, &policy, random, parking);
        let parked = known.parked_since.is_some();
        let failed = FailedEntry {
            path,
            error,
            attempts: known.attempts,
            next_try: (!parked).then_some(known.next_try),
        };
        self.tally.failed(&failed.path, parked);
        self.observer.notice(&PushEvent::Failed(&failed));
        self.report.failed.push(failed);
    }

    pub(super) fn next_random(&mut self) -> u64 {
        self.random = self.random.wrapping_add(1);
        self.random
    }
}
