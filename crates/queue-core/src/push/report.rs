//! What a push tells: events while it runs, a report at its end.

use std::num::NonZeroUsize;
use std::time::{Duration, SystemTime};

use crate::{Foreign, LedgerError, PortError, RetryPolicy, StorePath, UploadError, UploadWarning};

/// How a push goes about it.
#[derive(Debug, Clone)]
pub struct PushOptions {
    /// The destination's name, free of secrets, and the same as long as it is the
    /// same one. A destination that did not answer holds up nothing that goes to
    /// another one, and what failed there, or is parked for it, starts anew.
    pub destination: String,
    /// Entries per upload at most.
    pub batch_size: NonZeroUsize,
    /// When failures are tried again.
    pub retry: RetryPolicy,
    /// Ask the destination for every entry before it leaves the queue.
    pub verify: bool,
    /// Take what is backing off as well, a destination too. Not the parked.
    pub force: bool,
    /// Any number, another one for each push: spreads the waits, and chooses
    /// whom to ask about to tell an entry's fault from the machine's.
    pub seed: u64,
}

impl Default for PushOptions {
    /// A thousand entries per upload (Nix takes that many arguments on every
    /// system), the default waits, no verifying.
    fn default() -> Self {
        Self {
            destination: String::new(),
            batch_size: NonZeroUsize::new(1000).unwrap_or(NonZeroUsize::MIN),
            retry: RetryPolicy::default(),
            verify: false,
            force: false,
            seed: 0,
        }
    }
}

/// Something that the user of a push may want to know at once.
#[derive(Debug)]
#[non_exhaustive]
pub enum PushEvent<'a> {
    /// The ledger could not be read; the push goes on without its memory.
    LedgerLost(&'a LedgerError),
    /// So many entries had failed at a destination of another name. That is
    /// forgotten; they are tried as if they were new.
    OtherDestination(usize),
    /// Something in the queue directory is not ours.
    Foreign(&'a Foreign),
    /// An entry had no root (its producer died on the way) and has one now.
    Rooted(&'a StorePath),
    /// An entry's store path is no longer valid; the entry was removed.
    Invalid(&'a StorePath),
    /// An entry was dropped undelivered, since the queue was beyond a limit:
    /// which.
    Dropped(&'a StorePath, &'a str),
    /// The queue takes nothing new until a push finds it within its limits: why.
    Closed(&'a str),
    /// It takes what is new again.
    Opened,
    /// So many entries are ready, and tried now, batch after batch. More may become ready
    /// meanwhile, which is told again.
    Ready(usize),
    /// These are being copied.
    Started(&'a [StorePath]),
    /// These are at the destination and left the queue.
    Uploaded(&'a [StorePath]),
    /// A batch has come to its end: of its entries each is uploaded, has failed, is
    /// gone, or is left since the push ends.
    BatchEnded,
    /// An upload of so many entries, or a comparison of their contents, failed
    /// and is tried in smaller parts.
    Split(usize, &'a UploadError),
    /// An upload did something other than asked.
    Warning(&'a UploadWarning),
    /// An entry failed by itself.
    Failed(&'a FailedEntry),
    /// A drain waits before it pushes again.
    Waiting {
        /// So long at most.
        time: Duration,
        /// How the last push ended.
        why: &'a Outcome,
    },
    /// A drain has nothing left, and waits for what may be enqueued, if anything.
    Resting,
    /// Something did not work that does not stop the push.
    Problem(&'a PortError),
}

/// Sees the events of a push.
pub trait PushObserver {
    /// Called as they happen, in order.
    fn notice(&mut self, event: &PushEvent<'_>);
}

impl<F: FnMut(&PushEvent<'_>)> PushObserver for F {
    fn notice(&mut self, event: &PushEvent<'_>) {
        self(event);
    }
}

/// An entry that failed by itself and stays queued.
#[derive(Debug, Clone)]
pub struct FailedEntry {
    /// The entry.
    pub path: StorePath,
    /// Why.
    pub error: UploadError,
    /// How often it failed so far.
    pub attempts: u32,
    /// When it is tried again; `None` when it is parked now.
    pub next_try: Option<SystemTime>,
}

/// How a push ended.
#[derive(Debug)]
#[non_exhaustive]
pub enum Outcome {
    /// It went through everything that was ready.
    Finished,
    /// Another push holds the lock; this one did nothing.
    AlreadyRunning,
    /// The caller asked to stop; what is not confirmed stays queued.
    Cancelled,
    /// The destination did not answer a short while ago and was not asked.
    BackingOff {
        /// It is asked again then.
        until: SystemTime,
        /// What it last said.
        error: String,
    },
    /// The destination does not answer; the rest stays queued.
    Unavailable {
        /// What it said.
        error: UploadError,
        /// It is asked again then.
        until: SystemTime,
    },
    /// The uploader could not run on this machine, or no contents could be
    /// compared; all stays queued, nobody is blamed.
    Broken(UploadError),
}

/// When there is something to do for a push.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NextTry {
    /// Not known: another push is at work, or the queue could not be read in the
    /// end.
    Unknown,
    /// Until something is enqueued, or somebody asks, never: nothing is queued
    /// but what is parked.
    Never,
    /// At that time, which may be over.
    At(SystemTime),
}

impl NextTry {
    /// The time, where there is one.
    #[must_use]
    pub fn time(self) -> Option<SystemTime> {
        match self {
            Self::At(time) => Some(time),
            Self::Unknown | Self::Never => None,
        }
    }
}

/// That of a [`Plan`](crate::Plan), which knows all that is queued.
impl From<Option<SystemTime>> for NextTry {
    fn from(time: Option<SystemTime>) -> Self {
        time.map_or(Self::Never, Self::At)
    }
}

/// What a push did.
#[derive(Debug)]
pub struct PushReport {
    /// How it ended.
    pub outcome: Outcome,
    /// Copied, confirmed, and no longer queued.
    pub uploaded: Vec<StorePath>,
    /// Removed from the queue because their store path is no longer valid.
    pub invalid: Vec<StorePath>,
    /// Removed from the queue undelivered, since it was beyond a limit.
    pub dropped: Vec<StorePath>,
    /// Why the queue takes nothing new from now on, where a limit says so: this
    /// push, or an earlier one where this one could not judge. Not known, and
    /// `None`, after [`Outcome::AlreadyRunning`].
    pub closed: Option<String>,
    /// How many bytes of the store what is left keeps alive, where this push
    /// had to know: a limit in bytes made it ask.
    pub pinned: Option<u64>,
    /// Failed by themselves; queued still, but for what was dropped.
    pub failed: Vec<FailedEntry>,
    /// Entries not tried because they back off.
    pub backing_off: usize,
    /// Entries that are parked, those that this push parked included.
    pub parked: usize,
    /// How much in the queue's directory was no entry when the push ended.
    pub foreign: usize,
    /// Entries that were ready and are queued still, untried or not confirmed:
    /// the push ended early, or what was no longer valid could not leave.
    pub left: usize,
    /// When a push would find something whose turn it is.
    pub next_try: NextTry,
    /// What did not work besides: an entry that could not be removed, a ledger
    /// that could not be saved.
    pub problems: Vec<PortError>,
}

impl PushReport {
    pub(crate) fn new(outcome: Outcome) -> Self {
        Self {
            outcome,
            uploaded: Vec::new(),
            invalid: Vec::new(),
            dropped: Vec::new(),
            closed: None,
            pinned: None,
            failed: Vec::new(),
            backing_off: 0,
            parked: 0,
            foreign: 0,
            left: 0,
            next_try: NextTry::Unknown,
            problems: Vec::new(),
        }
    }
}
