//! Which rooms a queue's directory has besides its entries.

use rustix::fs;

use crate::room::Room;
use crate::{FsQueueDirectory, PortError};

/// The push's own room in a queue directory; no producer touches it.
pub(crate) const PUSH_ROOM: &str = ".push";
/// The counts of what limits did; made by whoever counts first.
pub(crate) const LIMITS_ROOM: &str = ".limits";

impl FsQueueDirectory {
    /// A room of this queue's; `None` when it is not there.
    pub(crate) fn room(&self, name: &str) -> Result<Option<Room>, PortError> {
        Room::open(&self.handle, self.path.join(name), self.owner_now()?)
    }

    /// A room of this queue's, made when it is not there.
    pub(crate) fn create_room(&self, name: &str) -> Result<Room, PortError> {
        let (path, owner) = (self.path.join(name), self.owner_now()?);
        Room::create(&self.handle, path, owner, self.fsync)
    }

    /// Somebody may have given the queue away since it was opened.
    fn owner_now(&self) -> Result<u32, PortError> {
        let stat = fs::fstat(&self.handle);
        stat.map(|stat| stat.st_uid)
            .map_err(|error| self.fail("see the owner of", "", error))
    }
}
