//! The way to a file that decides what we do: from `/`, one name after the other.

use std::ffi::{OsStr, OsString};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;

use camino::{Utf8Path, Utf8PathBuf};
use ownership::{Account, Distrust, judge_owner, judge_passage};
use rustix::fs::{FileType, Mode, OFlags, Stat, fstat, open as open_at_root, openat, readlinkat};
use rustix::io::{Errno, Result};

use crate::trusted_file::{ReadError, Step, Untrusted, is_absent};

/// As many as the kernel follows.
const MOST_LINKS: u32 = 40;

const TO_PASS: OFlags = OFlags::PATH.union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// Opens a file, if nobody but root and us can have put it where it is.
///
/// Whoever may exchange a directory on the way, or what is in it, can put a file of his choice in
/// place of ours, and need not be able to write it: anybody may add a file of root's to the Nix
/// store. So every directory belongs to root or to us, and nobody else may write it, but for the
/// members of the owner's private group, and where the sticky bit keeps others from exchanging
/// what is not theirs (`/tmp`, `/nix/store`). Symlinks are followed, since NixOS has its
/// configuration behind some; each belongs to root or to us, and the way goes on from where it
/// leads to. Each name is opened within what was judged, whatever is exchanged meanwhile.
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
    /// The directory that it has come to, and its path, without symlinks.
    handle: OwnedFd,
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
            handle: open_at_root("/", TO_PASS, Mode::empty())?,
            at: PathBuf::from("/"),
            ahead: Vec::new(),
            links: 0,
            distrust: None,
        };
        way.judge_directory(&fstat(&way.handle)?);
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
            let next = openat(&self.handle, &name, TO_PASS, Mode::empty())?;
            let stat = fstat(&next)?;
            match FileType::from_raw_mode(stat.st_mode) {
                FileType::Symlink => self.follow(&next, &name, &stat)?,
                FileType::Directory if !self.ahead.is_empty() => self.enter(next, &name, &stat),
                _ if !self.ahead.is_empty() => return Err(Errno::NOTDIR),
                // It is refused, and may be anything.
                _ if self.distrust.is_some() => return Ok(next),
                _ => return openat(&self.handle, &name, flags | OFlags::NOFOLLOW, Mode::empty()),
            }
        }
        openat(&self.handle, ".", flags, Mode::empty())
    }

    fn go_on(&mut self, path: &OsStr) {
        let names = path.as_bytes().split(|byte| *byte == b'/');
        let names = names.filter(|name| !matches!(*name, b"" | b"."));
        let names = names.map(|name| OsString::from_vec(name.to_vec()));
        self.ahead.extend(names.rev());
    }

    fn enter(&mut self, directory: OwnedFd, name: &OsStr, stat: &Stat) {
        self.handle = directory;
        match name == ".." {
            true => drop(self.at.pop()),
            false => self.at.push(name),
        }
        self.judge_directory(stat);
    }

    fn follow(&mut self, link: &OwnedFd, name: &OsStr, stat: &Stat) -> Result<()> {
        self.links += 1;
        if self.links > MOST_LINKS {
            return Err(Errno::LOOP);
        }
        let whose = judge_owner(stat.st_uid, self.us);
        self.note(Step::Symlink, self.at.join(name), whose);
        let to = readlinkat(link, "", Vec::new())?;
        if to.as_bytes().starts_with(b"/") {
            self.handle = open_at_root("/", TO_PASS, Mode::empty())?;
            self.at = PathBuf::from("/");
        }
        self.go_on(OsStr::from_bytes(to.as_bytes()));
        Ok(())
    }

    fn judge_directory(&mut self, stat: &Stat) {
        let whose = judge_owner(stat.st_uid, self.us);
        let judged = whose.and_then(|()| judge_passage(stat.st_uid, stat.st_gid, stat.st_mode));
        self.note(Step::Directory, self.at.clone(), judged);
    }

    fn note(&mut self, step: Step, path: PathBuf, judged: std::result::Result<(), Distrust>) {
        if let Err(distrust) = judged
            && self.distrust.is_none()
        {
            let path = Utf8PathBuf::from(path.to_string_lossy().into_owned());
            self.distrust = Some(Untrusted::Way {
                step,
                path,
                distrust,
            });
        }
    }
}
