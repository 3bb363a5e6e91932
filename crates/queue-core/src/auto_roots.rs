//! Indirect garbage collector roots: `gcroots/auto/<hash>` points at the
//! entry, the entry at the store path.

use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use camino::{Utf8Path, Utf8PathBuf};
use rustix::fs::{self, Access, AtFlags, Mode, OFlags};
use rustix::io::Errno;
use sha1_smol::Sha1;

use crate::local_gc::STATE_DIRECTORY;
use crate::open_directory::LINK_TRIES;
use crate::store_dir::join;
use crate::{GcRoots, PortError, StorePath, base32};

/// [`GcRoots`] that writes `<state-dir>/gcroots/auto` itself, as Nix does it
/// (2.26.3, `src/libstore/gc.cc`, `makeIndirectRoot`): no process, and nothing
/// to wait for.
#[derive(Debug)]
pub struct AutoRoots {
    directory: Arc<AutoDirectory>,
    queue_dir: Utf8PathBuf,
}

/// `gcroots/auto`, opened once for all queues of a process.
#[derive(Debug)]
struct AutoDirectory {
    path: Utf8PathBuf,
    handle: OwnedFd,
    fsync: bool,
    /// Whether anything was done or seen since the last flush that is to be durable. What was seen
    /// counts too: another process may have made it and not flushed it yet.
    unflushed: Mutex<bool>,
}

impl AutoDirectory {
    fn unflushed(&self) -> MutexGuard<'_, bool> {
        self.unflushed
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// The name of the link in `gcroots/auto` that registers `link`: SHA-1 of its
/// path in Nix's base 32. The path counts as it is written, symlinks in it are
/// not resolved.
///
/// ```
/// assert_eq!(
///     queue_core::auto_root_name("/var/q/P1".into()),
///     "v3ygr25lms4hdmxwa8h14sjv6km1l8cz",
/// );
/// ```
#[must_use]
pub fn auto_root_name(link: &Utf8Path) -> String {
    base32::encode(&Sha1::from(link.as_str()).digest().bytes())
}

impl AutoRoots {
    /// For the queue in `queue_dir`. `None` where `<state-dir>/gcroots/auto` is
    /// not ours to write: there only Nix's daemon can register roots. Nix makes
    /// that directory with the first indirect root (2.34.8), and so do we.
    ///
    /// # Errors
    ///
    /// When the directory cannot be opened for any other reason.
    pub fn open(
        state_dir: &Utf8Path,
        queue_dir: &Utf8Path,
        fsync: bool,
    ) -> Result<Option<Self>, PortError> {
        let auto_dir = state_dir.join("gcroots/auto");
        let fail = |error: Errno| {
            let action = "open the directory of roots";
            let failed = PortError::new(action, &auto_dir, std::io::Error::from(error));
            match error {
                Errno::NOENT | Errno::NOTDIR => failed.with_hint(STATE_DIRECTORY),
                _ => failed,
            }
        };
        let flags = OFlags::DIRECTORY | OFlags::RDONLY | OFlags::CLOEXEC;
        let mut opened = fs::open(auto_dir.as_str(), flags, Mode::empty());
        if matches!(opened, Err(Errno::NOENT)) {
            match make(&auto_dir, fsync) {
                Ok(()) => {}
                Err(Errno::ACCESS | Errno::PERM | Errno::ROFS) => return Ok(None),
                Err(error) => return Err(fail(error)),
            }
            opened = fs::open(auto_dir.as_str(), flags, Mode::empty());
        }
        let handle = opened.map_err(fail)?;
        match fs::accessat(
            &handle,
            ".",
            Access::WRITE_OK | Access::EXEC_OK,
            AtFlags::EACCESS,
        ) {
            Ok(()) => {}
            Err(Errno::ACCESS | Errno::PERM | Errno::ROFS) => return Ok(None),
            Err(error) => return Err(fail(error)),
        }
        let directory = AutoDirectory {
            path: auto_dir,
            handle,
            fsync,
            unflushed: Mutex::new(false),
        };
        Ok(Some(Self {
            directory: Arc::new(directory),
            queue_dir: queue_dir.to_owned(),
        }))
    }

    /// Those of another queue, in the same directory of roots: what was done for several queues is
    /// flushed by the first [`flush`](GcRoots::flush), and costs the others nothing.
    #[must_use]
    pub fn of_queue(&self, queue_dir: &Utf8Path) -> Self {
        Self {
            directory: Arc::clone(&self.directory),
            queue_dir: queue_dir.to_owned(),
        }
    }

    fn link(&self, path: &StorePath) -> (Utf8PathBuf, String) {
        let link = join(&self.queue_dir, path.base_name());
        let name = auto_root_name(&link);
        (link, name)
    }

    fn points_at(&self, name: &str, link: &Utf8Path) -> Result<bool, Errno> {
        let found = fs::readlinkat(&self.directory.handle, name, Vec::new());
        *self.directory.unflushed() = true;
        match found {
            Ok(found) => Ok(found.as_bytes() == link.as_str().as_bytes()),
            Err(Errno::NOENT) => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn fail(&self, action: &str, name: &str, error: Errno) -> PortError {
        let at = self.directory.path.join(name);
        PortError::new(action, at, std::io::Error::from(error))
    }

    fn unlink(&self, name: &str) -> Result<(), Errno> {
        let removed = fs::unlinkat(&self.directory.handle, name, AtFlags::empty());
        *self.directory.unflushed() = true;
        match removed {
            // The collector clears links whose entry is gone by itself.
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn make(&self, name: &str, link: &Utf8Path) -> Result<(), Errno> {
        for _ in 0..LINK_TRIES {
            let made = fs::symlinkat(link.as_str(), &self.directory.handle, name);
            *self.directory.unflushed() = true;
            match made {
                Err(Errno::EXIST) if self.points_at(name, link)? => return Ok(()),
                // Only something that no Nix wrote can be in the way.
                Err(Errno::EXIST) => self.unlink(name)?,
                result => return result,
            }
        }
        Err(Errno::EXIST)
    }
}

/// Not the directory above it: without that, it is no state directory of Nix.
fn make(auto_dir: &Utf8Path, fsync: bool) -> Result<(), Errno> {
    match fs::mkdir(auto_dir.as_str(), Mode::from_raw_mode(0o755)) {
        Ok(()) | Err(Errno::EXIST) => {}
        Err(error) => return Err(error),
    }
    if !fsync {
        return Ok(());
    }
    let above = auto_dir.parent().unwrap_or(auto_dir);
    let flags = OFlags::DIRECTORY | OFlags::RDONLY | OFlags::CLOEXEC;
    fs::fsync(fs::open(above.as_str(), flags, Mode::empty())?)
}

impl GcRoots for AutoRoots {
    fn is_registered(&self, path: &StorePath) -> Result<bool, PortError> {
        let (link, name) = self.link(path);
        self.points_at(&name, &link)
            .map_err(|error| self.fail("read the root", &name, error))
    }

    fn register(&self, path: &StorePath) -> Result<(), PortError> {
        let (link, name) = self.link(path);
        self.make(&name, &link)
            .map_err(|error| self.fail("create the root", &name, error))
    }

    fn unregister(&self, path: &StorePath) -> Result<(), PortError> {
        let (_, name) = self.link(path);
        self.unlink(&name)
            .map_err(|error| self.fail("remove the root", &name, error))
    }

    fn flush(&self) -> Result<(), PortError> {
        // Kept until the end, so that nobody takes what is being flushed for flushed.
        let mut unflushed = self.directory.unflushed();
        if *unflushed && self.directory.fsync {
            fs::fsync(&self.directory.handle)
                .map_err(|error| self.fail("flush the directory of roots", "", error))?;
        }
        *unflushed = false;
        Ok(())
    }
}
