//! How far an upload is: what its copies tell, added up.

use std::collections::{BTreeMap, HashMap};

use queue_core::{StoreObject, StorePath};

use crate::CopyEvent;

mod one_copy;
use one_copy::{OneCopy, Unsized};

/// Most paths whose size is looked for later.
const MAX_UNSIZED: usize = 10_000;

/// What an upload tells about itself. Free of secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UploadEvent {
    /// An upload begins; nothing of an earlier one counts any more.
    Begins,
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
    /// It has ended, whatever it came to.
    Ended {
        /// Its number.
        copy: u64,
    },
    /// All that the upload may bring, where that was asked for.
    Sizes(Vec<StoreObject>),
}

/// How far an upload is, by what its copies told. Of several at once it is the sum.
///
/// - What is done never becomes less during an upload, and what is expected is never less than that. (What
///   is expected may change: it is an estimate until each copy has looked what the destination has.)
/// - What the destination has already is not expected.
/// - What a copy that failed left half done stays counted as bytes, which did go, not as a path; the copy
///   that follows tells of its own.
/// - It does not grow with what is told.
///
/// ```
/// use nix_copy::{CopyEvent, UploadEvent, UploadProgress};
///
/// let mut progress = UploadProgress::default();
/// progress.note(&UploadEvent::Begins);
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
    sent: u64,
}

/// So much of so much.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Share {
    /// That much is done.
    pub done: u64,
    /// Of so much, as far as that is known.
    pub expected: Option<u64>,
}

/// How far an upload is at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UploadSnapshot {
    /// Store paths. What is expected is known once Nix has looked what the destination lacks.
    pub paths: Share,
    /// Bytes of their NARs, as they are read.
    pub bytes: Share,
    /// Bytes that are sent by HTTP at the moment, where Nix tells of that (2.34.8).
    pub sending: Option<Share>,
    /// How many paths are being copied.
    pub under_way: usize,
    /// The one of them that began first.
    pub path: Option<StorePath>,
    /// All bytes that moved, in all uploads so far: sent, where Nix tells of that, else read.
    pub moved: u64,
}

impl UploadProgress {
    /// Takes what is told, in the order in which it is.
    pub fn note(&mut self, progress: &UploadEvent) {
        match progress {
            UploadEvent::Begins => self.begin(),
            UploadEvent::Planned { copy, paths, bytes } => {
                self.copies.insert(*copy, OneCopy::planned(*paths, *bytes));
            }
            UploadEvent::Copy { copy, event } => self.copy(*copy, event),
            UploadEvent::Ended { copy } => self.end(*copy),
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
        let sent = self.ended.sent.saturating_add(sum(OneCopy::sent));
        let first = copies()
            .filter_map(OneCopy::first_path)
            .min_by_key(|(age, _)| *age);
        UploadSnapshot {
            paths,
            bytes: Share {
                done: bytes_done,
                expected: self.bytes_expected(paths.expected, bytes_done),
            },
            sending: sending(copies()),
            under_way: copies().map(OneCopy::under_way).sum(),
            path: first.and_then(|(_, path)| path.clone()),
            moved: self.moved(bytes_done, sent),
        }
    }

    /// Paths and bytes that were copied in all uploads so far.
    #[must_use]
    pub fn copied(&self) -> (u64, u64) {
        let snapshot = self.snapshot();
        let paths = self.before.paths.saturating_add(snapshot.paths.done);
        (paths, self.before.bytes.saturating_add(snapshot.bytes.done))
    }

    fn moved(&self, read: u64, sent: u64) -> u64 {
        let (read, sent) = (
            self.before.bytes.saturating_add(read),
            self.before.sent.saturating_add(sent),
        );
        if sent > 0 { sent } else { read }
    }

    fn begin(&mut self) {
        let (paths, bytes) = self.copied();
        let copies = self.copies.values().map(OneCopy::sent);
        let sent = copies.fold(self.ended.sent, u64::saturating_add);
        *self = Self {
            before: Sums {
                paths,
                bytes,
                sent: self.before.sent.saturating_add(sent),
            },
            ..Self::default()
        };
    }

    fn copy(&mut self, copy: u64, event: &CopyEvent) {
        let (sizes, copy) = (&self.sizes, self.copies.entry(copy).or_default());
        let size = |path: &StorePath| sizes.get(path).copied();
        if let Some(Unsized(path)) = copy.note(event, &size) {
            self.lacks_bytes = true;
            let has_room = self.without_size.len() < MAX_UNSIZED;
            self.without_size.extend(path.filter(|_| has_room));
        }
    }

    /// What it did not do, it does no more.
    fn end(&mut self, copy: u64) {
        let Some(copy) = self.copies.remove(&copy) else {
            return;
        };
        let Sums { paths, bytes, sent } = &mut self.ended;
        *paths = paths.saturating_add(copy.paths_done());
        *bytes = bytes.saturating_add(copy.bytes_done());
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

fn sending<'c>(copies: impl Iterator<Item = &'c OneCopy>) -> Option<Share> {
    let (done, expected) = copies.filter_map(OneCopy::sending).fold(
        (0_u64, 0_u64),
        |(all_done, all_expected), (done, expected)| {
            let all_done = all_done.saturating_add(done);
            (all_done, all_expected.saturating_add(expected))
        },
    );
    (expected > 0).then_some(Share {
        done,
        expected: Some(expected),
    })
}

#[cfg(test)]
mod tests;
