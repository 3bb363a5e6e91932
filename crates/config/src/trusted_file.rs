//! Reading a file that decides what we do, or where to.

use std::fmt;
use std::fs::File;
use std::io::{self, ErrorKind, Read};

use camino::{Utf8Path, Utf8PathBuf};
use ownership::{Account, Distrust, judge_owner, judge_writers, quoted};
use rustix::fs::{FileType, OFlags, Stat, fstat};
use rustix::io::Errno;

use crate::way;

/// Why a file is not believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Untrusted {
    /// It is a directory, a FIFO, a device: reading it could wait for ever.
    #[error("it is not a regular file")]
    NotRegular,
    /// It belongs to neither root nor us, or others may write it.
    #[error(transparent)]
    Distrust(#[from] Distrust),
    /// Somebody else could put another file in its place.
    #[error("the {step} {path} on the way to it is not trusted: {distrust}")]
    Way {
        /// What lies on the way.
        step: Step,
        /// Its path, without symlinks before its name.
        path: Utf8PathBuf,
        /// Why it is not trusted.
        distrust: Distrust,
    },
}

/// What lies on the way to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A directory.
    Directory,
    /// A symlink.
    Symlink,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Directory => "directory",
            Self::Symlink => "symlink",
        })
    }
}

impl Untrusted {
    /// What to do about it, for the file at this path: a command, where one mends it.
    pub fn hint(&self, file: &Utf8Path) -> String {
        match self {
            Self::NotRegular => "it must be a regular file".to_owned(),
            Self::Distrust(distrust) => command(distrust, None, file),
            Self::Way {
                step,
                path,
                distrust,
            } => command(distrust, Some(*step), path),
        }
    }
}

/// For a shell, which passes over what stands behind a `#`.
fn command(distrust: &Distrust, step: Option<Step>, path: &Utf8Path) -> String {
    let chown = match step {
        Some(Step::Symlink) => "chown -h",
        _ => "chown",
    };
    match distrust {
        Distrust::BelongsTo { .. } if step == Some(Step::Directory) => format!(
            "chown root {}  # not if it is somebody's home or workspace: then name a file elsewhere",
            quoted(path.as_str())
        ),
        // Root's is believed by everybody who may come to read it.
        Distrust::BelongsTo { .. } => format!("{chown} root {}", quoted(path.as_str())),
        Distrust::OthersMayWrite { .. } => distrust.command(path.as_str()),
    }
}

/// Why a file was not read.
#[derive(Debug)]
pub(crate) enum ReadError {
    Io(io::Error),
    Untrusted(Untrusted),
}

impl<E: Into<io::Error>> From<E> for ReadError {
    fn from(error: E) -> Self {
        Self::Io(error.into())
    }
}

/// Any other error, such as a forbidden directory, may hide a file that somebody wrote.
pub(crate) fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

/// What to do where no other file could be read either (of what a queue meets there is more, so it
/// has a list of its own).
pub(crate) fn hint_at_the_machine(error: &io::Error) -> Option<&'static str> {
    Some(match Errno::from_io_error(error)? {
        Errno::MFILE => "raise the limit of open files: `ulimit -n`, or LimitNOFILE= of the unit",
        Errno::NFILE => "the machine has too many open files: see fs.file-max of sysctl",
        Errno::NOMEM => "the machine, or a limit of this process, has no memory left",
        Errno::IO => "the disk may be failing: see the kernel's log",
        _ => return None,
    })
}

/// The size up to which a file is read at one go.
const LIKELY: u64 = 1 << 20;

/// Reads a file if nobody but root and us may have written it or put it there, and at most
/// `longest` bytes of it. What is judged is the file that is read, however it was come to, and
/// the whole [way](way::open) to it.
pub(crate) fn read(file: &Utf8Path, longest: u64) -> Result<Vec<u8>, ReadError> {
    // Without waiting for the other end of a FIFO, nor becoming the owner of a terminal.
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    let us = Account::Ours(rustix::process::geteuid().as_raw());
    let handle = way::open(file, flags, us)?;
    let stat = fstat(&handle)?;
    judge(&stat, us).map_err(ReadError::Untrusted)?;
    // The size is a hint only, and not of something huge: one byte more tells the end in one read.
    let size = u64::try_from(stat.st_size).unwrap_or_default();
    let mut bytes = Vec::with_capacity(size.min(longest).min(LIKELY) as usize + 1);
    File::from(handle).take(longest).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn judge(stat: &Stat, us: Account) -> Result<(), Untrusted> {
    if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
        return Err(Untrusted::NotRegular);
    }
    judge_owner(stat.st_uid, us)?;
    judge_writers(stat.st_mode)?;
    Ok(())
}
