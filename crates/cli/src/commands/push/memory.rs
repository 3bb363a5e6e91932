//! A queue that lives as long as one upload: nothing on disk, nothing remembered.

use std::cell::RefCell;
use std::time::SystemTime;

use queue_core::{
    Entry, GarbageCollector, GcSection, Insertion, Listing, PortError, Protection, PushLock,
    PushState, QueueDirectory, Removal, StorePath,
};

/// The paths that are still to be uploaded, in the order given.
pub(super) struct MemoryQueue(RefCell<Vec<StorePath>>);

impl MemoryQueue {
    pub(super) fn new(paths: &[StorePath]) -> Self {
        Self(RefCell::new(paths.to_vec()))
    }
}

impl QueueDirectory for MemoryQueue {
    fn insert(&self, path: &StorePath) -> Result<Insertion, PortError> {
        let mut paths = self.0.borrow_mut();
        if paths.contains(path) {
            return Ok(Insertion::AlreadyThere);
        }
        paths.push(path.clone());
        Ok(Insertion::Added)
    }

    fn remove(&self, path: &StorePath) -> Result<Removal, PortError> {
        let mut paths = self.0.borrow_mut();
        // What was uploaded first stands first.
        Ok(match paths.iter().position(|known| known == path) {
            Some(at) => {
                paths.remove(at);
                Removal::Removed
            }
            None => Removal::WasAbsent,
        })
    }

    fn list(&self) -> Result<Listing, PortError> {
        let enqueued_at = SystemTime::UNIX_EPOCH;
        let entry = |path: &StorePath| Entry {
            path: path.clone(),
            enqueued_at,
        };
        let entries = self.0.borrow().iter().map(entry).collect();
        Ok(Listing {
            entries,
            foreign: Vec::new(),
        })
    }

    fn flush(&self) -> Result<(), PortError> {
        Ok(())
    }
}

/// Nothing is to be kept from a collector.
pub(super) struct NoCollector;

impl GarbageCollector for NoCollector {
    fn enter(&self) -> Result<Box<dyn GcSection + '_>, PortError> {
        Ok(Box::new(Self))
    }
}

impl GcSection for NoCollector {
    fn protect(&self, _: &[StorePath]) -> Result<Protection, PortError> {
        Ok(Protection::NoCollector)
    }
}

/// No other upload is excluded, and no failure remembered.
pub(super) struct NoState;

impl PushState for NoState {
    fn try_lock(&self) -> Result<Option<Box<dyn PushLock + '_>>, PortError> {
        Ok(Some(Box::new(Self)))
    }
    fn load_ledger(&self) -> Result<Option<String>, PortError> {
        Ok(None)
    }
    fn save_ledger(&self, _: &str) -> Result<(), PortError> {
        Ok(())
    }
}

impl PushLock for NoState {}
