//! The room in which entries stand while they leave a queue: `.push/leaving/`.

use std::cell::OnceCell;

use camino::{Utf8Path, Utf8PathBuf};

use crate::room::Room;
use crate::{
    FsQueueDirectory, Insertion, Listing, PortError, QueueDirectory, Removal, StoreDir, StorePath,
};

const LEAVING: &str = "leaving";

/// [`Push::leaving`](crate::Push::leaving) in a queue directory. It is made with
/// the first entry that stands in it: a push that needs none must not fail for
/// want of one, on a full file system say.
#[derive(Debug)]
pub struct FsLeaving {
    path: Utf8PathBuf,
    /// The push's.
    above: Room,
    store: StoreDir,
    fsync: bool,
    opened: OnceCell<FsQueueDirectory>,
}

impl FsLeaving {
    /// For entries of `queue`, in the room of its push.
    pub(crate) fn new(above: &Room, queue: &FsQueueDirectory) -> Self {
        Self {
            path: above.path().join(LEAVING),
            above: above.clone(),
            store: queue.store().clone(),
            fsync: queue.fsync(),
            opened: OnceCell::new(),
        }
    }

    /// Where it is, or would be.
    #[must_use]
    pub fn path(&self) -> &Utf8Path {
        &self.path
    }

    /// `None` while nothing ever left.
    fn opened(&self) -> Result<Option<&FsQueueDirectory>, PortError> {
        if self.opened.get().is_none()
            && let Some(room) = Room::open(&self.above, self.path.clone(), self.above.owner())?
        {
            return Ok(Some(self.keep(&room)));
        }
        Ok(self.opened.get())
    }

    fn made(&self) -> Result<&FsQueueDirectory, PortError> {
        if let Some(opened) = self.opened()? {
            return Ok(opened);
        }
        let owner = self.above.owner();
        let room = Room::create(&self.above, self.path.clone(), owner, self.fsync)?;
        Ok(self.keep(&room))
    }

    fn keep(&self, room: &Room) -> &FsQueueDirectory {
        let directory = || FsQueueDirectory::in_room(room, self.store.clone(), self.fsync);
        self.opened.get_or_init(directory)
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
