//! Opening one directory within another, by the handle of the one above.

use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::{self, AtFlags, FileType, Mode, OFlags};
use rustix::io::Errno;

/// How often a link is made whose name is taken and, when one looks, is not. Once it is somebody
/// else who removed it in between; a hundred times it is a file system that contradicts itself, and
/// a build waits.
pub(crate) const LINK_TRIES: u32 = 100;

/// Opens what is there to be judged and passed through: no symlink, and it
/// takes no right to read what may belong to somebody else.
pub(crate) fn to_pass(above: &impl AsFd, name: &str) -> Result<OwnedFd, Errno> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    fs::openat(above, name, flags, Mode::empty())
}

/// Opens the same directory once more, to list it, flush it and work in it.
pub(crate) fn to_use(passed: &impl AsFd) -> Result<OwnedFd, Errno> {
    let flags = OFlags::DIRECTORY | OFlags::RDONLY | OFlags::CLOEXEC;
    fs::openat(passed, ".", flags, Mode::empty())
}

/// Makes it unless another process was faster. The mode is given in full, so
/// that a lax umask does not make a directory that is then refused.
pub(crate) fn make(above: &impl AsFd, name: &str) -> Result<(), Errno> {
    match fs::mkdirat(above, name, Mode::from_raw_mode(0o755)) {
        Ok(()) | Err(Errno::EXIST) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Whether that is why it is not opened.
pub(crate) fn is_symlink(above: &impl AsFd, name: &str) -> bool {
    fs::statat(above, name, AtFlags::SYMLINK_NOFOLLOW)
        .is_ok_and(|found| FileType::from_raw_mode(found.st_mode) == FileType::Symlink)
}
