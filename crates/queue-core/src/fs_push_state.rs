//! The push's room in a queue directory: `.push/lock` and `.push/ledger.toml`.

use std::io::{Read, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use camino::{Utf8Path, Utf8PathBuf};
use rustix::fs::{self, AtFlags, FlockOperation, Gid, Mode, OFlags, Uid};
use rustix::io::Errno;

use crate::fs_queue_directory::PUSH_ROOM;
use crate::{FsLeaving, FsQueueDirectory, PortError, PushLock, PushState};

const LOCK: &str = "lock";
const LEAVING: &str = "leaving";
const LEDGER: &str = "ledger.toml";
const NEW_LEDGER: &str = "ledger.toml.new";
/// Some hundred thousand entries that failed.
const LARGEST: u64 = 256 << 20;

/// [`PushState`] in a queue directory.
///
/// The lock is a `flock`: the kernel releases it when the process dies, however
/// it dies. The ledger is replaced by writing a new file and renaming it.
#[derive(Debug)]
pub struct FsPushState {
    path: Utf8PathBuf,
    handle: OwnedFd,
}

impl FsPushState {
    /// Opens the push's room in a queue, and makes it when it is not there.
    ///
    /// # Errors
    ///
    /// When it cannot be made or opened.
    pub fn create(queue: &FsQueueDirectory) -> Result<Self, PortError> {
        let path = queue.path().join(PUSH_ROOM);
        match fs::mkdirat(queue.handle(), PUSH_ROOM, Mode::from_raw_mode(0o755)) {
            Ok(()) | Err(Errno::EXIST) => {}
            Err(error) => return Err(fail("create the directory", &path, error)),
        }
        let room =
            Self::open(queue)?.ok_or_else(|| fail("open the directory", &path, Errno::NOENT))?;
        give(&room.handle, &queue.handle())
            .map_err(|error| fail("give to its owner the directory", &path, error))?;
        Ok(room)
    }

    /// Opens it for somebody who only reads; `None` when no push was here yet.
    ///
    /// # Errors
    ///
    /// When it is there and cannot be opened.
    pub fn open(queue: &FsQueueDirectory) -> Result<Option<Self>, PortError> {
        let path = queue.path().join(PUSH_ROOM);
        let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::RDONLY | OFlags::CLOEXEC;
        match fs::openat(queue.handle(), PUSH_ROOM, flags, Mode::empty()) {
            Ok(handle) => Ok(Some(Self { path, handle })),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(fail("open the directory", &path, error)),
        }
    }

    pub(crate) fn handle(&self) -> BorrowedFd<'_> {
        self.handle.as_fd()
    }

    /// Where entries stand while they leave the queue ([`Push::leaving`](crate::Push::leaving)).
    #[must_use]
    pub fn leaving(&self, queue: &FsQueueDirectory) -> FsLeaving {
        queue.leaving(self.path.join(LEAVING))
    }

    pub(crate) fn file(&self, name: &str, flags: OFlags) -> Result<std::fs::File, Errno> {
        let flags = flags | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
        let file = fs::openat(&self.handle, name, flags, Mode::from_raw_mode(0o644))?;
        if flags.contains(OFlags::CREATE) {
            give(&file, &self.handle)?;
        }
        Ok(file.into())
    }

    /// Replaces a file by way of another one: in full or not at all, whatever
    /// ends the push. Durable once the room is flushed.
    pub(crate) fn replace(&self, name: &str, new: &str, text: &str) -> std::io::Result<()> {
        // What is there may be the rest of a push that was killed, a link, or the second name of
        // another file: none of them is written to.
        match fs::unlinkat(&self.handle, new, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => {}
            Err(error) => return Err(error.into()),
        }
        let mut file = self.file(new, OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        Ok(fs::renameat(&self.handle, new, &self.handle, name)?)
    }

    fn write_ledger(&self, text: &str) -> std::io::Result<()> {
        self.replace(LEDGER, NEW_LEDGER, text)?;
        Ok(fs::fsync(&self.handle)?)
    }

    /// Nobody else may as much as open the lock: whoever can, can hold it, and
    /// with it keep all pushes from their work.
    fn lock_file(&self) -> Result<std::fs::File, Errno> {
        let file = self.file(LOCK, OFlags::RDWR | OFlags::CREATE)?;
        if fs::fstat(&file)?.st_mode & 0o077 != 0 {
            fs::fchmod(&file, Mode::RUSR | Mode::WUSR)?;
        }
        Ok(file)
    }
}

/// A push by root, once and by hand, must not lock out the account whose queue
/// it is: what root makes belongs to the owner of the directory it is in.
pub(crate) fn give(made: &impl AsFd, directory: &impl AsFd) -> Result<(), Errno> {
    let (made_by, owner) = (fs::fstat(made)?, fs::fstat(directory)?);
    if made_by.st_uid == owner.st_uid {
        return Ok(());
    }
    let (uid, gid) = (Uid::from_raw(owner.st_uid), Gid::from_raw(owner.st_gid));
    match fs::fchown(made, Some(uid), Some(gid)) {
        // Only root can give away, and only root needs to.
        Err(Errno::PERM) => Ok(()),
        result => result,
    }
}

/// All of a file that may be anything by now: a pipe would never end, a device neither.
fn read(file: std::fs::File) -> std::io::Result<Vec<u8>> {
    let data = file.metadata()?;
    if !data.is_file() {
        return Err(std::io::Error::other("it is not a regular file"));
    }
    if data.len() > LARGEST {
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
        let failed = |error| fail("take the push lock", &self.path.join(LOCK), error);
        let file = self.lock_file().map_err(|error| match error {
            Errno::ACCESS => failed(error).with_hint("push as the owner of the queue, or as root"),
            _ => failed(error),
        })?;
        match fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Some(Box::new(Lock { _file: file }))),
            Err(Errno::WOULDBLOCK) => Ok(None),
            Err(error) => Err(failed(error)),
        }
    }

    fn load_ledger(&self) -> Result<Option<String>, PortError> {
        let failed = |error| {
            PortError::new("read the ledger", self.path.join(LEDGER), error)
                .with_hint("remove it: it holds nothing but the memory of failures")
        };
        let file = match self.file(LEDGER, OFlags::RDONLY) {
            Ok(file) => file,
            Err(Errno::NOENT) => return Ok(None),
            Err(error) => return Err(failed(std::io::Error::from(error))),
        };
        let bytes = read(file).map_err(failed)?;
        // Damage shows when the text is read, with all other damage.
        Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
    }

    fn save_ledger(&self, text: &str) -> Result<(), PortError> {
        self.write_ledger(text)
            .map_err(|error| PortError::new("save the ledger", self.path.join(LEDGER), error))
    }
}

pub(crate) fn fail(action: &str, path: &Utf8Path, error: Errno) -> PortError {
    PortError::new(action, path, std::io::Error::from(error))
}
