//! Holding back what is damaged, before anything of it is copied.

use std::collections::BTreeSet;

use super::run::Run;
use super::{Outcome, PushEvent};
use crate::ledger::Parking;
use crate::{Damage, PortError, Splitter, StoreContents, StorePath, UploadError, UploadErrorKind};

/// What the questions of one push came to so far.
#[derive(Debug, Default)]
pub(super) struct Comparisons {
    /// Whether any was answered.
    answered: bool,
    /// About this entry alone none was, nor any since: the entry may be to
    /// blame, or the machine.
    suspect: Option<(StorePath, UploadError)>,
}

impl Run<'_, '_> {
    /// What may go of a part, which has to go at once: a copy may take hours, and
    /// fail, so what was sound before one is looked at again after it. What is
    /// damaged is parked: no later try would find it otherwise. What cannot be
    /// compared does not go; it is halved until it stands alone. `Err` ends the
    /// push.
    pub(super) fn sound(
        &mut self,
        part: Vec<StorePath>,
        splitter: &mut Splitter<StorePath>,
    ) -> Result<Vec<StorePath>, Outcome> {
        let Some(contents) = self.push.contents else {
            return Ok(part);
        };
        match self.compare(contents, &part)? {
            Ok(damaged) => Ok(self.without_damaged(part, damaged)),
            Err(error) => {
                self.not_compared(part, error, splitter)?;
                Ok(Vec::new())
            }
        }
    }

    /// The outer `Err` ends the push: somebody asked to stop.
    fn compare(
        &self,
        contents: &dyn StoreContents,
        part: &[StorePath],
    ) -> Result<Result<Vec<Damage>, UploadError>, Outcome> {
        let goes_on = || match (self.push.cancelled)() {
            true => Err(Outcome::Cancelled),
            false => Ok(()),
        };
        goes_on()?;
        match contents.damaged(part, &self.others(part)) {
            Ok(damaged) => Ok(Ok(damaged)),
            Err(error) => goes_on().map(|()| Err(unreadable(&error))),
        }
    }

    /// What nothing of the part may bring along damaged: the rest of the queue,
    /// whosever turn it is, and what was found damaged before.
    fn others(&self, part: &[StorePath]) -> BTreeSet<StorePath> {
        let mut others = self.seen.clone();
        let gone = self.report.uploaded.iter().chain(&self.report.invalid);
        for path in part.iter().chain(gone) {
            others.remove(path);
        }
        others.extend(self.ledger.damaged());
        others
    }

    fn without_damaged(
        &mut self,
        mut part: Vec<StorePath>,
        damaged: Vec<Damage>,
    ) -> Vec<StorePath> {
        let failed_before = self.report.failed.len();
        self.comparisons.answered = true;
        self.blame_suspect();
        // Whatever was damaged of them before is sound unless it is named again.
        part.iter()
            .for_each(|path| self.ledger.note_damage(path, Vec::new()));
        for Damage {
            entry,
            objects,
            error,
        } in damaged
        {
            // Nothing is parked twice, nor what was not asked about.
            if let Some(at) = part.iter().position(|path| *path == entry) {
                part.remove(at);
                self.entry_failed(entry.clone(), error, Parking::AtOnce);
                self.ledger.note_damage(&entry, objects);
            }
        }
        if self.report.failed.len() > failed_before {
            // The upload that follows may take long, and be killed.
            self.save_ledger();
        }
        part
    }

    /// An entry that stands alone may as well be a machine that cannot read
    /// anything. Another one is asked about next, not always the same one: if
    /// that is no better, the machine is assumed, and nobody is blamed.
    fn not_compared(
        &mut self,
        part: Vec<StorePath>,
        error: UploadError,
        splitter: &mut Splitter<StorePath>,
    ) -> Result<(), Outcome> {
        let size = part.len();
        let Some(alone) = splitter.split(part) else {
            self.observer.notice(&PushEvent::Split(size, &error));
            return Ok(());
        };
        if self.comparisons.suspect.is_some() {
            return Err(Outcome::Broken(error));
        }
        self.comparisons.suspect = Some((alone, error));
        splitter.take_any(self.next_random());
        Ok(())
    }

    /// There is nobody left to ask about. `Err` when no question was answered
    /// at all; but an entry that failed before would be asked about for ever if
    /// it alone is left.
    pub(super) fn judge_suspect(&mut self) -> Result<(), Outcome> {
        let Some((path, error)) = self.comparisons.suspect.take() else {
            return Ok(());
        };
        if !self.comparisons.answered && self.ledger.entry(&path).is_none() {
            return Err(Outcome::Broken(error));
        }
        self.entry_failed(path, error, Parking::AfterMaxAttempts);
        Ok(())
    }

    fn blame_suspect(&mut self) {
        if let Some((path, error)) = self.comparisons.suspect.take() {
            self.entry_failed(path, error, Parking::AfterMaxAttempts);
        }
    }
}

fn unreadable(error: &PortError) -> UploadError {
    UploadError {
        hint: error.hint().map(str::to_owned),
        ..UploadError::new(UploadErrorKind::Local, error.chain())
    }
}
