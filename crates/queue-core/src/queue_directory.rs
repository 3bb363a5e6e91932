//! The port to the set of entries.

use std::collections::BTreeSet;
use std::time::SystemTime;

use crate::{GcRoots, LimitsWithState, PortError, StorePath};

/// One store path that waits to be copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The store object: an output, or a derivation.
    pub path: StorePath,
    /// When it was enqueued for the first time.
    pub enqueued_at: SystemTime,
}

/// Something in a queue directory that is not an entry, or of which that cannot be
/// seen. It is reported and left alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Foreign {
    /// Its file name, with anything unprintable escaped.
    pub name: String,
    /// Why it is no entry, as a fragment: `is not a symlink`.
    pub reason: String,
    /// What the user can do about it.
    pub hint: String,
    /// It could not be looked at, and is named like an entry: most likely it is one,
    /// still queued and held.
    pub may_be_an_entry: bool,
}

/// What a queue directory holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listing {
    /// The entries, oldest first; of one age, by path.
    pub entries: Vec<Entry>,
    /// What is not ours, by name.
    pub foreign: Vec<Foreign>,
}

impl Listing {
    /// The paths of all entries, and of what may be one.
    pub(crate) fn may_be_queued(&self) -> BTreeSet<StorePath> {
        let entries = self.entries.iter().map(|entry| entry.path.clone());
        let unclear = self.foreign.iter().filter(|found| found.may_be_an_entry);
        let unclear = unclear.filter_map(|found| found.name.parse().ok());
        entries.chain(unclear).collect()
    }
}

/// What became of an insertion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Insertion {
    /// The entry was made.
    Added,
    /// It was there; its age is unchanged.
    AlreadyThere,
}

/// What became of a removal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removal {
    /// The entry was there and is gone.
    Removed,
    /// There was none.
    WasAbsent,
}

/// A set of entries. Safe to use from many processes at once without a lock:
/// each operation on one entry is atomic.
pub trait QueueDirectory {
    /// Makes the entry. Idempotent. Durable only after [`flush`](Self::flush).
    ///
    /// # Errors
    ///
    /// When it cannot be made, or when something of its name is there that is
    /// not this entry.
    fn insert(&self, path: &StorePath) -> Result<Insertion, PortError>;

    /// Removes the entry. Idempotent. Leaves alone what is not an entry.
    ///
    /// # Errors
    ///
    /// When it is there and cannot be removed, or is not an entry.
    fn remove(&self, path: &StorePath) -> Result<Removal, PortError>;

    /// All entries at one moment; one that comes or goes meanwhile may be
    /// missed or listed.
    ///
    /// # Errors
    ///
    /// When the directory cannot be read.
    fn list(&self) -> Result<Listing, PortError>;

    /// Makes what was inserted and removed so far durable.
    ///
    /// # Errors
    ///
    /// When the medium does not confirm it.
    fn flush(&self) -> Result<(), PortError>;
}

/// A queue as enqueueing, pushing and removing see it: its entries and the
/// roots that hold them.
#[derive(Clone, Copy)]
pub struct Queue<'a> {
    /// The entries.
    pub directory: &'a dyn QueueDirectory,
    /// The roots of this very directory's entries.
    pub roots: &'a dyn GcRoots,
    /// Its limits; `None` where none is set, which costs nothing then.
    pub limits: Option<LimitsWithState<'a>>,
}
