//! How far an upload is: what its copies tell, added up.

use std::collections::{BTreeMap, HashMap};

use queue_core::{StoreObject, StorePath};

use crate::CopyEvent;

mod one_copy;
mod stage;
use one_copy::{OneCopy, Unsized};
pub use stage::Stage;

/// Most paths whose size is looked for later.
const MAX_UNSIZED: usize = 10_000;

/// What an upload tells about itself. Free of secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UploadEvent {
    /// An upload begins; nothing of an earlier one counts any more.
    Begins {
        /// Whether a path is read as a whole, compressed, and sent only then, as to a binary cache by
        /// HTTP.
        sends: bool,
    },
    /// One call of Nix will be made that is told so many paths: an estimate of what it will copy, until
    /// it has looked what the destination lacks.
    Planned {
        /// Its number, of which no upload has two.
        copy: u64,
        /// Paths.
        paths: u64,
        /// Bytes of their NARs, where that is known.
        bytes: Option<u64>,
    },
    /// It says something.
    Copy {
        /// Its number.
        copy: u64,
        /// What.
        event: CopyEvent,
    },
    /// It has ended.
    Ended {
        /// Its number.
        copy: u64,
        /// Whether it has copied all.
        well: bool,
    },
    /// All that the upload may bring, where that was asked for.
    Sizes(Vec<StoreObject>),
}

/// How far an upload is, by what its copies told. Of several at once it is the sum.
///
/// - Where a path is read first and sent then, its bytes are done as they are sent; where Nix does not tell
///   that (before 2.34), when it is there.
/// - What is done never becomes less during an upload, and what is expected is never less than that. (What
///   is expected may change: it is an estimate until each copy has looked what the destination has.)
/// - What the destination has already is not expected.
///   Only of a Nix that tells how far no path is (2.8.0) a path may not be done after all: when a copy ends
///   that failed, the last ones to end may have failed as well.
/// - What a copy that failed left half done stays counted as bytes, which did go, not as a path; the copy
///   that follows tells of its own.
/// - It does not grow with what is told.
///
/// ```
/// use nix_copy::{CopyEvent, UploadEvent, UploadProgress};
///
/// let mut progress = UploadProgress::default();
/// progress.note(&UploadEvent::Begins { sends: false });
/// let mut tell = |event| progress.note(&UploadEvent::Copy { copy: 1, event });
/// tell(CopyEvent::Paths(2));
/// tell(CopyEvent::Bytes(300));
/// tell(CopyEvent::PathBegan { id: 7, path: None });
/// tell(CopyEvent::PathMoved { id: 7, done: 40, expected: 100 });
/// let snapshot = progress.snapshot();
/// assert_eq!((snapshot.paths.done, snapshot.paths.expected), (0, Some(2)));
/// assert_eq!((snapshot.bytes.done, snapshot.bytes.expected), (40, Some(300)));
/// ```
#[derive(Debug, Clone, Default)]
pub struct UploadProgress {
    sends: bool,
    copies: BTreeMap<u64, OneCopy>,
    /// Of copies that have ended.
    ended: Sums,
    /// Of each path that the upload may bring.
    sizes: HashMap<StorePath, u64>,
    closure_bytes: u64,
    /// Done, by a Nix that does not tell of bytes, before sizes were known.
    without_size: Vec<StorePath>,
    /// Whether bytes are not counted, for there was no size.
    lacks_bytes: bool,
    /// Of the uploads before this one.
    before: Sums,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Sums {
    paths: u64,
    bytes: u64,
    read: u64,
    sent: u64,
}

/// All bytes that moved, in all uploads so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moved {
    /// By what was read of paths.
    Read(u64),
    /// By what was sent, which is compressed.
    Sent(u64),
}

/// So much of so much.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Share {
    /// That much is done.
    pub done: u64,
    /// Of so much, as far as that is known.
    pub expected: Option<u64>,
}

impl Share {
    /// With so much that was done before.
    fn after(self, before: u64) -> Self {
        Self {
            done: before.saturating_add(self.done),
            expected: self
                .expected
                .map(|expected| before.saturating_add(expected)),
        }
    }
}

/// How far an upload is at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UploadSnapshot {
    /// Store paths. What is expected is known once Nix has looked what the destination lacks.
    pub paths: Share,
    /// Bytes of their NARs.
    pub bytes: Share,
    /// What is being done with the paths under way.
    pub stage: Stage,
    /// How many paths are being copied.
    pub under_way: usize,
    /// The one of them that began first.
    pub path: Option<StorePath>,
    /// What moves at this stage; `None` where Nix does not tell.
    pub moved: Option<Moved>,
}

impl UploadProgress {
    /// Takes what is told, in the order in which it is.
    pub fn note(&mut self, progress: &UploadEvent) {
        match progress {
            UploadEvent::Begins { sends } => self.begin(*sends),
            UploadEvent::Planned { copy, paths, bytes } => {
                let planned = OneCopy::new(self.sends).planned(*paths, *bytes);
                self.copies.insert(*copy, planned);
            }
            UploadEvent::Copy { copy, event } => self.copy(*copy, event),
            UploadEvent::Ended { copy, well } => self.end(*copy, *well),
            UploadEvent::Sizes(objects) => self.learn(objects),
        }
    }

    /// How far the upload is.
    #[must_use]
    pub fn snapshot(&self) -> UploadSnapshot {
        let copies = || self.copies.values();
        let sum = |of: fn(&OneCopy) -> u64| copies().map(of).fold(0, u64::saturating_add);
        let paths = Share {
            done: self.ended.paths.saturating_add(sum(OneCopy::paths_done)),
            expected: self.paths_expected(),
        };
        let bytes_done = self.ended.bytes.saturating_add(sum(OneCopy::bytes_done));
        let stage = Stage::of(self.sends, copies());
        let first = copies()
            .filter_map(OneCopy::first_path)
            .min_by_key(|(age, _)| *age);
        UploadSnapshot {
            paths,
            bytes: Share {
                done: bytes_done,
                expected: self.bytes_expected(paths.expected, bytes_done),
            },
            stage,
            under_way: copies().map(OneCopy::under_way).sum(),
            path: first.and_then(|(_, path)| path.clone()),
            moved: self.moved(stage),
        }
    }

    /// Paths and bytes of all uploads so far; this one is the last that something is expected of.
    #[must_use]
    pub fn in_all(&self) -> (Share, Share) {
        let UploadSnapshot { paths, bytes, .. } = self.snapshot();
        (
            paths.after(self.before.paths),
            bytes.after(self.before.bytes),
        )
    }

    /// Paths and bytes that were copied in all uploads so far.
    #[must_use]
    pub fn copied(&self) -> (u64, u64) {
        let (paths, bytes) = self.in_all();
        (paths.done, bytes.done)
    }

    fn moved(&self, stage: Stage) -> Option<Moved> {
        let sent = self.sent();
        match stage {
            Stage::Copies | Stage::Reads(_) => Some(Moved::Read(self.read())),
            // It told before, so it tells.
            Stage::Sends(told) if told.is_some() || sent > 0 => Some(Moved::Sent(sent)),
            Stage::CopiesUnseen | Stage::Sends(_) | Stage::ReadsAndSends | Stage::Between => None,
        }
    }

    /// In all uploads so far.
    fn read(&self) -> u64 {
        let before = self.before.read.saturating_add(self.ended.read);
        let copies = self.copies.values().map(OneCopy::read);
        copies.fold(before, u64::saturating_add)
    }

    /// In all uploads so far.
    fn sent(&self) -> u64 {
        let before = self.before.sent.saturating_add(self.ended.sent);
        let copies = self.copies.values().map(OneCopy::sent);
        copies.fold(before, u64::saturating_add)
    }

    fn begin(&mut self, sends: bool) {
        let (paths, bytes) = self.copied();
        *self = Self {
            sends,
            before: Sums {
                paths,
                bytes,
                read: self.read(),
                sent: self.sent(),
            },
            ..Self::default()
        };
    }

    fn copy(&mut self, copy: u64, event: &CopyEvent) {
        let new = || OneCopy::new(self.sends);
        let (sizes, copy) = (&self.sizes, self.copies.entry(copy).or_insert_with(new));
        let size = |path: &StorePath| sizes.get(path).copied();
        if let Some(Unsized(path)) = copy.note(event, &size) {
            self.lacks_bytes = true;
            let has_room = self.without_size.len() < MAX_UNSIZED;
            self.without_size.extend(path.filter(|_| has_room));
        }
    }

    /// What it did not do, it does no more.
    fn end(&mut self, copy: u64, well: bool) {
        let Some(mut copy) = self.copies.remove(&copy) else {
            return;
        };
        match well {
            true => copy.end_well(),
            false => copy.fail(),
        }
        let Sums {
            paths,
            bytes,
            read,
            sent,
        } = &mut self.ended;
        *paths = paths.saturating_add(copy.paths_done());
        *bytes = bytes.saturating_add(copy.bytes_done());
        *read = read.saturating_add(copy.read());
        *sent = sent.saturating_add(copy.sent());
    }

    fn learn(&mut self, objects: &[StoreObject]) {
        let sizes = objects.iter().map(|object| object.nar_size);
        self.closure_bytes = sizes.fold(0, u64::saturating_add);
        let sizes = objects
            .iter()
            .map(|object| (object.path.clone(), object.nar_size));
        self.sizes = sizes.collect();
        let late = std::mem::take(&mut self.without_size);
        let sizes: Option<Vec<_>> = late.iter().map(|path| self.sizes.get(path)).collect();
        self.lacks_bytes &= sizes.is_none();
        let late = late.iter().filter_map(|path| self.sizes.get(path));
        self.ended.bytes = late.fold(self.ended.bytes, |sum, size| sum.saturating_add(*size));
    }

    /// Not known before a copy has told.
    fn paths_expected(&self) -> Option<u64> {
        let has_told = self.copies.values().any(OneCopy::has_told) || self.ended.paths > 0;
        let expected = self.copies.values().map(OneCopy::paths_expected);
        has_told.then(|| expected.fold(self.ended.paths, u64::saturating_add))
    }

    fn bytes_expected(&self, paths: Option<u64>, done: u64) -> Option<u64> {
        let paths = paths?;
        let told: Option<u64> = self
            .copies
            .values()
            .map(OneCopy::bytes_expected)
            .try_fold(self.ended.bytes, |sum, bytes| {
                Some(sum.saturating_add(bytes?))
            });
        // Where Nix does not tell, it is known only if all goes.
        let all = usize::try_from(paths).is_ok_and(|paths| paths == self.sizes.len());
        let told = told.filter(|_| !self.lacks_bytes);
        let known = told.or_else(|| (all && paths > 0).then_some(self.closure_bytes))?;
        Some(known.max(done))
    }
}

#[cfg(test)]
mod tests;
