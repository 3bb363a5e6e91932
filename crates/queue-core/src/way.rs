//! The way to a queue: from `/`, one directory after the other.

use std::os::fd::OwnedFd;

use camino::{Utf8Path, Utf8PathBuf};
use ownership::{Account, Fault, is_root, judge_owner, judge_passage, judge_writers, quoted};
use rustix::fs::{self, AtFlags, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;

use crate::PortError;

/// What to do about a directory that is not there.
#[derive(Clone, Copy)]
pub(crate) enum Missing {
    /// Nothing.
    Leave,
    /// Make it, and flush the one above if so.
    Make { fsync: bool },
}

/// Opens the directory `path`, which is absolute and plain; `None` when it, or
/// one above it, is not there.
///
/// Each component is opened relative to the one above, so no symlink is
/// followed, whatever is exchanged meanwhile: roots go by the path as it is
/// written, and would not hold what lies elsewhere.
///
/// Whoever may exchange a directory on the way can put a queue of his own in
/// place of ours. So all of them belong to root and to one account besides,
/// which is ours unless we are root; and nobody else may write them, but for
/// the members of the owner's private group, and where the sticky bit keeps
/// others' directories from being renamed (`/tmp`).
pub(crate) fn open(path: &Utf8Path, missing: Missing) -> Result<Option<OwnedFd>, PortError> {
    let mut way = Way::begin(path, missing)?;
    for name in path.as_str().split('/').filter(|name| !name.is_empty()) {
        way.at.push(name);
        if !way.enter(name)? {
            return Ok(None);
        }
    }
    let flags = OFlags::DIRECTORY | OFlags::RDONLY | OFlags::CLOEXEC;
    let opened = fs::openat(&way.handle, ".", flags, Mode::empty());
    opened.map(Some).map_err(|error| way.fail(error))
}

/// The cause when a queue's directory, or one above it, is a symlink.
#[derive(Debug, thiserror::Error)]
#[error("it is a symlink")]
pub struct BehindSymlink {
    /// The same directory by a path without symlinks, where there is one.
    pub leads_to: Option<Utf8PathBuf>,
}

const WHY_AS_WRITTEN: &str = "roots go by the path as it is written";

struct Way<'a> {
    path: &'a Utf8Path,
    missing: Missing,
    /// How far it has come.
    at: Utf8PathBuf,
    handle: OwnedFd,
    /// The one account besides root to whom something here may belong: ours, or for root the
    /// first that it meets.
    account: Option<Account>,
}

impl<'a> Way<'a> {
    fn begin(path: &'a Utf8Path, missing: Missing) -> Result<Self, PortError> {
        let at = Utf8PathBuf::from("/");
        let handle = fs::open("/", OFlags::PATH | OFlags::CLOEXEC, Mode::empty())
            .map_err(|error| PortError::new("open", "/", std::io::Error::from(error)))?;
        let us = rustix::process::geteuid();
        let mut way = Self {
            path,
            missing,
            at,
            handle,
            account: (!us.is_root()).then_some(Account::Ours(us.as_raw())),
        };
        way.judge()?;
        Ok(way)
    }

    /// Whether the next directory is there, or is now.
    fn enter(&mut self, name: &str) -> Result<bool, PortError> {
        let mut opened = self.step(name);
        if let (Err(Errno::NOENT), Missing::Make { fsync }) = (&opened, self.missing) {
            self.make(name, fsync).map_err(|error| {
                PortError::new(
                    "create the queue directory",
                    &self.at,
                    std::io::Error::from(error),
                )
            })?;
            opened = self.step(name);
        }
        match opened {
            Ok(handle) => self.handle = handle,
            Err(Errno::NOENT) if matches!(self.missing, Missing::Leave) => return Ok(false),
            Err(Errno::NOTDIR | Errno::LOOP) => return Err(self.no_directory(name)),
            Err(error) => return Err(self.fail(error)),
        }
        self.judge()?;
        Ok(true)
    }

    /// With `PATH` it takes no right to read what is only passed through.
    fn step(&self, name: &str) -> Result<OwnedFd, Errno> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        fs::openat(&self.handle, name, flags, Mode::empty())
    }

    /// The mode is given in full, so that a lax umask does not make a queue that
    /// is then refused. An entry is only as durable as the directories above it.
    fn make(&self, name: &str, fsync: bool) -> Result<(), Errno> {
        match fs::mkdirat(&self.handle, name, Mode::from_raw_mode(0o755)) {
            Ok(()) => {}
            // Another hook was faster. What it made is not ours to rely on
            // before it is flushed.
            Err(Errno::EXIST) => {}
            Err(error) => return Err(error),
        }
        if !fsync {
            return Ok(());
        }
        let flags = OFlags::DIRECTORY | OFlags::RDONLY | OFlags::CLOEXEC;
        fs::fsync(fs::openat(&self.handle, ".", flags, Mode::empty())?)
    }

    fn judge(&mut self) -> Result<(), PortError> {
        let stat = fs::fstat(&self.handle).map_err(|error| self.fail(error))?;
        self.judge_rights(&stat).map_err(|fault| {
            let command = fault.command(self.at.as_str());
            self.refuse(fault).with_hint(command)
        })
    }

    fn judge_rights(&mut self, stat: &Stat) -> Result<(), Fault> {
        if !is_root(stat.st_uid) {
            let first = Account::OfADirectoryAbove(stat.st_uid);
            judge_owner(stat.st_uid, *self.account.get_or_insert(first))?;
        }
        match self.at == self.path {
            true => judge_writers(stat.st_mode),
            false => judge_passage(stat.st_uid, stat.st_gid, stat.st_mode),
        }
    }

    fn no_directory(&self, name: &str) -> PortError {
        let found = fs::statat(&self.handle, name, AtFlags::SYMLINK_NOFOLLOW);
        let is = |kind| {
            found
                .as_ref()
                .is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == kind)
        };
        if !is(FileType::Symlink) {
            let at = quoted(self.at.as_str());
            let away = format!("{}.old", self.at);
            return self
                .refuse("it is not a directory")
                .with_hint(format!("mv -n {at} {}", quoted(&away)));
        }
        let leads_to = self.leads_to();
        let hint = match &leads_to {
            Some(path) => format!("write the path that it leads to: {path} ({WHY_AS_WRITTEN})"),
            None => format!("write a path without symlinks ({WHY_AS_WRITTEN})"),
        };
        self.refuse(BehindSymlink { leads_to }).with_hint(hint)
    }

    /// For the hint only: nothing is opened by this path.
    fn leads_to(&self) -> Option<Utf8PathBuf> {
        let rest = self.path.strip_prefix(&self.at).ok()?;
        let real = self.at.canonicalize_utf8().ok()?;
        // Joining nothing would leave a slash behind.
        Some(real.join(rest).components().collect())
    }

    fn fail(&self, error: Errno) -> PortError {
        self.refuse(std::io::Error::from(error))
    }

    fn refuse(&self, why: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> PortError {
        let action = match self.at == self.path {
            true => "open the queue directory",
            false => "come to the queue through the directory",
        };
        PortError::new(action, &self.at, why)
    }
}
