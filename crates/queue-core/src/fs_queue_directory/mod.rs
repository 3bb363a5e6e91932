//! A queue in a real directory: one symlink per entry.

mod entries;
mod rooms;

use std::ffi::CStr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use rustix::fs::{self, AtFlags};
use rustix::io::Errno;

pub(crate) use rooms::{LIMITS_ROOM, PUSH_ROOM};

use self::entries::Stranger;
use crate::open_directory::LINK_TRIES;
use crate::room::Room;
use crate::store_dir::is_plain;
use crate::way::Arrived;
use crate::{Insertion, Listing, PortError, QueueDirectory, Removal, StoreDir, StorePath, way};

const OPEN: &str = "open the queue directory";

/// [`QueueDirectory`] on a file system: the entry of a store path is the
/// symlink `<queue-dir>/<hash>-<name>` to `<store-dir>/<hash>-<name>`, and its
/// age is the link's own modification time.
///
/// The directory is opened once, without following a symlink on the way to it,
/// and everything is done relative to that handle. Entries are made and removed,
/// never renamed, since renaming loses their root.
///
/// An entry belongs to us, to root, or to the owner of the directory. One of
/// somebody else's got there by a mistake that may have let in more; it is
/// reported and left.
#[derive(Debug)]
pub struct FsQueueDirectory {
    path: Utf8PathBuf,
    store: StoreDir,
    owner: u32,
    handle: Arc<OwnedFd>,
    fsync: bool,
}

impl FsQueueDirectory {
    /// Opens a queue, and makes it when it is not there, with the directories
    /// above it. `fsync` says whether [`flush`](QueueDirectory::flush) reaches
    /// for the medium; without it a power cut may lose entries, a crash of the
    /// process may not.
    ///
    /// # Errors
    ///
    /// When it cannot be made or opened, or is [not safe](Self::open).
    pub fn create(path: &Utf8Path, store: &StoreDir, fsync: bool) -> Result<Self, PortError> {
        let arrived = way::create(sensible(path, store)?, fsync)?;
        Ok(Self::of(arrived, path, store, fsync))
    }

    /// Opens a queue; `None` when its directory does not exist.
    ///
    /// # Errors
    ///
    /// When the path is not absolute and plain, is `/`, or lies in the store
    /// directory (whose objects would be taken for entries of somebody else's).
    /// When a component of it is not a
    /// directory (nor may it be a symlink to one) or cannot be opened. When
    /// others may write the directory, or exchange it: it and those above it
    /// belong to root and to one account besides, which is ours unless we are
    /// root, and who else may write one above it cannot rename what is in it.
    pub fn open(path: &Utf8Path, store: &StoreDir, fsync: bool) -> Result<Option<Self>, PortError> {
        let arrived = way::open(sensible(path, store)?)?;
        Ok(arrived.map(|arrived| Self::of(arrived, path, store, fsync)))
    }

    fn of(arrived: Arrived, path: &Utf8Path, store: &StoreDir, fsync: bool) -> Self {
        Self {
            path: path.to_owned(),
            store: store.clone(),
            owner: arrived.owner,
            handle: Arc::new(arrived.handle),
            fsync,
        }
    }

    /// The directory's path, as it was given.
    #[must_use]
    pub fn path(&self) -> &Utf8Path {
        &self.path
    }

    /// A room as another set of entries.
    pub(crate) fn in_room(room: &Room, store: StoreDir, fsync: bool) -> Self {
        Self {
            path: room.path().to_owned(),
            store,
            owner: room.owner(),
            handle: room.shared_handle(),
            fsync,
        }
    }

    pub(crate) fn store(&self) -> &StoreDir {
        &self.store
    }

    /// Whether what is done reaches for the medium.
    pub(crate) fn fsync(&self) -> bool {
        self.fsync
    }

    pub(crate) fn handle(&self) -> BorrowedFd<'_> {
        self.handle.as_fd()
    }

    pub(crate) fn fail(
        &self,
        action: &str,
        name: &str,
        error: impl Into<std::io::Error>,
    ) -> PortError {
        PortError::new(action, self.path.join(name), error.into())
    }

    fn read_all(&self) -> Result<Listing, PortError> {
        let fail = |error: Errno| self.fail("read the queue directory", "", error);
        let mut listing = Listing::default();
        for found in fs::Dir::read_from(&self.handle).map_err(fail)? {
            let found = found.map_err(fail)?;
            let name = found.file_name();
            if matches!(name.to_str(), Ok("." | ".." | PUSH_ROOM | LIMITS_ROOM)) {
                continue;
            }
            match self.read_entry(name) {
                Ok(Ok(entry)) => listing.entries.push(entry),
                Ok(Err(foreign)) => listing.foreign.push(foreign),
                // Removed since it was listed.
                Err(Errno::NOENT) => {}
                // One entry that cannot be read must not hide the others.
                Err(error) => listing.foreign.push(self.unreadable(name, error)),
            }
        }
        Ok(listing)
    }
}

impl QueueDirectory for FsQueueDirectory {
    fn insert(&self, path: &StorePath) -> Result<Insertion, PortError> {
        let (name, failed) = (path.base_name(), "create the entry");
        for _ in 0..LINK_TRIES {
            match fs::symlinkat(self.store.join(path).as_str(), &self.handle, name) {
                Ok(()) => return Ok(Insertion::Added),
                Err(Errno::EXIST) => {}
                Err(error) => return Err(self.fail(failed, name, error)),
            }
            match with_c_str(name, |name| self.inspect(name, path)) {
                Ok(Ok(_)) => return Ok(Insertion::AlreadyThere),
                Ok(Err(found)) => return Err(not_ours(self, failed, name, found)),
                // A push removed it just now; it was there when we came.
                Err(Errno::NOENT) => {}
                Err(error) => return Err(self.fail(failed, name, error)),
            }
        }
        Err(self.fail(failed, name, Errno::EXIST))
    }

    fn remove(&self, path: &StorePath) -> Result<Removal, PortError> {
        let name = path.base_name();
        match with_c_str(name, |name| self.inspect(name, path)) {
            Ok(Ok(_)) => {}
            Ok(Err(found)) => return Err(not_ours(self, "remove the entry", name, found)),
            Err(Errno::NOENT) => return Ok(Removal::WasAbsent),
            Err(error) => return Err(self.fail("remove the entry", name, error)),
        }
        match fs::unlinkat(&self.handle, name, AtFlags::empty()) {
            Ok(()) => Ok(Removal::Removed),
            // Another process was faster; it is gone all the same.
            Err(Errno::NOENT) => Ok(Removal::WasAbsent),
            Err(error) => Err(self.fail("remove the entry", name, error)),
        }
    }

    fn list(&self) -> Result<Listing, PortError> {
        let mut listing = self.read_all()?;
        listing
            .entries
            .sort_unstable_by(|a, b| (a.enqueued_at, &a.path).cmp(&(b.enqueued_at, &b.path)));
        listing.foreign.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        Ok(listing)
    }

    fn flush(&self) -> Result<(), PortError> {
        if !self.fsync {
            return Ok(());
        }
        fs::fsync(&self.handle).map_err(|error| self.fail("flush the queue directory", "", error))
    }
}

/// A path that can be that of a queue.
fn sensible<'p>(path: &'p Utf8Path, store: &StoreDir) -> Result<&'p Utf8Path, PortError> {
    match fault(path, store) {
        Some((why, hint)) => Err(PortError::new(OPEN, path, why).with_hint(hint)),
        None => Ok(path),
    }
}

const ITS_OWN: &str = "give the queue a directory of its own, elsewhere";

/// What is wrong with it, and what to do about it.
fn fault(path: &Utf8Path, store: &StoreDir) -> Option<(&'static str, &'static str)> {
    let text = path.as_str();
    if text.contains(char::is_control) {
        let hint = "write a path without control characters (line ends, escape sequences)";
        return Some(("a control character is in its path", hint));
    }
    if !is_plain(text) {
        let hint = "write it without `.`, `..`, `//` and trailing slash";
        return Some(("it is not an absolute path in its plain form", hint));
    }
    if text == "/" {
        return Some(("it is the root of all directories", ITS_OWN));
    }
    path.starts_with(store.as_path())
        .then_some(("it lies in the store directory, which is Nix's", ITS_OWN))
}

fn not_ours(queue: &FsQueueDirectory, action: &str, name: &str, found: Stranger) -> PortError {
    let why = std::io::Error::other(format!("what is there {}", found.reason));
    queue.fail(action, name, why).with_hint(found.hint)
}

fn with_c_str<T>(name: &str, f: impl FnOnce(&CStr) -> Result<T, Errno>) -> Result<T, Errno> {
    use rustix::path::Arg;
    name.into_with_c_str(f)
}
