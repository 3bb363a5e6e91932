//! The rooms within a queue's directory (`.push`, `.push/leaving`, `.limits`): nobody else's, or
//! not used.

mod files;
mod judge;

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use rustix::fs::{self, Gid, Uid};
use rustix::io::Errno;

pub(crate) use judge::{judge_owner_or_us, rm_command};

use crate::{PortError, open_directory};

/// A directory within a queue's directory.
///
/// It and what is used of it belong to us, to root, or to the owner of the
/// queue, and nobody else may write them. Somebody else who could would hold
/// the lock for ever, close the queue, forge the memory of failures, or bring
/// entries back.
#[derive(Debug, Clone)]
pub(crate) struct Room {
    path: Utf8PathBuf,
    handle: Arc<OwnedFd>,
    /// Of the queue.
    owner: u32,
}

impl Room {
    /// Opens `name` in the directory `above`, which has this path, in a queue of `owner`'s. `None`
    /// when it is not there.
    pub(crate) fn open(
        above: &impl AsFd,
        path: Utf8PathBuf,
        owner: u32,
    ) -> Result<Option<Self>, PortError> {
        let failed = |error| fail("open the directory", &path, error);
        let found = match open_directory::to_pass(above, name(&path)) {
            Ok(found) => found,
            Err(Errno::NOENT) => return Ok(None),
            Err(Errno::NOTDIR | Errno::LOOP) => {
                let is_symlink = open_directory::is_symlink(above, name(&path));
                return Err(judge::no_directory(&path, is_symlink));
            }
            Err(error) => return Err(failed(error)),
        };
        judge::directory(&path, &fs::fstat(&found).map_err(failed)?, owner)?;
        let handle = open_directory::to_use(&found).map_err(failed)?;
        Ok(Some(Self {
            path,
            handle: Arc::new(handle),
            owner,
        }))
    }

    /// Makes it when it is not there, and flushes the directory above it if so.
    pub(crate) fn create(
        above: &impl AsFd,
        path: Utf8PathBuf,
        owner: u32,
        fsync: bool,
    ) -> Result<Self, PortError> {
        if let Some(room) = Self::open(above, path.clone(), owner)? {
            return Ok(room);
        }
        let failed = |error| fail("create the directory", &path, error);
        open_directory::make(above, name(&path)).map_err(failed)?;
        if fsync {
            fs::fsync(above).map_err(failed)?;
        }
        let room = Self::open(above, path.clone(), owner)?.ok_or_else(|| failed(Errno::NOENT))?;
        give(&room.handle, above)
            .map_err(|error| fail("give to its owner the directory", &path, error))?;
        Ok(room)
    }

    pub(crate) fn path(&self) -> &Utf8Path {
        &self.path
    }

    pub(crate) fn owner(&self) -> u32 {
        self.owner
    }

    pub(crate) fn shared_handle(&self) -> Arc<OwnedFd> {
        Arc::clone(&self.handle)
    }

    pub(crate) fn flush(&self) -> Result<(), Errno> {
        fs::fsync(&self.handle)
    }
}

impl AsFd for Room {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.handle.as_fd()
    }
}

fn name(path: &Utf8Path) -> &str {
    path.file_name().unwrap_or_default()
}

/// A push by root, once and by hand, must not lock out the account whose queue
/// it is: what root makes belongs to the owner of the directory it is in.
fn give(made: &impl AsFd, directory: &impl AsFd) -> Result<(), Errno> {
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

fn fail(action: &str, path: &Utf8Path, error: Errno) -> PortError {
    let failed = PortError::new(action, path, io::Error::from(error));
    match error {
        Errno::ACCESS => failed.with_hint("run it as the owner of the queue, or as root"),
        _ => failed,
    }
}
