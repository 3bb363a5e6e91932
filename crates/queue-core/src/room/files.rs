//! The files in a room: used, replaced, removed.

use std::fs::File;
use std::io::{self, Write};

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
        self.judge(action, name, &fs::fstat(&file).map_err(failed)?)?;
        if flags.contains(OFlags::CREATE) {
            give(&file, &self.handle).map_err(failed)?;
        }
        Ok(Some(file.into()))
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
