//! Whether somebody has to look at a queue, and why: pure.

mod judge;

use std::time::Duration;

use nix_post_build_push_config::QueueSettings;
use queue_core::{Bytes, is_much};

pub(super) use self::judge::judge;
use crate::error::CommandError;

/// How a queue is doing. The worst comes last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    /// Nobody has to look.
    #[default]
    Ok,
    /// Somebody has to.
    NeedsALook,
    /// Somebody has to at once: it takes nothing, or nothing leaves it.
    Broken,
}

impl Level {
    /// Each of them.
    pub(crate) const ALL: [Self; 3] = [Self::Ok, Self::NeedsALook, Self::Broken];

    /// For programs.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::NeedsALook => "needs-a-look",
            Self::Broken => "broken",
        }
    }

    /// For people.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::NeedsALook => "needs a look",
            other => other.as_str(),
        }
    }
}

/// The kinds of reasons: what programs tell them by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// Its configuration lets no push begin.
    Misconfigured,
    /// It cannot be looked at.
    Unreadable,
    /// A limit closed the queue.
    Closed,
    /// The last push could copy nothing from here.
    PushBroken,
    /// More are parked than may be.
    Parked,
    /// The destination has not answered for too long.
    Unavailable,
    /// The oldest entry waits for too long.
    Old,
    /// They keep too much of the store.
    Pinned,
    /// A limit kept something out lately.
    Refused,
    /// A limit dropped something lately.
    Dropped,
    /// Entries without a store object.
    Absent,
    /// Something in the directory that is no entry.
    Foreign,
    /// What pushes remember is lost.
    LedgerLost,
    /// Something of the queue cannot be seen.
    Unseen,
}

impl Kind {
    /// Each of them.
    pub(crate) const ALL: [Self; 14] = [
        Self::Misconfigured,
        Self::Unreadable,
        Self::Closed,
        Self::PushBroken,
        Self::Parked,
        Self::Unavailable,
        Self::Old,
        Self::Pinned,
        Self::Refused,
        Self::Dropped,
        Self::Absent,
        Self::Foreign,
        Self::LedgerLost,
        Self::Unseen,
    ];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Misconfigured => "misconfigured",
            Self::Unreadable => "unreadable",
            Self::Closed => "closed",
            Self::PushBroken => "push-broken",
            Self::Parked => "parked",
            Self::Unavailable => "unavailable",
            Self::Old => "old",
            Self::Pinned => "pinned",
            Self::Refused => "refused",
            Self::Dropped => "dropped",
            Self::Absent => "absent",
            Self::Foreign => "foreign",
            Self::LedgerLost => "ledger-lost",
            Self::Unseen => "unseen",
        }
    }

    pub(crate) fn level(self) -> Level {
        match self {
            Self::Misconfigured | Self::Unreadable | Self::Closed | Self::PushBroken => {
                Level::Broken
            }
            _ => Level::NeedsALook,
        }
    }
}

/// Why somebody has to look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reason {
    pub kind: Kind,
    pub level: Level,
    /// What is wrong, and with how much.
    pub text: String,
    /// What to do about it.
    pub hint: String,
}

impl Reason {
    pub(super) fn new(kind: Kind, text: String, hint: String) -> Self {
        Self {
            kind,
            level: kind.level(),
            text,
            hint,
        }
    }

    /// Why a queue cannot be looked at.
    pub(super) fn unreadable(error: &CommandError) -> Self {
        let hints = error.messages.iter().flat_map(|message| &message.hints);
        let hint = hints.cloned().collect::<Vec<_>>().join("; ");
        Self::new(
            Kind::Unreadable,
            format!("it cannot be looked at: {}", error.text()),
            match hint.is_empty() {
                true => UNTIL_MENDED_HINT.to_owned(),
                false => hint,
            },
        )
    }
}

/// Where nobody knows more.
const UNTIL_MENDED_HINT: &str = "mend that: until then nobody knows whether it is well";

/// How much of the store the entries may keep, where somebody has said so.
pub(crate) fn max_pinned(settings: &QueueSettings) -> Option<u64> {
    let limit = settings.limits.max_pinned.as_ref();
    let max = settings.health.max_pinned.as_ref().or(limit);
    max.map(|max| max.value.0)
}

/// Beyond which of these somebody has to look.
pub(super) struct Thresholds {
    max_parked: u32,
    max_age: Duration,
    max_unavailable: Duration,
    /// `None`: a part of the file system.
    max_pinned: Option<u64>,
    remember_losses: Duration,
}

impl Thresholds {
    pub(super) fn of(settings: &QueueSettings) -> Self {
        let health = &settings.health;
        Self {
            max_parked: health.max_parked.value,
            max_age: health.max_age.value,
            max_unavailable: health.max_unavailable.value,
            max_pinned: max_pinned(settings),
            remember_losses: health.remember_losses.value,
        }
    }

    /// How a queue that keeps so many bytes of the store keeps too much.
    fn too_much(&self, bytes: u64, file_system: Option<u64>) -> Option<String> {
        match (self.max_pinned, file_system) {
            (Some(max), _) => (bytes > max).then(|| format!("more than {}", Bytes(max))),
            (None, Some(size)) if is_much(bytes, size) => Some(format!(
                "more than a tenth of its file system ({})",
                Bytes(size)
            )),
            (None, _) => None,
        }
    }
}

#[cfg(test)]
mod tests;
