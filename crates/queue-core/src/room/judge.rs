//! What is used within a queue's directory, and what is said of the rest.

use camino::Utf8Path;
use ownership::{Account, Distrust, judge_writers, quoted};
use rustix::fs::{FileType, Stat};

use crate::PortError;

const OPEN: &str = "open the directory";

/// What stands in a directory may be the only trace of an entry: the hint is
/// to mend it.
pub(super) fn directory(path: &Utf8Path, stat: &Stat, owner: u32) -> Result<(), PortError> {
    judge_rights(stat, owner).map_err(|distrust| {
        let command = distrust.command(path.as_str());
        PortError::new(OPEN, path, distrust).with_hint(command)
    })
}

pub(super) fn no_directory(path: &Utf8Path, is_symlink: bool) -> PortError {
    let why = match is_symlink {
        true => "it is a symlink",
        false => "it is not a directory",
    };
    PortError::new(OPEN, path, why).with_hint(rm_command(path))
}

/// A file holds nothing that cannot be done without: the hint is to remove it.
pub(super) fn file(
    action: &str,
    path: &Utf8Path,
    stat: &Stat,
    owner: u32,
) -> Result<(), PortError> {
    let refuse = |why: &str, command| Err(PortError::new(action, path, why).with_hint(command));
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => {}
        FileType::Symlink => return refuse("it is a symlink", rm_command(path)),
        FileType::Directory => return refuse("it is a directory", rm_all_command(path)),
        _ => return refuse("it is not a regular file", rm_command(path)),
    }
    match judge_rights(stat, owner) {
        Err(distrust) => refuse(&distrust.to_string(), rm_command(path)),
        // Written to, given away, made unreadable to others: all of it would befall the other.
        Ok(()) if stat.st_nlink > 1 => refuse("it has a second name", rm_command(path)),
        Ok(()) => Ok(()),
    }
}

/// That it is ours, root's, or the owner's of the queue, and nobody else may write it.
fn judge_rights(stat: &Stat, owner: u32) -> Result<(), Distrust> {
    judge_owner_or_us(stat.st_uid, owner)?;
    judge_writers(stat.st_mode)
}

/// That what belongs to `uid` is believed in a queue of `owner`'s: it is his, root's, or, other than
/// on the way to the queue, ours, whoever we are.
pub(crate) fn judge_owner_or_us(uid: u32, owner: u32) -> Result<(), Distrust> {
    match ownership::judge_owner(uid, Account::OfTheQueue(owner)) {
        // Asked last: a listing of many entries need not ask who we are.
        Err(_) if uid == rustix::process::geteuid().as_raw() => Ok(()),
        judged => judged,
    }
}

pub(crate) fn rm_command(path: &Utf8Path) -> String {
    format!("rm {}", quoted(path.as_str()))
}

pub(super) fn rm_all_command(path: &Utf8Path) -> String {
    format!("rm -r {}", quoted(path.as_str()))
}
