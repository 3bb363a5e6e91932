//! Whose a file may be, and who else may write it.

use crate::{Account, Distrust, is_root};

const GROUP_MAY_WRITE: u32 = 0o020;
const WORLD_MAY_WRITE: u32 = 0o002;
const STICKY: u32 = 0o1000;

/// That what belongs to `uid` belongs to root or this account.
///
/// # Errors
///
/// When it is another's.
pub fn judge_owner(uid: u32, account: Account) -> Result<(), Distrust> {
    if uid == account.uid() || is_root(uid) {
        return Ok(());
    }
    Err(Distrust::BelongsTo {
        uid,
        not_to: account,
    })
}

/// That nobody but its owner may write what has this mode.
///
/// # Errors
///
/// When others may.
pub fn judge_writers(mode: u32) -> Result<(), Distrust> {
    match mode & (GROUP_MAY_WRITE | WORLD_MAY_WRITE) {
        0 => Ok(()),
        _ => Err(Distrust::OthersMayWrite { without: "go-w" }),
    }
}

/// That nobody but its owner may exchange what is in a directory.
///
/// The sticky bit keeps others' directories from being renamed (`/tmp`). A group with the number
/// of its owner is his private one, as pam_umask(8) has it: with the umask 002 that goes with such
/// groups, homes are full of directories that it may write.
///
/// # Errors
///
/// When others may.
pub fn judge_passage(uid: u32, gid: u32, mode: u32) -> Result<(), Distrust> {
    match too_much(mode, uid == gid) {
        None => Ok(()),
        Some(without) => Err(Distrust::OthersMayWrite { without }),
    }
}

fn too_much(mode: u32, is_private_group: bool) -> Option<&'static str> {
    let group = mode & GROUP_MAY_WRITE != 0 && !is_private_group;
    let world = mode & WORLD_MAY_WRITE != 0;
    match (group, world) {
        _ if mode & STICKY != 0 => None,
        (false, false) => None,
        (true, false) => Some("g-w"),
        (false, true) => Some("o-w"),
        (true, true) => Some("go-w"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_directory_above_only_the_rights_that_are_too_much_are_taken_away() {
        for (mode, of_private_group, of_another) in [
            (0o755, None, None),
            (0o775, None, Some("g-w")),
            (0o757, Some("o-w"), Some("o-w")),
            (0o777, Some("o-w"), Some("go-w")),
            (0o1777, None, None),
        ] {
            assert_eq!(too_much(mode, true), of_private_group, "{mode:o}");
            assert_eq!(too_much(mode, false), of_another, "{mode:o}");
        }
    }

    #[test]
    fn what_is_roots_or_the_accounts_is_believed_and_what_is_anothers_is_not() {
        let account = Account::Ours(1234);
        assert_eq!(judge_owner(0, account), Ok(()));
        assert_eq!(judge_owner(1234, account), Ok(()));
        let distrust = judge_owner(1235, account).unwrap_err();
        assert_eq!(
            distrust.to_string(),
            "it belongs to uid 1235, and we are uid 1234"
        );
        assert_eq!(distrust.command("/srv/my q"), "chown 1234 '/srv/my q'");
    }

    #[test]
    fn what_group_or_world_may_write_is_not_believed() {
        for mode in [0o755, 0o1755, 0o500] {
            assert_eq!(judge_writers(mode), Ok(()), "{mode:o}");
        }
        for mode in [0o775, 0o757, 0o1777] {
            let distrust = judge_writers(mode).unwrap_err();
            assert_eq!(distrust.command("/q"), "chmod go-w /q", "{mode:o}");
        }
    }
}
