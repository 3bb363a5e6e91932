//! The rooms within a queue's directory (`.push`, `.push/leaving`, `.limits`) and the files in
//! them: nobody else's, or not used.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use ownership::{Account, Fault, judge_writers, quoted};
use rustix::fs::{self, AtFlags, FileType, Gid, Mode, OFlags, Stat, Uid};
use rustix::io::Errno;

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
            Err(Errno::NOTDIR | Errno::LOOP) => return Err(no_directory(above, &path)),
            Err(error) => return Err(failed(error)),
        };
        judge(&fs::fstat(&found).map_err(failed)?, owner).map_err(|fault| refuse(&path, fault))?;
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

    /// Opens a file in it; `None` when it is not there. `action` is what fails otherwise.
    pub(crate) fn file(
        &self,
        action: &str,
        name: &str,
        flags: OFlags,
    ) -> Result<Option<File>, PortError> {
        // Opening is not harmless with everything that could be there: a device may act on it.
        if self.look(action, name)?.is_none() && !flags.contains(OFlags::CREATE) {
            return Ok(None);
        }
        let failed = |error| self.fail(action, name, error);
        let flags = flags | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
        let file = match fs::openat(&self.handle, name, flags, Mode::from_raw_mode(0o644)) {
            Ok(file) => file,
            Err(Errno::NOENT) => return Ok(None),
            Err(error) => return Err(failed(error)),
        };
        self.judge_file(action, name, &fs::fstat(&file).map_err(failed)?)?;
        if flags.contains(OFlags::CREATE) {
            give(&file, &self.handle).map_err(failed)?;
        }
        Ok(Some(file.into()))
    }

    /// The status of a file in it; `None` when it is not there.
    pub(crate) fn look(&self, action: &str, name: &str) -> Result<Option<Stat>, PortError> {
        match fs::statat(&self.handle, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => self.judge_file(action, name, &stat).map(|()| Some(stat)),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(self.fail(action, name, error)),
        }
    }

    /// Replaces a file by way of another one: in full or not at all, whatever
    /// ends us. Durable once the room is flushed.
    pub(crate) fn replace(&self, action: &str, name: &str, text: &str) -> Result<(), PortError> {
        // What is there may be the rest of a push that was killed, a link, or the second name of
        // another file: none of them is written to.
        let new = format!("{name}.new");
        self.remove(action, &new)?;
        let rename = || fs::renameat(&self.handle, &new, &self.handle, name);
        self.write(&new, text)
            .map_err(|error| PortError::new(action, self.path.join(name), error))?;
        match rename() {
            Err(Errno::ISDIR) => {
                self.remove(action, name)?;
                rename()
            }
            renamed => renamed,
        }
        .map_err(|error| self.fail(action, name, error))
    }

    fn write(&self, new: &str, text: &str) -> io::Result<()> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let file = fs::openat(&self.handle, new, flags, Mode::from_raw_mode(0o644))?;
        give(&file, &self.handle)?;
        let mut file = File::from(file);
        file.write_all(text.as_bytes())?;
        file.sync_all()
    }

    /// Removes what is there, whatever it is, but for a directory that holds something.
    pub(crate) fn remove(&self, action: &str, name: &str) -> Result<(), PortError> {
        let unlink = |flags| match fs::unlinkat(&self.handle, name, flags) {
            Err(Errno::NOENT) => Ok(()),
            result => result,
        };
        match unlink(AtFlags::empty()) {
            Err(Errno::ISDIR) => unlink(AtFlags::REMOVEDIR),
            result => result,
        }
        .map_err(|error| match error {
            Errno::NOTEMPTY | Errno::EXIST => {
                let path = self.path.join(name);
                fail(action, &path, error).with_hint(remove_all(&path))
            }
            _ => self.fail(action, name, error),
        })
    }

    pub(crate) fn flush(&self) -> Result<(), Errno> {
        fs::fsync(&self.handle)
    }

    fn judge_file(&self, action: &str, name: &str, stat: &Stat) -> Result<(), PortError> {
        let path = self.path.join(name);
        let refuse = |why: String, command| PortError::new(action, &path, why).with_hint(command);
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::RegularFile => {}
            FileType::Symlink => return Err(refuse("it is a symlink".into(), remove(&path))),
            FileType::Directory => {
                return Err(refuse("it is a directory".into(), remove_all(&path)));
            }
            _ => return Err(refuse("it is not a regular file".into(), remove(&path))),
        }
        judge(stat, self.owner).map_err(|fault| refuse(fault.to_string(), remove(&path)))?;
        // Written to, given away, made unreadable to others: all of it would befall the other.
        match stat.st_nlink {
            0 | 1 => Ok(()),
            _ => Err(refuse("it has a second name".into(), remove(&path))),
        }
    }

    fn fail(&self, action: &str, name: &str, error: Errno) -> PortError {
        fail(action, &self.path.join(name), error)
    }
}

impl AsFd for Room {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.handle.as_fd()
    }
}

fn refuse(directory: &Utf8Path, fault: Fault) -> PortError {
    let command = fault.command(directory.as_str());
    PortError::new("open the directory", directory, fault).with_hint(command)
}

/// That it is ours, root's, or the owner's of the queue, and nobody else may write it.
fn judge(stat: &Stat, owner: u32) -> Result<(), Fault> {
    judge_owner(stat.st_uid, owner)?;
    judge_writers(stat.st_mode)
}

/// That what belongs to `uid` is believed in a queue of `owner`'s.
pub(crate) fn judge_owner(uid: u32, owner: u32) -> Result<(), Fault> {
    match ownership::judge_owner(uid, Account::OfTheQueue(owner)) {
        // Asked last: a listing of many entries need not ask who we are.
        Err(_) if uid == rustix::process::geteuid().as_raw() => Ok(()),
        judged => judged,
    }
}

fn no_directory(above: &impl AsFd, path: &Utf8Path) -> PortError {
    let why = match open_directory::is_symlink(above, name(path)) {
        true => "it is a symlink",
        false => "it is not a directory",
    };
    PortError::new("open the directory", path, why).with_hint(remove(path))
}

fn remove(path: &Utf8Path) -> String {
    format!("rm {}", quoted(path.as_str()))
}

fn remove_all(path: &Utf8Path) -> String {
    format!("rm -r {}", quoted(path.as_str()))
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
