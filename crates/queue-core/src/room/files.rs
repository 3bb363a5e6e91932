//! The files in a room: used, replaced, removed.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::OwnedFd;

use rustix::fs::{self, AtFlags, Mode, OFlags, Stat};
use rustix::io::Errno;

use super::{Room, fail, give, judge};
use crate::PortError;

impl Room {
    /// Opens a file in it; `None` when it is not there. `action` is what fails otherwise.
    pub(crate) fn file(
        &self,
        action: &str,
        name: &str,
        flags: OFlags,
    ) -> Result<Option<File>, PortError> {
        // Opening is not harmless with everything that could be there: a device may act on it.
        if self.look(action, name)?.is_none() {
            return Ok(None);
        }
        match self.open_file(name, flags, Mode::empty()) {
            Ok(file) => self.judged(action, name, file).map(Some),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(self.fail(action, name, error)),
        }
    }

    /// Opens a file in it, which is made when it is not there: with this mode, so that nobody who
    /// may not is faster and opens it.
    pub(crate) fn create_file(
        &self,
        action: &str,
        name: &str,
        flags: OFlags,
        mode: Mode,
    ) -> Result<File, PortError> {
        self.look(action, name)?;
        let failed = |error| self.fail(action, name, error);
        let file = self.open_file(name, flags | OFlags::CREATE, mode);
        let file = self.judged(action, name, file.map_err(failed)?)?;
        give(&file, &self.handle).map_err(failed)?;
        Ok(file)
    }

    fn open_file(&self, name: &str, flags: OFlags, mode: Mode) -> Result<OwnedFd, Errno> {
        let flags = flags | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
        fs::openat(&self.handle, name, flags, mode)
    }

    fn judged(&self, action: &str, name: &str, file: OwnedFd) -> Result<File, PortError> {
        let stat = fs::fstat(&file).map_err(|error| self.fail(action, name, error))?;
        self.judge(action, name, &stat)?;
        Ok(file.into())
    }

    /// The status of a file in it; `None` when it is not there.
    pub(crate) fn look(&self, action: &str, name: &str) -> Result<Option<Stat>, PortError> {
        match fs::statat(&self.handle, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => self.judge(action, name, &stat).map(|()| Some(stat)),
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
                fail(action, &path, error).with_hint(judge::rm_all_command(&path))
            }
            _ => self.fail(action, name, error),
        })
    }

    fn judge(&self, action: &str, name: &str, stat: &Stat) -> Result<(), PortError> {
        judge::file(action, &self.path.join(name), stat, self.owner)
    }

    fn fail(&self, action: &str, name: &str, error: Errno) -> PortError {
        fail(action, &self.path.join(name), error)
    }
}
