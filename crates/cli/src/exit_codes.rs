//! The exit codes, which scripts and units rely on.

use std::process::ExitCode;

/// How a run ended. The worst comes last, and of several queues the worst counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Exit {
    /// All was done, or there was nothing to do.
    Done,
    /// All could be looked at, and something needs somebody.
    NeedsALook,
    /// Some of it failed; what failed is kept and tried again.
    Failed,
    /// A signal asked to stop; what is not done is kept. The process ends by that signal.
    Stopped,
    /// A destination does not answer; its entries are kept.
    Unavailable,
    /// The configuration is wrong.
    Config,
    /// The program has a fault.
    Bug,
    /// The command line is wrong; nothing was done.
    Usage,
}

/// Done, or nothing to do. A push that finds another push of its queue at work
/// ends with this: that one does the work.
pub const DONE: u8 = 0;
/// Something needs somebody to look at it: `status` and `doctor` alone end so.
pub const NEEDS_A_LOOK: u8 = 1;
/// The command line cannot be understood, or there is nothing that it names.
pub const USAGE: u8 = 2;
/// A destination is unavailable, or did not answer a short while ago. Entries are kept.
pub const UNAVAILABLE: u8 = 69;
/// A fault of the program.
pub const BUG: u8 = 70;
/// Something failed. Entries are kept.
pub const FAILED: u8 = 75;
/// The configuration is wrong or incomplete, or has no queue of the name that `--queue` gives.
pub const CONFIG: u8 = 78;

/// The codes with their meanings, as the documentation lists them.
pub const ALL: &[(u8, &str)] = &[
    (
        DONE,
        "Done, or nothing to do. Also when another push of the same queue is at work, which \
         `push --until-empty` waits for: with it nothing is left in the queue.",
    ),
    (
        NEEDS_A_LOOK,
        "Something needs a look: a queue (`status` says which and why, by the thresholds of its table \
         `health`), or what `doctor` found at fault. No other command ends so.",
    ),
    (
        USAGE,
        "The command line cannot be understood, none of its paths is a store path, or what it names \
         is not queued.",
    ),
    (
        UNAVAILABLE,
        "A destination does not answer, or did not a short while ago. All its entries are kept. \
         With `push --until-empty`: something is left for that reason. It comes before 75 where \
         something else failed as well.",
    ),
    (BUG, "A fault of the program. Please report it."),
    (
        FAILED,
        "Something failed, or a limit of the queue refused it. What is queued is kept. Trying again \
         may help. With `push --until-empty`: something is left, since it failed, is parked, or \
         there was no time, or something left undelivered: dropped by a limit, or no longer valid.",
    ),
    (
        CONFIG,
        "The configuration is wrong, a setting is missing, or no queue is called as `--queue` \
         says.",
    ),
];

impl Exit {
    /// The exit code of the process.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Done => DONE,
            Self::NeedsALook => NEEDS_A_LOOK,
            Self::Usage => USAGE,
            Self::Unavailable => UNAVAILABLE,
            Self::Bug => BUG,
            Self::Failed | Self::Stopped => FAILED,
            Self::Config => CONFIG,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        exit.code().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_several_queues_the_worst_counts() {
        let mut ends = [
            Exit::Failed,
            Exit::Bug,
            Exit::Done,
            Exit::Config,
            Exit::NeedsALook,
            Exit::Unavailable,
        ];
        ends.sort();
        assert_eq!(ends.map(Exit::code), [0, 1, 75, 69, 78, 70]);
    }
}
