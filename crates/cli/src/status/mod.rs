//! How the queues are doing: one model, from what is looked at to what is told.
//!
//! [`facts`] looks, [`health`] judges what was seen, and nobody else does: [`text`], [`json`],
//! [`metrics`] and a doctor only tell.

mod facts;
mod health;
mod held;
pub(crate) mod json;
mod limits;
pub(crate) mod metrics;
pub(crate) mod schema;
mod subjects;
mod text;

use std::time::SystemTime;

use queue_core::{Failures, Foreign, LastPush, Ledger, StorePath, Tally};

pub(crate) use self::facts::{Measure, look, look_silently};
pub(crate) use self::health::{Kind, Level, Reason, max_pinned};
pub(crate) use self::held::{Held, PATIENCE};
pub(crate) use self::limits::LimitUse;
pub(crate) use self::subjects::{Subject, is_nobodys, subjects};

pub(crate) use self::text::lines;
pub(crate) use self::text::window::{Window, rows};

use crate::error::CommandError;
use crate::lock::AtWork;

/// All that is known of one queue at one moment.
#[derive(Default)]
pub(crate) struct QueueStatus {
    pub name: String,
    /// Without secrets.
    pub destination: Option<String>,
    pub queue_dir: String,
    pub closure_type: &'static str,
    pub counts: Counts,
    /// The entries whose store object is there.
    pub present: Vec<StorePath>,
    /// What is in its directory besides entries.
    pub foreign: Vec<Foreign>,
    pub held: Held,
    /// Each limit that is set.
    pub limits: Vec<LimitUse>,
    /// Why it takes nothing new, if a limit says so.
    pub closed: Option<String>,
    /// What limits kept out, and what they dropped undelivered.
    pub refused: Tally,
    pub dropped: Tally,
    pub remembered: Remembered,
    /// A push that is at work on it.
    pub at_work: Option<AtWork>,
    /// When a push would find something whose turn it is; `None`: nothing is queued but what is
    /// parked.
    pub next_try: Option<SystemTime>,
    /// What could not be seen of it, and why.
    pub unseen: Vec<String>,
    /// Why somebody has to look at it, the worst first.
    pub reasons: Vec<Reason>,
}

/// Its entries, counted.
#[derive(Default)]
pub(crate) struct Counts {
    pub entries: usize,
    pub ready: usize,
    pub backing_off: usize,
    pub parked: usize,
    pub unrooted: usize,
    pub absent: usize,
    pub foreign: usize,
    /// When the oldest was enqueued.
    pub oldest: Option<SystemTime>,
}

/// What its pushes remember.
#[derive(Default)]
pub(crate) struct Remembered {
    pub ledger: Ledger,
    /// Why that is lost, if it is.
    pub lost: Option<String>,
    /// The destination is not asked before.
    pub destination_until: Option<SystemTime>,
    /// Full paths of entries with their failures, the most urgent first.
    pub failures: Vec<(String, Failures)>,
}

impl Remembered {
    /// The last push that had something to do.
    pub(crate) fn last_push(&self) -> Option<&LastPush> {
        self.ledger.last_push()
    }

    pub(crate) fn last_success(&self) -> Option<SystemTime> {
        self.last_push().and_then(|last| last.last_success)
    }
}

impl QueueStatus {
    /// The worst of its reasons.
    pub(crate) fn level(&self) -> Level {
        let levels = self.reasons.iter().map(|reason| reason.level);
        levels.max().unwrap_or_default()
    }
}

/// What came of looking at a queue.
pub(crate) enum Looked {
    /// That.
    Seen(Box<QueueStatus>),
    /// It cannot be looked at.
    Unseen {
        /// Its name.
        name: String,
        /// Why, the worst first.
        reasons: Vec<Reason>,
    },
}

impl Looked {
    /// What came of looking at it: `None` where nobody could, for faults of the configuration.
    pub(crate) fn of(
        subject: &Subject<'_>,
        seen: Option<Result<QueueStatus, CommandError>>,
    ) -> Self {
        let mut reasons = subject.faults.clone();
        let name = subject.name.to_owned();
        match seen {
            Some(Ok(mut status)) => {
                reasons.append(&mut status.reasons);
                Self::Seen(Box::new(QueueStatus { reasons, ..status }))
            }
            Some(Err(error)) => {
                reasons.push(Reason::unreadable(&error));
                Self::Unseen { name, reasons }
            }
            None => Self::Unseen { name, reasons },
        }
    }

    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Seen(status) => &status.name,
            Self::Unseen { name, .. } => name,
        }
    }

    pub(crate) fn level(&self) -> Level {
        match self {
            Self::Seen(status) => status.level(),
            Self::Unseen { .. } => Level::Broken,
        }
    }

    pub(crate) fn reasons(&self) -> &[Reason] {
        match self {
            Self::Seen(status) => &status.reasons,
            Self::Unseen { reasons, .. } => reasons,
        }
    }

    pub(crate) fn seen(&self) -> Option<&QueueStatus> {
        match self {
            Self::Seen(status) => Some(status),
            Self::Unseen { .. } => None,
        }
    }
}
