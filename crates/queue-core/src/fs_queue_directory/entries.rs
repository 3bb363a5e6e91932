//! What a name in a queue's directory stands for: an entry, or something else.

use std::ffi::CStr;
use std::time::{Duration, SystemTime};

use ownership::quoted;
use rustix::fs::{self, AtFlags, FileType, Stat};
use rustix::io::Errno;

use super::FsQueueDirectory;
use crate::room::judge_owner_or_us;
use crate::{Entry, Foreign, StorePath};

impl FsQueueDirectory {
    /// Why `name` is not the entry of `path`, or its status if it is.
    pub(super) fn inspect(
        &self,
        name: &CStr,
        path: &StorePath,
    ) -> Result<Result<Stat, Stranger>, Errno> {
        let stat = fs::statat(&self.handle, name, AtFlags::SYMLINK_NOFOLLOW)?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::Symlink {
            return Ok(Err(Stranger::new("is not a symlink")));
        }
        let points_at = fs::readlinkat(&self.handle, name, Vec::new())?;
        if points_at.as_bytes() != self.store.join(path).as_str().as_bytes() {
            let shown = points_at.to_string_lossy();
            return Ok(Err(Stranger::new(format!("points at {shown:?}"))));
        }
        if judge_owner_or_us(stat.st_uid, self.owner).is_err() {
            return Ok(Err(self.owned_by(stat.st_uid, path)));
        }
        Ok(Ok(stat))
    }

    fn owned_by(&self, uid: u32, path: &StorePath) -> Stranger {
        let (owner, entry) = (self.owner, self.path.join(path.base_name()));
        let entry = quoted(entry.as_str());
        Stranger::hinting(
            format!("belongs to uid {uid}"),
            format!("`chown -h {owner} {entry}` takes it in, `rm {entry}` throws it away"),
        )
    }

    /// To move an entry away is to lose it: what is wrong is the machine.
    pub(super) fn unreadable(&self, name: &CStr, error: Errno) -> Foreign {
        let why = format!("cannot be read: {}", std::io::Error::from(error));
        let failed = self.fail("read the entry", &name.to_string_lossy(), error);
        let hint = failed
            .hint()
            .unwrap_or("leave it there: it may be an entry");
        Foreign {
            may_be_an_entry: true,
            ..Stranger::hinting(why, hint).named(name)
        }
    }

    /// The entry of this name, or what it is instead.
    pub(super) fn read_entry(&self, name: &CStr) -> Result<Result<Entry, Foreign>, Errno> {
        let foreign = |stranger: Stranger| Ok(Err(stranger.named(name)));
        let Some(path) = name
            .to_str()
            .ok()
            .and_then(|name| name.parse::<StorePath>().ok())
        else {
            return foreign(Stranger::new("is not named like a store path"));
        };
        match self.inspect(name, &path)? {
            Ok(stat) => Ok(Ok(Entry {
                path,
                enqueued_at: modified(&stat),
            })),
            Err(stranger) => foreign(stranger),
        }
    }
}

/// What has an entry's place and is none.
pub(super) struct Stranger {
    pub(super) reason: String,
    pub(super) hint: String,
}

impl Stranger {
    pub(super) fn new(reason: impl Into<String>) -> Self {
        Self::hinting(reason, "it is left alone; move it away")
    }

    fn hinting(reason: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
            hint: hint.into(),
        }
    }

    pub(super) fn named(self, name: &CStr) -> Foreign {
        Foreign {
            name: name.to_string_lossy().escape_debug().to_string(),
            reason: self.reason,
            hint: self.hint,
            may_be_an_entry: false,
        }
    }
}

fn modified(stat: &Stat) -> SystemTime {
    let seconds = u64::try_from(stat.st_mtime).unwrap_or(0);
    let nanos = u32::try_from(stat.st_mtime_nsec).unwrap_or(0);
    SystemTime::UNIX_EPOCH
        .checked_add(Duration::new(seconds, nanos))
        .unwrap_or(SystemTime::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use camino::Utf8Path;

    use super::*;
    use crate::StoreDir;

    #[test]
    fn nobody_is_told_to_move_away_what_the_machine_cannot_read() -> Result<(), crate::PortError> {
        let dir = tempfile::tempdir().map_err(|error| crate::PortError::new("make", "", error))?;
        let path = Utf8Path::from_path(dir.path())
            .unwrap_or("".into())
            .join("q");
        let store =
            StoreDir::new("/s").map_err(|error| crate::PortError::new("name", "", error))?;
        let queue = FsQueueDirectory::create(&path, &store, false)?;
        for (error, hint) in [
            (Errno::IO, "the disk may be failing: see the kernel's log"),
            (Errno::STALE, "leave it there: it may be an entry"),
        ] {
            let found = queue.unreadable(c"v3ygr25lms4hdmxwa8h14sjv6km1l8cz-a", error);
            assert!(found.may_be_an_entry);
            assert!(found.reason.starts_with("cannot be read: "), "{found:?}");
            assert_eq!(found.hint, hint);
        }
        Ok(())
    }
}
