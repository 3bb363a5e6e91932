//! The way to a file that decides what we do: from `/`, one name after the other.

use std::ffi::{OsStr, OsString};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use camino::{Utf8Path, Utf8PathBuf};
use ownership::{Account, Distrust, judge_owner, judge_passage};
use rustix::fs::{self, FileType, Mode, OFlags, Stat};
use rustix::io::{Errno, Result};

use crate::trusted_file::{ReadError, Step, Untrusted, is_absent};

/// As many as the kernel follows.
const MOST_LINKS: u32 = 40;

/// Opens a file, if nobody but root and us can have put it where it is.
///
/// Whoever may exchange a directory on the way, or what is in it, can put a file of his choice in
/// place of ours, and need not be able to write it: anybody may add a file of root's to the Nix
/// store. So every directory belongs to root or to us, and nobody else may write it, but for the
/// members of the owner's private group, and where the sticky bit keeps others from exchanging
/// what is not theirs (`/tmp`, `/nix/store`). Symlinks are followed, since NixOS has its
/// configuration behind some; each belongs to root or to us, and the way goes on from where it
/// leads to. From the top down, each directory that was judged to be safe keeps the next name what
/// it is, so it is enough to look at one after the other.
///
/// What is not there is not there, however it would have been come to: else root could not be
/// asked anything with the home of somebody else.
pub(crate) fn open(
    file: &Utf8Path,
    flags: OFlags,
    us: Account,
) -> std::result::Result<OwnedFd, ReadError> {
    let mut way = Way::begin(us)?;
    let opened = way.go(file, flags);
    match (opened, way.distrust) {
        // Come to all the same, it has no path: a pipe, for example, of a shell's `<(…)`.
        (Err(error), _) if is_absent(&error.into()) && file.exists() => {
            Err(ReadError::Untrusted(Untrusted::NotRegular))
        }
        (Err(error), _) if is_absent(&error.into()) => Err(error.into()),
        (_, Some(distrust)) => Err(ReadError::Untrusted(distrust)),
        (opened, None) => Ok(opened?),
    }
}

struct Way {
    us: Account,
    /// The directory that it has come to, without symlinks in its path.
    at: PathBuf,
    /// The names that are still to be gone, the next one last.
    ahead: Vec<OsString>,
    links: u32,
    /// The first that is not to be trusted.
    distrust: Option<Untrusted>,
}

impl Way {
    fn begin(us: Account) -> Result<Self> {
        let mut way = Self {
            us,
            at: PathBuf::from("/"),
            ahead: Vec::new(),
            links: 0,
            distrust: None,
        };
        way.judge_directory(&fs::lstat("/")?);
        Ok(way)
    }

    fn go(&mut self, file: &Utf8Path, flags: OFlags) -> Result<OwnedFd> {
        if file.as_str().is_empty() {
            return Err(Errno::NOENT);
        }
        self.go_on(file.as_os_str());
        if file.is_relative() {
            let from = rustix::process::getcwd(Vec::new())?;
            self.go_on(OsStr::from_bytes(from.as_bytes()));
        }
        while let Some(name) = self.ahead.pop() {
            if name == ".." {
                self.at.pop();
                continue;
            }
            let next = self.at.join(&name);
            let stat = fs::lstat(&next)?;
            match FileType::from_raw_mode(stat.st_mode) {
                FileType::Symlink => self.follow(&next, &stat)?,
                FileType::Directory if !self.ahead.is_empty() => self.enter(next, &stat),
                _ if !self.ahead.is_empty() => return Err(Errno::NOTDIR),
                _ => return self.arrive(&next, flags | OFlags::NOFOLLOW),
            }
        }
        self.arrive(&self.at, flags)
    }

    /// What is refused may be anything, and is not opened.
    fn arrive(&self, file: &Path, flags: OFlags) -> Result<OwnedFd> {
        let flags = match &self.distrust {
            Some(_) => OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC,
            None => flags,
        };
        fs::open(file, flags, Mode::empty())
    }

    fn go_on(&mut self, path: &OsStr) {
        let names = path.as_bytes().split(|byte| *byte == b'/');
        let names = names.filter(|name| !matches!(*name, b"" | b"."));
        let names = names.map(|name| OsString::from_vec(name.to_vec()));
        self.ahead.extend(names.rev());
    }

    fn enter(&mut self, directory: PathBuf, stat: &Stat) {
        self.at = directory;
        self.judge_directory(stat);
    }

    fn follow(&mut self, link: &Path, stat: &Stat) -> Result<()> {
        self.links += 1;
        if self.links > MOST_LINKS {
            return Err(Errno::LOOP);
        }
        if let Err(distrust) = judge_owner(stat.st_uid, self.us) {
            self.note(Step::Symlink, link, distrust);
        }
        let to = fs::readlink(link, Vec::new())?;
        if to.as_bytes().starts_with(b"/") {
            self.at = PathBuf::from("/");
        }
        self.go_on(OsStr::from_bytes(to.as_bytes()));
        Ok(())
    }

    fn judge_directory(&mut self, stat: &Stat) {
        let whose = judge_owner(stat.st_uid, self.us);
        let judged = whose.and_then(|()| judge_passage(stat.st_uid, stat.st_gid, stat.st_mode));
        if let Err(distrust) = judged {
            self.note(Step::Directory, &self.at.clone(), distrust);
        }
    }

    fn note(&mut self, step: Step, path: &Path, distrust: Distrust) {
        if self.distrust.is_none() {
            let path = Utf8PathBuf::from(path.to_string_lossy().into_owned());
            self.distrust = Some(Untrusted::Way {
                step,
                path,
                distrust,
            });
        }
    }
}
