//! The store: objects, what they refer to, what is valid.

use std::collections::{BTreeMap, BTreeSet};

use super::{Process, World};
use crate::{
    Damage, PortError, StoreContents, StoreDatabase, StoreFiles, StoreObject, StorePath,
    StoreSizes, UploadError, UploadErrorKind,
};

/// How large every object is, in bytes.
const NAR_SIZE: u64 = 100;

/// What a store holds. Nix makes its own changes durable; so nothing here is
/// lost with the power but the temporary roots.
#[derive(Debug, Clone, Default)]
pub(super) struct Store {
    objects: BTreeMap<StorePath, Object>,
    /// Whether only entries are compared, and what is known as damaged.
    compares_entries_alone: bool,
    /// Held by a process that builds or that asked for them.
    pub(super) temporary_roots: BTreeSet<StorePath>,
}

#[derive(Debug, Clone)]
struct Object {
    references: Vec<StorePath>,
    valid: bool,
    hidden: bool,
    damaged: bool,
    unreadable: bool,
}

impl Store {
    pub(super) fn add(&mut self, path: &StorePath, references: &[StorePath], valid: bool) {
        let references = references.to_vec();
        let object = Object {
            references,
            valid,
            hidden: false,
            damaged: false,
            unreadable: false,
        };
        self.objects.insert(path.clone(), object);
    }

    pub(super) fn delete(&mut self, path: &StorePath) {
        self.objects.remove(path);
    }

    pub(super) fn hide(&mut self, path: &StorePath) {
        self.alter(path, |object| object.hidden = true);
    }

    fn alter(&mut self, path: &StorePath, change: impl FnOnce(&mut Object)) {
        self.objects.get_mut(path).map(change);
    }

    pub(super) fn is_damaged(&self, path: &StorePath) -> bool {
        self.objects.get(path).is_some_and(|object| object.damaged)
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

impl StoreSizes for Process<'_> {
    fn closure(&self, paths: &[StorePath]) -> Result<Vec<StoreObject>, PortError> {
        self.look("ask how large it is", |state| {
            let closure = state.store.closure(paths).into_iter();
            let known = |path: StorePath| {
                let object = &state.store.objects[&path];
                object.valid.then(|| StoreObject {
                    nar_size: NAR_SIZE,
                    references: object.references.clone(),
                    path,
                })
            };
            closure.filter_map(known).collect()
        })
    }
}

/// It looks at all that goes along, unless it is told not to.
impl StoreContents for Process<'_> {
    fn damaged(
        &self,
        entries: &[StorePath],
        others: &BTreeSet<StorePath>,
    ) -> Result<Vec<Damage>, PortError> {
        self.look("compare contents", |state| {
            state.store.can_read(entries)?;
            let damaged = state.store.damaged_among(entries, others);
            let damage = |entry: &StorePath| state.store.damage_of(entry, &damaged);
            Ok(entries.iter().filter_map(damage).collect())
        })?
    }
}

impl Store {
    fn can_read(&self, entries: &[StorePath]) -> Result<(), PortError> {
        let cannot = |path: &StorePath| self.objects[path].unreadable;
        match self.closure(entries).into_iter().find(cannot) {
            Some(path) => Err(PortError::new("read", &path, "it takes for ever")),
            None => Ok(()),
        }
    }

    /// What is found when somebody looks.
    fn damaged_among(
        &self,
        entries: &[StorePath],
        others: &BTreeSet<StorePath>,
    ) -> BTreeSet<StorePath> {
        let mut objects = self.closure(entries);
        objects.retain(|object| {
            let is_compared =
                !self.compares_entries_alone || entries.contains(object) || others.contains(object);
            is_compared && self.is_damaged(object)
        });
        objects
    }

    fn damage_of(&self, entry: &StorePath, damaged: &BTreeSet<StorePath>) -> Option<Damage> {
        let objects: Vec<_> = (&self.closure([entry]) & damaged).into_iter().collect();
        let error = UploadError::new(
            UploadErrorKind::Paths,
            format!("{} was modified", objects.first()?),
        );
        Some(Damage {
            entry: entry.clone(),
            objects,
            error,
        })
    }
}

impl World {
    /// Whether the pushes of a queue compare what goes with what the store
    /// registered.
    pub fn compare_contents(&self, queue: usize, compares: bool) {
        self.with(|state| state.queues[queue].compares = compares);
    }

    /// From now on a comparison looks at the entries themselves, and of what they
    /// bring along only at other entries and at what is known as damaged.
    pub fn compare_entries_alone(&self) {
        self.with(|state| state.store.compares_entries_alone = true);
    }

    /// A store object no longer is what the store registered.
    pub fn damage(&self, path: &StorePath) {
        self.with(|state| state.store.alter(path, |object| object.damaged = true));
    }

    /// A store object cannot be compared with what the store registered.
    pub fn make_unreadable(&self, path: &StorePath) {
        self.with(|state| state.store.alter(path, |object| object.unreadable = true));
    }

    /// A store object can be read, and is what the store registered.
    pub fn repair(&self, path: &StorePath) {
        let repair = |object: &mut Object| (object.damaged, object.unreadable) = (false, false);
        self.with(|state| state.store.alter(path, repair));
    }

    /// Whether the path and all that it refers to can be compared.
    #[must_use]
    pub fn can_be_compared(&self, path: &StorePath) -> bool {
        self.with(|state| state.store.can_read(std::slice::from_ref(path)).is_ok())
    }

    /// Whether the path, or anything that it refers to, is damaged.
    #[must_use]
    pub fn is_damaged(&self, path: &StorePath) -> bool {
        self.with(|state| {
            let mut closure = state.store.closure([path]).into_iter();
            closure.any(|object| state.store.is_damaged(&object))
        })
    }
}
