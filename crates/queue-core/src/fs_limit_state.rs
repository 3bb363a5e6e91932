//! The state of limits in a real queue directory: `.push/closed`, and `.limits/` with its counts.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::time::{Duration, SystemTime};

use rustix::fs::{self, AtFlags, FileType, Mode, OFlags};
use rustix::io::Errno;

use crate::fs_push_state::give;
use crate::fs_queue_directory::{LIMITS_ROOM, PUSH_ROOM};
use crate::{FsPushState, FsQueueDirectory, LimitAction, LimitState, PortError, StorePath};

const CLOSED: &str = "closed";
const NEW_CLOSED: &str = "closed.new";
/// A reason is one line; more is not ours.
const LONGEST_REASON: u64 = 1000;

/// How often a limit did something to a path.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// How many paths.
    pub number: u64,
    /// When last; `None` if never.
    pub last: Option<SystemTime>,
}

/// [`LimitState`] in the queue directory itself.
///
/// A count is the size of a file to which each path adds one byte, so that
/// producers need no lock, and its time is that of the last one.
impl LimitState for FsQueueDirectory {
    fn names(&self) -> Result<BTreeSet<StorePath>, PortError> {
        let failed = |error| self.failed("count the entries of", "", error);
        let mut names = BTreeSet::new();
        for found in fs::Dir::read_from(self.handle()).map_err(failed)? {
            let found = found.map_err(failed)?;
            // Some file systems do not tell the type.
            let may_be_link = matches!(found.file_type(), FileType::Symlink | FileType::Unknown);
            let name = found.file_name().to_str().ok();
            let path = name
                .filter(|_| may_be_link)
                .and_then(|name| name.parse().ok());
            names.extend(path);
        }
        Ok(names)
    }

    fn closed(&self) -> Result<Option<String>, PortError> {
        let name = format!("{PUSH_ROOM}/{CLOSED}");
        // Mostly it is not there, and then this is all. What is there is opened
        // again without following any link.
        match fs::statat(self.handle(), &name, AtFlags::SYMLINK_NOFOLLOW) {
            Err(Errno::NOENT | Errno::NOTDIR) => return Ok(None),
            Err(error) => return Err(self.failed("look for", &name, error)),
            Ok(_) => {}
        }
        let Some(room) = FsPushState::open(self)? else {
            return Ok(None);
        };
        let reason = match room.file(CLOSED, OFlags::RDONLY) {
            Ok(file) => read_line(file),
            Err(Errno::NOENT) => return Ok(None),
            Err(error) => Err(error.into()),
        };
        reason.map(Some).map_err(|error| {
            self.failed("read", &name, error)
                .with_hint("a push writes it anew; until then nothing is refused")
        })
    }

    fn set_closed(&self, reason: Option<&str>) -> Result<(), PortError> {
        let name = format!("{PUSH_ROOM}/{CLOSED}");
        match reason {
            Some(reason) => {
                let room = FsPushState::create(self)?;
                room.replace(CLOSED, NEW_CLOSED, &format!("{reason}\n"))
                    .map_err(|error| self.failed("write", &name, error))
            }
            None => match FsPushState::open(self)? {
                Some(room) => match fs::unlinkat(room.handle(), CLOSED, AtFlags::empty()) {
                    Ok(()) | Err(Errno::NOENT) => Ok(()),
                    Err(error) => Err(self.failed("remove", &name, error)),
                },
                None => Ok(()),
            },
        }
    }

    fn count(&self, what: LimitAction, number: usize) -> Result<(), PortError> {
        let room = match self.limits_room()? {
            Some(room) => room,
            None => self.make_limits_room()?,
        };
        let name = counter(what);
        let failed =
            |error| self.failed("add to the count", &format!("{LIMITS_ROOM}/{name}"), error);
        let flags = OFlags::WRONLY | OFlags::APPEND | OFlags::CREATE;
        let flags = flags | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
        let file = fs::openat(&room, name, flags, Mode::from_raw_mode(0o644))
            .and_then(|file| give(&file, &room).map(|()| file))
            .map_err(|error| failed(error.into()))?;
        std::fs::File::from(file)
            .write_all(&vec![b'.'; number])
            .map_err(failed)
    }
}

impl FsQueueDirectory {
    /// How many paths were refused or dropped so far.
    ///
    /// # Errors
    ///
    /// When that cannot be seen.
    pub fn tally(&self, what: LimitAction) -> Result<Tally, PortError> {
        let Some(room) = self.limits_room()? else {
            return Ok(Tally::default());
        };
        match fs::statat(&room, counter(what), AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(Tally {
                number: u64::try_from(stat.st_size).unwrap_or(0),
                last: time(stat.st_mtime),
            }),
            Err(Errno::NOENT) => Ok(Tally::default()),
            Err(error) => Err(self.failed("see the count", counter(what), error)),
        }
    }

    /// `None` while nothing was counted yet.
    fn limits_room(&self) -> Result<Option<OwnedFd>, PortError> {
        let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::RDONLY | OFlags::CLOEXEC;
        match fs::openat(self.handle(), LIMITS_ROOM, flags, Mode::empty()) {
            Ok(room) => Ok(Some(room)),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(self.failed("open the directory", LIMITS_ROOM, error)),
        }
    }

    fn make_limits_room(&self) -> Result<OwnedFd, PortError> {
        let failed = |error: Errno| self.failed("create the directory", LIMITS_ROOM, error);
        match fs::mkdirat(self.handle(), LIMITS_ROOM, Mode::from_raw_mode(0o755)) {
            // Another producer may have been faster.
            Ok(()) | Err(Errno::EXIST) => {}
            Err(error) => return Err(failed(error)),
        }
        let room = self.limits_room()?.ok_or_else(|| failed(Errno::NOENT))?;
        give(&room, &self.handle()).map_err(failed)?;
        Ok(room)
    }

    fn failed(&self, action: &str, name: &str, error: impl Into<std::io::Error>) -> PortError {
        PortError::new(action, self.path().join(name), error.into())
    }
}

fn counter(what: LimitAction) -> &'static str {
    match what {
        LimitAction::Refused => "refused",
        LimitAction::Dropped => "dropped",
    }
}

fn read_line(file: std::fs::File) -> std::io::Result<String> {
    let mut bytes = Vec::new();
    file.take(LONGEST_REASON).read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    let line = text.lines().next().unwrap_or("its limits are exceeded");
    Ok(line.to_owned())
}

fn time(seconds: i64) -> Option<SystemTime> {
    let since = Duration::from_secs(u64::try_from(seconds).ok()?);
    SystemTime::UNIX_EPOCH.checked_add(since)
}
