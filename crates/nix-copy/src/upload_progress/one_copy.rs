//! How far one call of `nix copy` is.

use std::collections::{BTreeMap, VecDeque};

use queue_core::StorePath;

use crate::CopyEvent;

/// Most of what is under way at the same time, of paths and of files.
const MAX_UNDER_WAY: usize = 10_000;

/// What one call told. What is done only grows, whatever it tells.
#[derive(Debug, Clone, Default)]
pub(super) struct OneCopy {
    planned_paths: u64,
    planned_bytes: Option<u64>,
    told_paths: Option<u64>,
    told_bytes: Option<u64>,
    /// By its own count, if it tells.
    told_done: Option<u64>,
    ended_paths: u64,
    ended_bytes: u64,
    paths: BTreeMap<u64, Path>,
    /// Read, and not done by its count: to a cache by HTTP a path ends when it is compressed, and is sent
    /// after that (2.34.8).
    read: VecDeque<(u64, Option<StorePath>)>,
    uploads: BTreeMap<u64, Upload>,
    ended_uploads: u64,
    /// How many paths have begun.
    begun: u64,
}

#[derive(Debug, Clone)]
struct Path {
    path: Option<StorePath>,
    /// How many had begun before.
    age: u64,
    done: u64,
    /// `None` until Nix tells.
    expected: Option<u64>,
}

#[derive(Debug, Clone, Copy)]
struct Upload {
    done: u64,
    expected: u64,
}

/// A path that is done, and whose size nobody knows.
pub(super) struct Unsized(pub(super) Option<StorePath>);

impl OneCopy {
    pub(super) fn planned(paths: u64, bytes: Option<u64>) -> Self {
        Self {
            planned_paths: paths,
            planned_bytes: bytes,
            ..Self::default()
        }
    }

    /// `size` knows that of some paths.
    pub(super) fn note(
        &mut self,
        event: &CopyEvent,
        size: &dyn Fn(&StorePath) -> Option<u64>,
    ) -> Option<Unsized> {
        match event {
            CopyEvent::Paths(number) => self.told_paths = Some(*number),
            CopyEvent::Bytes(number) => self.told_bytes = Some(*number),
            CopyEvent::PathsDone(number) => {
                self.told_done = Some(self.paths_done().max(*number));
                self.forget_what_is_done();
            }
            CopyEvent::PathBegan { id, path } => self.path_began(*id, path.clone()),
            CopyEvent::PathMoved { id, done, expected } => self.path_moved(*id, *done, *expected),
            CopyEvent::PathEnded { id } => return self.path_ended(*id, size),
            CopyEvent::UploadMoved { id, done, expected } => {
                self.upload_moved(*id, *done, *expected);
            }
            CopyEvent::UploadEnded { id } => {
                let ended = self.uploads.remove(id).map_or(0, |upload| upload.done);
                self.ended_uploads = self.ended_uploads.saturating_add(ended);
            }
        }
        None
    }

    fn path_began(&mut self, id: u64, path: Option<StorePath>) {
        if self.paths.len() >= MAX_UNDER_WAY || self.paths.contains_key(&id) {
            return;
        }
        let begun = Path {
            path,
            age: self.begun,
            done: 0,
            expected: None,
        };
        self.paths.insert(id, begun);
        self.begun += 1;
    }

    fn path_moved(&mut self, id: u64, done: u64, expected: u64) {
        if let Some(path) = self.paths.get_mut(&id) {
            path.done = path.done.max(done.min(expected));
            path.expected = Some(expected.max(path.done));
        }
    }

    fn path_ended(&mut self, id: u64, size: &dyn Fn(&StorePath) -> Option<u64>) -> Option<Unsized> {
        let Path {
            path,
            age,
            done,
            expected,
        } = self.paths.remove(&id)?;
        if expected.is_some_and(|expected| done < expected) {
            self.ended_bytes = self.ended_bytes.saturating_add(done);
            return None;
        }
        self.ended_paths += 1;
        self.read.push_back((age, path.clone()));
        self.forget_what_is_done();
        let bytes = match expected {
            Some(_) => Some(done),
            None => path.as_ref().and_then(size),
        };
        self.ended_bytes = self.ended_bytes.saturating_add(bytes.unwrap_or_default());
        bytes.is_none().then_some(Unsized(path))
    }

    /// Which of them is done is not told; those that began first, as a rule.
    fn forget_what_is_done(&mut self) {
        let waiting = self.ended_paths.saturating_sub(self.paths_done());
        let waiting = usize::try_from(waiting).unwrap_or(MAX_UNDER_WAY);
        while self.read.len() > waiting.min(MAX_UNDER_WAY) {
            self.read.pop_front();
        }
    }

    fn upload_moved(&mut self, id: u64, done: u64, expected: u64) {
        if self.uploads.len() >= MAX_UNDER_WAY && !self.uploads.contains_key(&id) {
            return;
        }
        let upload = self.uploads.entry(id).or_insert(Upload {
            done: 0,
            expected: 0,
        });
        upload.done = upload.done.max(done.min(expected));
        upload.expected = expected.max(upload.done);
    }

    /// Whether it told what there is to copy.
    pub(super) fn has_told(&self) -> bool {
        self.told_paths.is_some()
    }

    /// What is told counts, once it is: that it is 0 is told before the first path begins.
    pub(super) fn paths_done(&self) -> u64 {
        self.told_done.unwrap_or(self.ended_paths)
    }

    pub(super) fn paths_expected(&self) -> u64 {
        let expected = self.told_paths.unwrap_or(self.planned_paths);
        expected.max(self.paths_done())
    }

    pub(super) fn bytes_done(&self) -> u64 {
        let under_way = self.paths.values().map(|path| path.done);
        under_way.fold(self.ended_bytes, u64::saturating_add)
    }

    /// `None` where it does not tell.
    pub(super) fn bytes_expected(&self) -> Option<u64> {
        let planned = self.planned_bytes.filter(|_| !self.has_told());
        let nothing = (self.told_paths == Some(0)).then_some(0);
        let expected = self.told_bytes.or(planned).or(nothing)?;
        Some(expected.max(self.bytes_done()))
    }

    pub(super) fn sent(&self) -> u64 {
        let under_way = self.uploads.values().map(|upload| upload.done);
        under_way.fold(self.ended_uploads, u64::saturating_add)
    }

    /// Of what is sent at the moment.
    pub(super) fn sending(&self) -> Option<(u64, u64)> {
        let sum =
            |of: fn(&Upload) -> u64| self.uploads.values().map(of).fold(0, u64::saturating_add);
        let (done, expected) = (sum(|upload| upload.done), sum(|upload| upload.expected));
        (expected > 0).then_some((done, expected))
    }

    pub(super) fn under_way(&self) -> usize {
        self.paths.len() + self.read.len()
    }

    /// The path that began first, and after how many others.
    pub(super) fn first_path(&self) -> Option<(u64, &Option<StorePath>)> {
        let paths = self.paths.values().map(|path| (path.age, &path.path));
        let read = self.read.iter().map(|(age, path)| (*age, path));
        paths.chain(read).min_by_key(|(age, _)| *age)
    }
}
