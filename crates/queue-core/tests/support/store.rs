//! What the store says: what is valid, how large and how sound it is.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};

use camino::Utf8Path;
use queue_core::*;

use super::path;

/// Valid is what is on disk, unless it is said to be invalid.
pub struct Database {
    store: StoreDir,
    pub invalid: RefCell<BTreeSet<StorePath>>,
    pub questions: Cell<usize>,
}

impl Database {
    pub fn new(store: &StoreDir) -> Self {
        Self {
            store: store.clone(),
            invalid: RefCell::default(),
            questions: Cell::new(0),
        }
    }
}

impl StoreDatabase for Database {
    fn invalid(&self, paths: &[StorePath]) -> Result<Vec<StorePath>, PortError> {
        self.questions.set(self.questions.get() + 1);
        let known = self.invalid.borrow();
        let bad = |path: &&StorePath| {
            known.contains(path) || !Utf8Path::new(&self.store.join(path)).exists()
        };
        Ok(paths.iter().filter(bad).cloned().collect())
    }
}

/// As large as its test says, without references but for those set.
#[derive(Default)]
pub struct Sizes {
    pub objects: RefCell<BTreeMap<StorePath, (u64, Vec<StorePath>)>>,
    pub questions: Cell<usize>,
    pub broken: Cell<bool>,
}

impl Sizes {
    pub fn set(&self, path: &StorePath, size: u64, references: &[StorePath]) {
        let object = (size, references.to_vec());
        self.objects.borrow_mut().insert(path.clone(), object);
    }
}

impl StoreSizes for Sizes {
    fn closure(&self, paths: &[StorePath]) -> Result<Vec<StoreObject>, PortError> {
        self.questions.set(self.questions.get() + 1);
        if self.broken.get() {
            return Err(PortError::new("measure", "the store", "it is broken"));
        }
        let objects = self.objects.borrow();
        let (mut next, mut seen) = (paths.to_vec(), BTreeSet::new());
        let mut closure = Vec::new();
        while let Some(path) = next.pop() {
            let Some((nar_size, references)) = objects.get(&path) else {
                continue;
            };
            if seen.insert(path.clone()) {
                next.extend_from_slice(references);
                let (nar_size, references) = (*nar_size, references.clone());
                closure.push(StoreObject {
                    path,
                    nar_size,
                    references,
                });
            }
        }
        Ok(closure)
    }
}

/// Contents that are compared once a test says so.
#[derive(Default)]
pub struct Contents {
    pub compared: Cell<bool>,
    /// Names of entries, each with the name of what is damaged.
    pub damaged: RefCell<Vec<(String, String)>>,
    pub broken: Cell<bool>,
    /// Names of entries about which no question is answered.
    pub unreadable: RefCell<Vec<String>>,
    /// How many entries each question was about.
    pub questions: RefCell<Vec<usize>>,
    /// The names of what else each question was about, in order.
    pub others: RefCell<Vec<Vec<String>>>,
}

impl Contents {
    pub fn damage(&self, entry: &str, object: &str) {
        self.compared.set(true);
        self.damaged
            .borrow_mut()
            .push((entry.into(), object.into()));
    }

    pub fn cannot_read(&self, name: &str) {
        self.compared.set(true);
        self.unreadable.borrow_mut().push(name.into());
    }

    pub fn as_port(&self) -> Option<&dyn StoreContents> {
        self.compared.get().then_some(self as _)
    }
}

impl StoreContents for Contents {
    fn damaged(
        &self,
        entries: &[StorePath],
        others: &BTreeSet<StorePath>,
    ) -> Result<Vec<Damage>, PortError> {
        self.questions.borrow_mut().push(entries.len());
        let mut names: Vec<String> = others.iter().map(|path| path.name().into()).collect();
        names.sort();
        self.others.borrow_mut().push(names);
        if self.broken.get() {
            let error = PortError::new("read", "the store", "no such program");
            return Err(error.with_hint("install it"));
        }
        let unreadable = self.unreadable.borrow();
        let is_unreadable = |path: &&StorePath| unreadable.iter().any(|name| name == path.name());
        if let Some(path) = entries.iter().find(is_unreadable) {
            return Err(PortError::new("read", path, "it takes for ever"));
        }
        let damaged = self.damaged.borrow();
        let damage = |(entry, object): &(String, String)| Damage {
            entry: path(entry),
            objects: vec![path(object)],
            error: UploadError {
                hint: Some(format!("repair {object}")),
                ..UploadError::new(UploadErrorKind::Paths, format!("{object} was modified"))
            },
        };
        // Whatever it was asked about: the push has to look.
        Ok(damaged.iter().map(damage).collect())
    }
}
