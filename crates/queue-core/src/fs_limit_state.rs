//! The state of limits in a real queue directory: `.push/closed`, and `.limits/` with its counts.
//!
//! There is no type for it: [`FsQueueDirectory`], which who asks has open, is the adapter.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::time::{Duration, SystemTime};

use rustix::fs::{self, AtFlags, FileType, Mode, OFlags};
use rustix::io::Errno;

use crate::fs_queue_directory::{LIMITS_ROOM, PUSH_ROOM};
use crate::{FsPushState, FsQueueDirectory, LimitAction, LimitState, PortError, StorePath};

const CLOSED: &str = "closed";
const ADD: &str = "add to the count";
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
        let failed = |error| self.fail("count the entries of", "", error);
        // Sorted once at the end: ten thousand insertions cost a hook more than
        // to read the directory.
        let mut names = Vec::new();
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
        Ok(names.into_iter().collect())
    }

    fn closed(&self) -> Result<Option<String>, PortError> {
        let name = format!("{PUSH_ROOM}/{CLOSED}");
        // Mostly it is not there, and then this is all. What is there is opened
        // again without following any link.
        match fs::statat(self.handle(), &name, AtFlags::SYMLINK_NOFOLLOW) {
            Err(Errno::NOENT | Errno::NOTDIR) => return Ok(None),
            Err(error) => return Err(self.fail("look for", &name, error)),
            Ok(_) => {}
        }
        let Some(state) = FsPushState::open(self)? else {
            return Ok(None);
        };
        match state.room().file("read", CLOSED, OFlags::RDONLY)? {
            Some(file) => read_line(file)
                .map(Some)
                .map_err(|error| self.fail("read", &name, error)),
            None => Ok(None),
        }
    }

    fn set_closed(&self, reason: Option<&str>) -> Result<(), PortError> {
        if let Some(reason) = reason {
            let state = FsPushState::create(self)?;
            return state
                .room()
                .replace("write", CLOSED, &format!("{reason}\n"));
        }
        match FsPushState::open(self)? {
            Some(state) => state.room().remove("remove", CLOSED),
            None => Ok(()),
        }
    }

    fn count(&self, what: LimitAction, number: usize) -> Result<(), PortError> {
        let room = self.create_room(LIMITS_ROOM)?;
        let (name, flags) = (counter(what), OFlags::WRONLY | OFlags::APPEND);
        // Others may see how many there are.
        let mut file = room.create_file(ADD, name, flags, Mode::from_raw_mode(0o644))?;
        file.write_all(&vec![b'.'; number])
            .map_err(|error| self.fail(ADD, &format!("{LIMITS_ROOM}/{name}"), error))
    }
}

impl FsQueueDirectory {
    /// How many paths were refused or dropped so far.
    ///
    /// # Errors
    ///
    /// When that cannot be seen.
    pub fn tally(&self, what: LimitAction) -> Result<Tally, PortError> {
        let Some(room) = self.room(LIMITS_ROOM)? else {
            return Ok(Tally::default());
        };
        let counted = room.look("see the count", counter(what))?;
        Ok(counted.map_or_else(Tally::default, |stat| Tally {
            number: u64::try_from(stat.st_size).unwrap_or(0),
            last: time(stat.st_mtime),
        }))
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
