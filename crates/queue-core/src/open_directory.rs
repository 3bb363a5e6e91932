//! Opening directories without following a symlink: by an absolute path, or by the handle of the
//! one above.

use std::os::fd::{AsFd, OwnedFd};

use camino::Utf8Path;
use rustix::fs::{self, AtFlags, CWD, FileType, Mode, OFlags, ResolveFlags};
use rustix::io::Errno;

/// How often a link is made whose name is taken and, when one looks, is not. Once it is somebody
/// else who removed it in between; a hundred times it is a file system that contradicts itself, and
/// a build waits.
pub(crate) const LINK_TRIES: u32 = 100;

const TO_USE: OFlags = OFlags::DIRECTORY
    .union(OFlags::RDONLY)
    .union(OFlags::CLOEXEC);

/// Opens the directory at an absolute and plain path, to list it, flush it and work in it. `ELOOP`
/// when a component of it is a symlink.
pub(crate) fn by_path(path: &Utf8Path) -> Result<OwnedFd, Errno> {
    match fs::openat2(
        CWD,
        path.as_str(),
        TO_USE,
        Mode::empty(),
        ResolveFlags::NO_SYMLINKS,
    ) {
        // Linux before 5.6, and filters of system calls that do not know it.
        Err(Errno::NOSYS | Errno::PERM) => step_by_step(path),
        opened => opened,
    }
}

fn step_by_step(path: &Utf8Path) -> Result<OwnedFd, Errno> {
    let mut handle = fs::open("/", OFlags::PATH | OFlags::CLOEXEC, Mode::empty())?;
    for name in path.as_str().split('/').filter(|name| !name.is_empty()) {
        handle = match to_pass(&handle, name) {
            Err(Errno::NOTDIR) if is_symlink(&handle, name) => return Err(Errno::LOOP),
            opened => opened?,
        };
    }
    to_use(&handle)
}

/// Opens what is there to be judged and passed through: no symlink, and it
/// takes no right to read what may belong to somebody else.
pub(crate) fn to_pass(above: &impl AsFd, name: &str) -> Result<OwnedFd, Errno> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    fs::openat(above, name, flags, Mode::empty())
}

/// Opens the same directory once more, to list it, flush it and work in it.
pub(crate) fn to_use(passed: &impl AsFd) -> Result<OwnedFd, Errno> {
    fs::openat(passed, ".", TO_USE, Mode::empty())
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

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn with_and_without_openat2_the_same_is_opened_and_refused() {
        let keep = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(keep.path()).unwrap();
        std::fs::create_dir_all(root.join("a/b")).unwrap();
        std::fs::write(root.join("file"), "").unwrap();
        symlink("a", root.join("link")).unwrap();
        let id = |opened: Result<OwnedFd, Errno>| opened.map(|fd| fs::fstat(fd).unwrap().st_ino);
        for (path, refusal) in [
            ("a/b", None),
            ("link", Some(Errno::LOOP)),
            ("link/b", Some(Errno::LOOP)),
            ("a/absent", Some(Errno::NOENT)),
            ("file", Some(Errno::NOTDIR)),
            ("file/b", Some(Errno::NOTDIR)),
        ] {
            let path = root.join(path);
            let opened = id(by_path(&path));
            assert_eq!(opened, id(step_by_step(&path)), "{path}");
            assert_eq!(opened.err(), refusal, "{path}");
        }
    }
}
