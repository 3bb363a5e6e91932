//! A destination, and the uploader to it.

use std::collections::BTreeSet;

use super::Step;
use super::ports::SimUploader;
use super::world::State;
use crate::{PortError, StorePath, UploadError, UploadErrorKind, UploadWarning, Uploader};

/// How a destination feels.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Health {
    /// It takes what it is given.
    #[default]
    Well,
    /// It answers nothing at all.
    Down,
    /// It answers questions, and an upload to it stalls.
    Stalls,
    /// It answers questions, and an upload to it takes too long.
    TimesOut,
    /// It answers questions and refuses every upload.
    Refuses,
}

/// Where one queue is pushed to.
#[derive(Debug, Clone, Default)]
pub struct Destination {
    /// How it feels.
    pub health: Health,
    /// Store objects that it cannot take.
    pub cannot_take: BTreeSet<StorePath>,
    /// Store objects that it takes and does not keep.
    pub loses: BTreeSet<StorePath>,
    /// What it has.
    pub holds: BTreeSet<StorePath>,
    /// What of it was damaged when it was copied.
    pub spoilt: BTreeSet<StorePath>,
}

impl Destination {
    fn takes_uploads(&self) -> Result<(), UploadError> {
        let kind = match self.health {
            Health::Well => return Ok(()),
            Health::Down => UploadErrorKind::Unclear,
            Health::Stalls => UploadErrorKind::Stalled,
            Health::TimesOut => UploadErrorKind::TimedOut,
            Health::Refuses => UploadErrorKind::Refused,
        };
        Err(UploadError::new(kind, "the destination takes nothing"))
    }

    fn take(&mut self, object: &StorePath) -> Result<(), UploadError> {
        if self.cannot_take.contains(object) {
            let mut error = unclear(format!("cannot copy {object}"));
            if is_named(object) {
                error.named.push(object.clone());
            }
            return Err(error);
        }
        if !self.loses.contains(object) {
            self.holds.insert(object.clone());
        }
        Ok(())
    }
}

/// Of some faults an uploader can tell whose they are: here of those of `a`, `c` and `e`.
fn is_named(object: &StorePath) -> bool {
    object
        .name()
        .bytes()
        .next_back()
        .is_some_and(|last| last % 2 == 1)
}

fn unclear(message: impl Into<String>) -> UploadError {
    UploadError::new(UploadErrorKind::Unclear, message)
}

impl State {
    /// What an upload has to copy. As `nix copy`, it refuses all when one of
    /// the paths is not valid.
    fn begin_upload(
        &self,
        queue: usize,
        paths: &[StorePath],
    ) -> Result<BTreeSet<StorePath>, UploadError> {
        self.queues[queue].destination.takes_uploads()?;
        match paths.iter().find(|path| !self.store.is_valid(path)) {
            Some(path) => Err(unclear(format!("{path} is not valid"))),
            None => Ok(self.store.closure(paths)),
        }
    }

    fn copy(&mut self, queue: usize, object: &StorePath) -> Result<(), UploadError> {
        if !self.store.is_valid(object) {
            return Err(unclear(format!("{object} is not valid")));
        }
        let destination = &mut self.queues[queue].destination;
        destination.take(object)?;
        if self.store.is_damaged(object) {
            destination.spoilt.insert(object.clone());
        }
        Ok(())
    }
}

impl SimUploader<'_> {
    fn failed(&self, error: &PortError) -> UploadError {
        let kind = if self.process.is_dead() {
            UploadErrorKind::Cancelled
        } else {
            UploadErrorKind::Unclear
        };
        UploadError::new(kind, error.chain())
    }
}

impl Uploader for SimUploader<'_> {
    /// One step for each store object, so that a kill leaves some of them there.
    fn upload(&self, paths: &[StorePath]) -> Result<Vec<UploadWarning>, UploadError> {
        let Self { process, queue } = *self;
        let begun = process.look(Step::BEGIN_UPLOAD, |state| state.begin_upload(queue, paths));
        for object in begun.map_err(|error| self.failed(&error))?? {
            let copied = process.change("copy", |state| state.copy(queue, &object));
            copied.map_err(|error| self.failed(&error))??;
        }
        let confirmed = process.look("wait for the end of an upload", |_| Vec::new());
        confirmed.map_err(|error| self.failed(&error))
    }

    fn probe(&self) -> Result<(), UploadError> {
        let health = self.process.look("ask the destination", |state| {
            state.queues[self.queue].destination.health
        });
        match health.map_err(|error| self.failed(&error))? {
            Health::Down => Err(UploadError::new(UploadErrorKind::Unavailable, "no answer")),
            _ => Ok(()),
        }
    }

    fn missing(&self, paths: &[StorePath]) -> Result<Vec<StorePath>, UploadError> {
        let missing = self.process.look("ask what arrived", |state| {
            let holds = &state.queues[self.queue].destination.holds;
            let missing = paths.iter().filter(|path| !holds.contains(path));
            missing.cloned().collect()
        });
        missing.map_err(|error| self.failed(&error))
    }
}
