//! Why a file is not believed.

use std::fmt;

use crate::quoted;

/// The account to which a file must belong unless it is root's, and how we come to ask for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Account {
    /// We run as it.
    Ours(u32),
    /// The queue is its.
    OfTheQueue(u32),
    /// A directory above is its.
    OfADirectoryAbove(u32),
}

impl Account {
    pub(crate) fn uid(self) -> u32 {
        let (Self::Ours(uid) | Self::OfTheQueue(uid) | Self::OfADirectoryAbove(uid)) = self;
        uid
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ours(uid) => write!(f, "we are uid {uid}"),
            Self::OfTheQueue(uid) => write!(f, "the queue to uid {uid}"),
            Self::OfADirectoryAbove(uid) => write!(f, "a directory above it to uid {uid}"),
        }
    }
}

/// Why a file is not believed. `Display` is a fragment that goes after the file's name.
///
/// ```
/// use ownership::{Account, Distrust};
/// let distrust = Distrust::BelongsTo { uid: 1235, not_to: Account::OfTheQueue(1234) };
/// assert_eq!(distrust.to_string(), "it belongs to uid 1235, and the queue to uid 1234");
/// assert_eq!(distrust.command("/srv/q/.push"), "chown 1234 /srv/q/.push");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Distrust {
    /// It is somebody else's.
    #[error("it belongs to uid {uid}, and {not_to}")]
    BelongsTo {
        /// Its owner.
        uid: u32,
        /// Who should be.
        not_to: Account,
    },
    /// Its owner is not alone in having rights to it.
    #[error("it may be written by others than its owner")]
    OthersMayWrite {
        /// The rights to take away, as `chmod` has it.
        without: &'static str,
    },
}

impl Distrust {
    /// The command that mends it, for the file at this path.
    #[must_use]
    pub fn command(&self, path: &str) -> String {
        let path = quoted(path);
        match self {
            Self::BelongsTo { not_to, .. } => format!("chown {} {path}", not_to.uid()),
            Self::OthersMayWrite { without } => format!("chmod {without} {path}"),
        }
    }
}
