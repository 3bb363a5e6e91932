//! The store: objects, what they refer to, what is valid.

use std::collections::{BTreeMap, BTreeSet};

use super::Process;
use crate::{PortError, StoreDatabase, StoreFiles, StorePath};

/// What a store holds. Nix makes its own changes durable; so nothing here is
/// lost with the power but the temporary roots.
#[derive(Debug, Clone, Default)]
pub(super) struct Store {
    objects: BTreeMap<StorePath, Object>,
    /// Held by a process that builds or that asked for them.
    pub(super) temporary_roots: BTreeSet<StorePath>,
}

#[derive(Debug, Clone)]
struct Object {
    references: Vec<StorePath>,
    valid: bool,
    hidden: bool,
}

impl Store {
    pub(super) fn add(&mut self, path: &StorePath, references: &[StorePath], valid: bool) {
        let references = references.to_vec();
        let object = Object {
            references,
            valid,
            hidden: false,
        };
        self.objects.insert(path.clone(), object);
    }

    pub(super) fn delete(&mut self, path: &StorePath) {
        self.objects.remove(path);
    }

    pub(super) fn hide(&mut self, path: &StorePath) {
        if let Some(object) = self.objects.get_mut(path) {
            object.hidden = true;
        }
    }

    pub(super) fn is_seen(&self, path: &StorePath) -> bool {
        self.objects.get(path).is_some_and(|object| !object.hidden)
    }

    pub(super) fn is_valid(&self, path: &StorePath) -> bool {
        self.objects.get(path).is_some_and(|object| object.valid)
    }

    pub(super) fn present(&self) -> Vec<StorePath> {
        self.objects.keys().cloned().collect()
    }

    /// Those of `paths` that are here, and all that they refer to.
    pub(super) fn closure<'p>(
        &self,
        paths: impl IntoIterator<Item = &'p StorePath>,
    ) -> BTreeSet<StorePath> {
        let mut closure = BTreeSet::new();
        let mut open: Vec<_> = paths.into_iter().cloned().collect();
        while let Some(path) = open.pop() {
            if let Some(object) = self.objects.get(&path)
                && closure.insert(path)
            {
                open.extend(object.references.iter().cloned());
            }
        }
        closure
    }
}

impl StoreFiles for Process<'_> {
    fn is_present(&self, path: &StorePath) -> Result<bool, PortError> {
        self.look("look for the store path", |state| state.store.is_seen(path))
    }
}

impl StoreDatabase for Process<'_> {
    fn invalid(&self, paths: &[StorePath]) -> Result<Vec<StorePath>, PortError> {
        self.look("ask for valid paths", |state| {
            let invalid = |path: &&StorePath| !state.store.is_valid(path);
            paths.iter().filter(invalid).cloned().collect()
        })
    }
}
