//! The push's room in a queue directory: `.push/lock` and `.push/ledger.toml`.

use std::io::Read;

use camino::{Utf8Path, Utf8PathBuf};
use rustix::fs::{self, FlockOperation, Mode, OFlags};
use rustix::io::Errno;

use crate::fs_queue_directory::PUSH_ROOM;
use crate::room::{Room, rm_command};
use crate::{FsLeaving, FsQueueDirectory, GcRoots, PortError, PushLock, PushState};

const LOCK: &str = "lock";
const LEDGER: &str = "ledger.toml";
const TAKE_LOCK: &str = "take the push lock";
const READ_LEDGER: &str = "read the ledger";
const SAVE_LEDGER: &str = "save the ledger";
/// An entry that failed takes about 600 bytes (two messages and a hint): two hundred thousand of them.
const LARGEST: u64 = 128 << 20;

/// [`PushState`] in a queue directory.
///
/// The lock is a `flock`: the kernel releases it when the process dies, however
/// it dies. The ledger is replaced by writing a new file and renaming it.
#[derive(Debug)]
pub struct FsPushState {
    room: Room,
}

impl FsPushState {
    /// Opens the push's room in a queue, and makes it when it is not there.
    ///
    /// # Errors
    ///
    /// When it cannot be made or opened, or is [not safe](Self::open).
    pub fn create(queue: &FsQueueDirectory) -> Result<Self, PortError> {
        queue.create_room(PUSH_ROOM).map(|room| Self { room })
    }

    /// Opens it for somebody who only reads; `None` when no push was here yet.
    ///
    /// # Errors
    ///
    /// When it is there and cannot be opened, is not a directory, belongs to
    /// somebody else than us, root or the owner of the queue, or may be written
    /// by others than its owner. The same goes for each file in it.
    pub fn open(queue: &FsQueueDirectory) -> Result<Option<Self>, PortError> {
        let room = queue.room(PUSH_ROOM)?;
        Ok(room.map(|room| Self { room }))
    }

    pub(crate) fn room(&self) -> &Room {
        &self.room
    }

    /// Where entries stand while they leave the queue ([`Push::leaving`](crate::Push::leaving)).
    ///
    /// `roots` opens the roots of the directory that it is given, which is not the queue's: roots
    /// of the queue's entries would hold nothing here, and be taken from them by the removal.
    ///
    /// # Errors
    ///
    /// Those of `roots`.
    pub fn leaving(
        &self,
        queue: &FsQueueDirectory,
        roots: impl FnOnce(&Utf8Path) -> Result<Box<dyn GcRoots>, PortError>,
    ) -> Result<FsLeaving, PortError> {
        FsLeaving::open(&self.room, queue, roots)
    }

    fn path(&self, name: &str) -> Utf8PathBuf {
        self.room.path().join(name)
    }

    /// Nobody else may as much as open the lock: whoever can, can hold it, and
    /// with it keep all pushes from their work.
    fn lock_file(&self) -> Result<std::fs::File, PortError> {
        let ours = Mode::RUSR | Mode::WUSR;
        let room = &self.room;
        let file = room.create_file(TAKE_LOCK, LOCK, OFlags::RDWR, ours)?;
        // Somebody else may have made it.
        let is_open = |stat: fs::Stat| stat.st_mode & 0o077 != 0;
        if fs::fstat(&file).is_ok_and(is_open) {
            fs::fchmod(&file, ours).map_err(|error| self.not_taken(error))?;
        }
        Ok(file)
    }

    fn not_taken(&self, error: Errno) -> PortError {
        PortError::new(TAKE_LOCK, self.path(LOCK), std::io::Error::from(error))
    }
}

/// All of it, unless that is more than we ever wrote.
fn read(file: std::fs::File) -> std::io::Result<Vec<u8>> {
    if file.metadata()?.len() > LARGEST {
        let why = format!("it is larger than {LARGEST} bytes");
        return Err(std::io::Error::other(why));
    }
    let mut bytes = Vec::new();
    file.take(LARGEST).read_to_end(&mut bytes)?;
    Ok(bytes)
}

struct Lock {
    _file: std::fs::File,
}

impl PushLock for Lock {}

impl PushState for FsPushState {
    fn try_lock(&self) -> Result<Option<Box<dyn PushLock + '_>>, PortError> {
        let file = self.lock_file()?;
        match fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Some(Box::new(Lock { _file: file }))),
            Err(Errno::WOULDBLOCK) => Ok(None),
            Err(error) => Err(self.not_taken(error)),
        }
    }

    fn load_ledger(&self) -> Result<Option<String>, PortError> {
        let Some(file) = self.room.file(READ_LEDGER, LEDGER, OFlags::RDONLY)? else {
            return Ok(None);
        };
        let path = self.path(LEDGER);
        let bytes = read(file).map_err(|error| {
            // It holds nothing but the memory of failures.
            PortError::new(READ_LEDGER, &path, error).with_hint(rm_command(&path))
        })?;
        // Damage shows when the text is read, with all other damage.
        Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
    }

    fn save_ledger(&self, text: &str) -> Result<(), PortError> {
        self.room.replace(SAVE_LEDGER, LEDGER, text)?;
        let failed = |error| PortError::new(SAVE_LEDGER, self.path(LEDGER), error);
        self.room
            .flush()
            .map_err(|error| failed(std::io::Error::from(error)))
    }
}
