//! A destination in memory.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;

use queue_core::*;

/// Told the number of the upload that is about to begin.
pub type Before = Box<dyn Fn(usize)>;

#[derive(Default)]
pub struct Destination {
    pub holds: RefCell<BTreeSet<StorePath>>,
    /// Names that make an upload fail, with what kind.
    pub bad: RefCell<Vec<(String, UploadErrorKind)>>,
    /// Names that its errors speak of, whatever it is that failed.
    pub named: RefCell<Vec<String>>,
    /// Names that are taken and lost.
    pub lost: RefCell<Vec<String>>,
    /// Set when it does not answer.
    pub down: RefCell<Option<UploadErrorKind>>,
    /// Whether the probe answers although uploads do not.
    pub only_uploads_fail: Cell<bool>,
    pub uploads: Cell<usize>,
    pub probes: Cell<usize>,
    /// Called before each upload.
    pub before: RefCell<Option<Before>>,
}

impl Destination {
    /// Uploads with that name fail for no clear reason.
    pub fn cannot_take(&self, name: &str) {
        self.bad
            .borrow_mut()
            .push((name.into(), UploadErrorKind::Unclear));
    }

    fn error(&self, kind: UploadErrorKind, message: String) -> UploadError {
        let named = self.named.borrow();
        UploadError {
            named: named.iter().map(|name| super::path(name)).collect(),
            ..UploadError::new(kind, message)
        }
    }
}

impl Uploader for Destination {
    fn upload(&self, paths: &[StorePath]) -> Result<Vec<UploadWarning>, UploadError> {
        assert!(!paths.is_empty(), "an upload of nothing costs a process");
        self.uploads.set(self.uploads.get() + 1);
        if let Some(before) = &*self.before.borrow() {
            before(self.uploads.get());
        }
        if let Some(kind) = *self.down.borrow() {
            return Err(self.error(kind, "no answer".into()));
        }
        let bad = self.bad.borrow();
        let hit = |(name, _): &&(String, _)| paths.iter().any(|path| path.name() == *name);
        if let Some((name, kind)) = bad.iter().find(hit) {
            return Err(self.error(*kind, format!("cannot copy {name}")));
        }
        let lost = self.lost.borrow();
        let kept = paths
            .iter()
            .filter(|path| !lost.iter().any(|name| name == path.name()));
        self.holds.borrow_mut().extend(kept.cloned());
        Ok(vec![])
    }

    fn probe(&self) -> Result<(), UploadError> {
        self.probes.set(self.probes.get() + 1);
        match *self.down.borrow() {
            Some(_) if !self.only_uploads_fail.get() => Err(UploadError::new(
                UploadErrorKind::Unavailable,
                "no answer to a question",
            )),
            _ => Ok(()),
        }
    }

    fn missing(&self, paths: &[StorePath]) -> Result<Vec<StorePath>, UploadError> {
        let holds = self.holds.borrow();
        Ok(paths
            .iter()
            .filter(|path| !holds.contains(path))
            .cloned()
            .collect())
    }
}
