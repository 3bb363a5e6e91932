//! The room in which entries stand while they leave a queue: `.push/leaving/`.

use std::cell::OnceCell;
use std::fmt;

use camino::{Utf8Path, Utf8PathBuf};

use crate::room::Room;
use crate::{
    FsQueueDirectory, GcRoots, Insertion, Listing, PortError, Queue, QueueDirectory, Removal,
    StoreDir, StorePath,
};

const LEAVING: &str = "leaving";

/// [`Push::leaving`](crate::Push::leaving) in a queue directory, with the roots of what stands
/// there. [`FsPushState::leaving`](crate::FsPushState::leaving) opens it.
pub struct FsLeaving {
    directory: Directory,
    roots: Box<dyn GcRoots>,
}

impl FsLeaving {
    /// For entries of `queue`, in the room of its push.
    pub(crate) fn open(
        above: &Room,
        queue: &FsQueueDirectory,
        roots: impl FnOnce(&Utf8Path) -> Result<Box<dyn GcRoots>, PortError>,
    ) -> Result<Self, PortError> {
        let directory = Directory::new(above, queue);
        let roots = roots(&directory.path)?;
        Ok(Self { directory, roots })
    }

    /// Where it is, or would be.
    #[must_use]
    pub fn path(&self) -> &Utf8Path {
        &self.directory.path
    }

    /// As pushing and removing see it. It has no limits: what is here was accepted once.
    #[must_use]
    pub fn queue(&self) -> Queue<'_> {
        Queue {
            directory: &self.directory,
            roots: self.roots.as_ref(),
            limits: None,
        }
    }
}

impl fmt::Debug for FsLeaving {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("FsLeaving");
        shown
            .field("directory", &self.directory)
            .finish_non_exhaustive()
    }
}

/// It is made with the first entry that stands in it: a push that needs none must not fail for
/// want of one, on a full file system say.
#[derive(Debug)]
struct Directory {
    path: Utf8PathBuf,
    /// The push's.
    above: Room,
    store: StoreDir,
    fsync: bool,
    opened: OnceCell<FsQueueDirectory>,
}

impl Directory {
    fn new(above: &Room, queue: &FsQueueDirectory) -> Self {
        Self {
            path: above.path().join(LEAVING),
            above: above.clone(),
            store: queue.store().clone(),
            fsync: queue.fsync(),
            opened: OnceCell::new(),
        }
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

impl QueueDirectory for Directory {
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
