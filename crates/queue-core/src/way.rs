//! The way to a queue: from `/`, one directory after the other.

use std::os::fd::OwnedFd;

use camino::{Utf8Path, Utf8PathBuf};
use ownership::{Account, Distrust, is_root, judge_owner, judge_passage, judge_writers, quoted};
use rustix::fs::{self, FileType, Stat};
use rustix::io::Errno;

use crate::{PortError, open_directory};

/// Opens the directory `path`, which is absolute and plain; `None` when it, or
/// one above it, is not there.
///
/// No symlink is followed, whatever is exchanged meanwhile: roots go by the path
/// as it is written, and would not hold what lies elsewhere. The directory is
/// opened by one call that follows none; what lies above is looked at before,
/// from the top down.
///
/// Whoever may exchange a directory on the way can put a queue of his own in
/// place of ours. So all of them belong to root and to one account besides,
/// which is ours unless we are root; and nobody else may write them, but for
/// the members of the owner's private group, and where the sticky bit keeps
/// others' directories from being renamed (`/tmp`).
pub(crate) fn open(path: &Utf8Path) -> Result<Option<Arrived>, PortError> {
    let mut way = Way::begin(path)?;
    for name in names(path) {
        way.at.push(name);
        if !way.look()? {
            return Ok(None);
        }
    }
    way.arrive().map(Some)
}

/// Opens it in the same way; what is missing is made, and the directory above it
/// flushed if so.
pub(crate) fn create(path: &Utf8Path, fsync: bool) -> Result<Arrived, PortError> {
    let mut way = Way::begin(path)?;
    for name in names(path) {
        way.at.push(name);
        if way.look()? {
            continue;
        }
        way.make(name, fsync)?;
        if !way.look()? {
            return Err(way.fail(Errno::NOENT));
        }
    }
    way.arrive()
}

/// The directory that was asked for.
pub(crate) struct Arrived {
    pub(crate) handle: OwnedFd,
    /// Its owner.
    pub(crate) owner: u32,
}

fn names(path: &Utf8Path) -> impl Iterator<Item = &str> {
    path.as_str().split('/').filter(|name| !name.is_empty())
}

/// The cause when a queue's directory, or one above it, is a symlink.
#[derive(Debug, thiserror::Error)]
#[error("it is a symlink")]
pub struct BehindSymlink {
    /// The same directory by a path without symlinks, where there is one.
    pub leads_to: Option<Utf8PathBuf>,
}

const WHY_AS_WRITTEN: &str = "roots go by the path as it is written";

const NOT_OURS: &str = "run it as the owner of the queue, or as root";
const NOT_OURS_TO_MAKE: &str = "run it as root, or make the directory as root and give it to the \
                                account that pushes; or name a directory of yours (`queue-dir`)";

fn io(error: Errno) -> std::io::Error {
    error.into()
}

struct Way<'a> {
    path: &'a Utf8Path,
    /// How far it has come.
    at: Utf8PathBuf,
    /// The one account besides root to whom something here may belong: ours, or for root the
    /// first that it meets.
    account: Option<Account>,
}

impl<'a> Way<'a> {
    fn begin(path: &'a Utf8Path) -> Result<Self, PortError> {
        let us = rustix::process::geteuid();
        let mut way = Self {
            path,
            at: Utf8PathBuf::from("/"),
            account: (!us.is_root()).then_some(Account::Ours(us.as_raw())),
        };
        way.look()?;
        Ok(way)
    }

    /// Whether the directory that it has come to is there.
    fn look(&mut self) -> Result<bool, PortError> {
        let stat = match fs::lstat(self.at.as_str()) {
            Ok(stat) => stat,
            Err(Errno::NOENT) => return Ok(false),
            // What was a directory just now, above it, is one no more.
            Err(error) => return Err(self.fail(error)),
        };
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::Directory => self.judge(&stat)?,
            FileType::Symlink => return Err(self.behind_symlink()),
            _ => return Err(self.no_directory()),
        }
        Ok(true)
    }

    /// An entry is only as durable as the directories above it. What another hook makes at the same
    /// moment is flushed by us too; what was there when we came is not: that it is durable no later
    /// than what is flushed into it is assumed (RELIABILITY.md).
    fn make(&self, name: &str, fsync: bool) -> Result<(), PortError> {
        let above = self.at.parent().unwrap_or(&self.at);
        let make = || {
            let above = open_directory::by_path(above)?;
            open_directory::make(&above, name)?;
            if fsync { fs::fsync(above) } else { Ok(()) }
        };
        make().map_err(|error| {
            let failed = PortError::new("create the queue directory", &self.at, io(error));
            match error {
                Errno::ACCESS => failed.with_hint(NOT_OURS_TO_MAKE),
                _ => failed,
            }
        })
    }

    /// It is the one that was asked for.
    fn arrive(mut self) -> Result<Arrived, PortError> {
        let handle = match open_directory::by_path(self.path) {
            Ok(handle) => handle,
            // Somebody exchanged something meanwhile.
            Err(Errno::LOOP) => return Err(self.behind_symlink()),
            Err(error) => return Err(self.fail(error)),
        };
        let stat = fs::fstat(&handle).map_err(|error| self.fail(error))?;
        self.judge(&stat)?;
        let owner = stat.st_uid;
        Ok(Arrived { handle, owner })
    }

    fn judge(&mut self, stat: &Stat) -> Result<(), PortError> {
        self.judge_rights(stat).map_err(|distrust| {
            let command = distrust.command(self.at.as_str());
            self.refuse(distrust).with_hint(command)
        })
    }

    fn judge_rights(&mut self, stat: &Stat) -> Result<(), Distrust> {
        if !is_root(stat.st_uid) {
            let first = Account::OfADirectoryAbove(stat.st_uid);
            judge_owner(stat.st_uid, *self.account.get_or_insert(first))?;
        }
        match self.at == self.path {
            true => judge_writers(stat.st_mode),
            false => judge_passage(stat.st_uid, stat.st_gid, stat.st_mode),
        }
    }

    fn no_directory(&self) -> PortError {
        let away = format!("{}.old", self.at);
        let command = format!("mv -n {} {}", quoted(self.at.as_str()), quoted(&away));
        self.refuse("it is not a directory").with_hint(command)
    }

    fn behind_symlink(&self) -> PortError {
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
        let failed = self.refuse(io(error));
        match error {
            Errno::ACCESS => failed.with_hint(NOT_OURS),
            _ => failed,
        }
    }

    fn refuse(&self, why: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> PortError {
        let action = match self.at == self.path {
            true => "open the queue directory",
            false => "come to the queue through the directory",
        };
        PortError::new(action, &self.at, why)
    }
}
