//! What is being done with the paths that a copy brings.

use super::Share;
use super::one_copy::{OneCopy, both};

/// What is being done at one moment, as far as Nix tells.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Stage {
    /// What is read is there, or nearly.
    #[default]
    Copies,
    /// Paths are copied, and of how far they are Nix tells nothing before each is there (2.8.0).
    CopiesUnseen,
    /// So much was read, and compressed, of what is sent only then.
    Reads(Share),
    /// It was read, and is sent: so much of its files, where Nix tells (2.34.8).
    Sends(Option<Share>),
    /// One or the other: Nix tells of neither (2.8.0).
    ReadsAndSends,
    /// Nothing is under way of what will be sent.
    Between,
}

impl Stage {
    /// Of all copies under way. What is sent comes first: that is what takes long, as a rule.
    pub(super) fn of<'c>(sends: bool, copies: impl Iterator<Item = &'c OneCopy> + Clone) -> Self {
        let any = |is: fn(&OneCopy) -> bool| copies.clone().any(is);
        if !sends {
            return match any(OneCopy::tells_nothing) {
                true => Self::CopiesUnseen,
                false => Self::Copies,
            };
        }
        let (sending, reading) = (
            sum(copies.clone().map(OneCopy::sending)),
            sum(copies.clone().map(OneCopy::reading)),
        );
        match (sending, reading) {
            (Some(share), _) => Self::Sends(Some(share)),
            (None, _) if any(OneCopy::has_read) => Self::Sends(None),
            (None, Some(share)) => Self::Reads(share),
            (None, None) if any(OneCopy::has_unseen) => Self::ReadsAndSends,
            (None, None) if any(OneCopy::has_paths) => Self::Sends(None),
            (None, None) => Self::Between,
        }
    }
}

/// `None` where nothing is expected.
fn sum(shares: impl Iterator<Item = (u64, u64)>) -> Option<Share> {
    let (done, expected) = both(shares);
    (expected > 0).then_some(Share {
        done,
        expected: Some(expected),
    })
}
