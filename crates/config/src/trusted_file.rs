//! Reading a file that decides what we do, or where to.

use std::fs::File;
use std::io::{self, Read};

use camino::Utf8Path;
use ownership::{Account, Distrust, judge_owner, judge_writers, quoted};
use rustix::fs::{FileType, Mode, OFlags, Stat, fstat, open};

/// Why a file is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Untrusted {
    /// It is a directory, a FIFO, a device: reading it could wait for ever.
    #[error("it is not a regular file")]
    NotRegular,
    /// It belongs to neither root nor us, or others may write it.
    #[error(transparent)]
    Distrust(#[from] Distrust),
}

impl Untrusted {
    /// What to do about it, for the file at this path: a command, where one mends it.
    pub fn hint(&self, file: &Utf8Path) -> String {
        match self {
            Self::NotRegular => "it must be a regular file".to_owned(),
            // Root's is believed by everybody who may come to read it.
            Self::Distrust(Distrust::BelongsTo { .. }) => {
                format!("chown root {}", quoted(file.as_str()))
            }
            Self::Distrust(distrust) => distrust.command(file.as_str()),
        }
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

/// Reads a file if nobody but root and us may have written it, and at most `longest` bytes of it.
/// Symlinks are followed (NixOS has its configuration behind some): what is judged is the file
/// that is read, however it was come to.
pub(crate) fn read(file: &Utf8Path, longest: u64) -> Result<Vec<u8>, ReadError> {
    // Without waiting for the other end of a FIFO, nor becoming the owner of a terminal.
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    let handle = open(file.as_str(), flags, Mode::empty())?;
    let us = rustix::process::geteuid().as_raw();
    judge(&fstat(&handle)?, us).map_err(ReadError::Untrusted)?;
    let mut bytes = Vec::new();
    File::from(handle).take(longest).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn judge(stat: &Stat, us: u32) -> Result<(), Untrusted> {
    if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
        return Err(Untrusted::NotRegular);
    }
    judge_owner(stat.st_uid, Account::Ours(us))?;
    judge_writers(stat.st_mode)?;
    Ok(())
}
