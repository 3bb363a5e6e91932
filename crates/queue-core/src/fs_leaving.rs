//! The room in which entries stand while they leave a queue: `.push/leaving/`.

use std::cell::OnceCell;

use camino::{Utf8Path, Utf8PathBuf};
use rustix::fs;

use crate::fs_push_state::{fail, give};
use crate::{
    FsQueueDirectory, Insertion, Listing, PortError, QueueDirectory, Removal, StoreDir, StorePath,
};

/// [`Push::leaving`](crate::Push::leaving) in a queue directory. It is made with
/// the first entry that stands in it: a push that needs none must not fail for
/// want of one, on a full file system say.
#[derive(Debug)]
pub struct FsLeaving {
    path: Utf8PathBuf,
    store: StoreDir,
    fsync: bool,
    room: OnceCell<FsQueueDirectory>,
}

impl FsLeaving {
    /// At that path, below the push's room.
    pub(crate) fn new(path: Utf8PathBuf, store: StoreDir, fsync: bool) -> Self {
        Self {
            path,
            store,
            fsync,
            room: OnceCell::new(),
        }
    }

    /// Where it is, or would be.
    #[must_use]
    pub fn path(&self) -> &Utf8Path {
        &self.path
    }

    /// `None` while nothing ever left.
    fn opened(&self) -> Result<Option<&FsQueueDirectory>, PortError> {
        if self.room.get().is_none()
            && let Some(room) = FsQueueDirectory::open(&self.path, &self.store, self.fsync)?
        {
            return Ok(Some(self.room.get_or_init(|| room)));
        }
        Ok(self.room.get())
    }

    fn made(&self) -> Result<&FsQueueDirectory, PortError> {
        if let Some(room) = self.opened()? {
            return Ok(room);
        }
        let room = FsQueueDirectory::create(&self.path, &self.store, self.fsync)?;
        fs::openat(room.handle(), "..", fs::OFlags::PATH, fs::Mode::empty())
            .and_then(|above| give(&room.handle(), &above))
            .map_err(|error| fail("give to its owner the directory", &self.path, error))?;
        Ok(self.room.get_or_init(|| room))
    }
}

impl QueueDirectory for FsLeaving {
    fn insert(&self, path: &StorePath) -> Result<Insertion, PortError> {
        self.made()?.insert(path)
    }

    fn remove(&self, path: &StorePath) -> Result<Removal, PortError> {
        let room = self.opened()?;
        room.map_or(Ok(Removal::WasAbsent), |room| room.remove(path))
    }

    fn list(&self) -> Result<Listing, PortError> {
        let room = self.opened()?;
        room.map_or_else(|| Ok(Listing::default()), QueueDirectory::list)
    }

    fn flush(&self) -> Result<(), PortError> {
        self.opened()?.map_or(Ok(()), QueueDirectory::flush)
    }
}
