//! How far one call of `nix copy` is.

use std::collections::{BTreeMap, VecDeque};

use queue_core::StorePath;

use crate::CopyEvent;

/// Most of what is under way at the same time, of paths and of files.
const MAX_UNDER_WAY: usize = 10_000;

/// What one call told. What is done only grows, whatever it tells.
#[derive(Debug, Clone, Default)]
pub(super) struct OneCopy {
    /// Whether what is read is sent only then.
    sends: bool,
    planned_paths: u64,
    planned_bytes: Option<u64>,
    told_paths: Option<u64>,
    told_bytes: Option<u64>,
    /// By its own count, if it tells.
    told_done: Option<u64>,
    ended_paths: u64,
    /// Of them and of their bytes, what had ended when the last path began.
    certain: (u64, u64),
    ended_bytes: u64,
    /// Of the paths that are done.
    there_bytes: u64,
    /// Read of paths that were not read to their end.
    broken_bytes: u64,
    paths: BTreeMap<u64, Path>,
    /// Read, and not done by its count: to a cache by HTTP a path ends when it is compressed, and is sent
    /// after that (2.34.8).
    read: VecDeque<Read>,
    /// Sent of paths that are done.
    sent: u64,
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

/// A path that is read and not done.
#[derive(Debug, Clone)]
struct Read {
    path: Option<StorePath>,
    age: u64,
    /// Of its NAR.
    bytes: u64,
    /// What sends it. Nix does not tell which path a file is of; they are sent in the order in which
    /// they were read, but for those of the same moment.
    upload: Option<u64>,
    /// Of its file.
    sent: u64,
    /// Of its file, once it is told.
    to_send: u64,
    is_sent: bool,
}

impl Read {
    /// As much of its NAR as was sent of its file.
    fn done(&self) -> u64 {
        let share = u128::from(self.bytes) * u128::from(self.sent);
        let done = share / u128::from(self.to_send.max(1));
        u64::try_from(done).unwrap_or(self.bytes).min(self.bytes)
    }
}

/// A path that is done, and whose size nobody knows.
pub(super) struct Unsized(pub(super) Option<StorePath>);

impl OneCopy {
    pub(super) fn new(sends: bool) -> Self {
        Self {
            sends,
            ..Self::default()
        }
    }

    pub(super) fn planned(self, paths: u64, bytes: Option<u64>) -> Self {
        Self {
            planned_paths: paths,
            planned_bytes: bytes,
            ..self
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
                if let Some(read) = self.sent_by(*id) {
                    read.is_sent = true;
                }
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
        // After a failure none begins.
        self.certain = (self.ended_paths, self.there_bytes);
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
            self.broken_bytes = self.broken_bytes.saturating_add(done);
            return None;
        }
        let bytes = match expected {
            Some(_) => Some(done),
            None => path.as_ref().and_then(size),
        };
        self.ended_paths += 1;
        self.ended_bytes = self.ended_bytes.saturating_add(bytes.unwrap_or_default());
        self.read.push_back(Read {
            path: path.clone(),
            age,
            bytes: bytes.unwrap_or_default(),
            upload: None,
            sent: 0,
            to_send: 0,
            is_sent: false,
        });
        self.forget_what_is_done();
        bytes.is_none().then_some(Unsized(path))
    }

    /// Which of them is done is not told: one that was sent, else the one that was read first.
    fn forget_what_is_done(&mut self) {
        let waiting = self.ended_paths.saturating_sub(self.paths_done());
        let waiting = usize::try_from(waiting).unwrap_or(MAX_UNDER_WAY);
        while self.read.len() > waiting.min(MAX_UNDER_WAY) {
            let sent = self.read.iter().position(|read| read.is_sent);
            if let Some(read) = self.read.remove(sent.unwrap_or_default()) {
                self.sent = self.sent.saturating_add(read.sent);
                self.there_bytes = self.there_bytes.saturating_add(read.bytes);
            }
        }
    }

    fn sent_by(&mut self, id: u64) -> Option<&mut Read> {
        self.read.iter_mut().find(|read| read.upload == Some(id))
    }

    /// Of nothing that was read it tells bytes that came back (2.8.0, 2.26.3).
    fn upload_moved(&mut self, id: u64, done: u64, expected: u64) {
        if self.sent_by(id).is_none()
            && let Some(next) = self.read.iter_mut().find(|read| read.upload.is_none())
        {
            next.upload = Some(id);
            next.to_send = expected;
        }
        if let Some(read) = self.sent_by(id) {
            // The size of a file does not change.
            read.sent = read.sent.max(done.min(read.to_send));
        }
    }

    /// Whoever ends well has done all, whatever was told: over `ssh-ng://` that a path is done is told
    /// when the next one begins, and of the last one never (2.26.3, 2.34.8).
    pub(super) fn end_well(&mut self) {
        let all = self.told_paths.unwrap_or_default().max(self.ended_paths);
        self.told_done = Some(self.paths_done().max(all));
        self.forget_what_is_done();
    }

    /// Nix 2.8.0 tells that a path has ended, not whether it is there.
    pub(super) fn fail(&mut self) {
        if self.told_done.is_none() && self.told_bytes.is_none() {
            (self.ended_paths, self.there_bytes) = self.certain;
            self.ended_bytes = self.there_bytes;
        }
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
        if !self.sends {
            return self.read();
        }
        let sending = self.read.iter().map(Read::done);
        sending.fold(self.there_bytes, u64::saturating_add)
    }

    pub(super) fn read(&self) -> u64 {
        let ended = self.ended_bytes.saturating_add(self.broken_bytes);
        let under_way = self.paths.values().map(|path| path.done);
        under_way.fold(ended, u64::saturating_add)
    }

    /// `None` where it does not tell.
    pub(super) fn bytes_expected(&self) -> Option<u64> {
        let planned = self.planned_bytes.filter(|_| !self.has_told());
        let nothing = (self.told_paths == Some(0)).then_some(0);
        let expected = self.told_bytes.or(planned).or(nothing)?;
        Some(expected.max(self.bytes_done()))
    }

    pub(super) fn sent(&self) -> u64 {
        let under_way = self.read.iter().map(|read| read.sent);
        under_way.fold(self.sent, u64::saturating_add)
    }

    /// Bytes of files that are sent at the moment: done and expected.
    pub(super) fn sending(&self) -> (u64, u64) {
        let sending = self.read.iter().filter(|read| !read.is_sent);
        both(sending.map(|read| (read.sent, read.to_send)))
    }

    /// Bytes of paths that are being read, done and expected.
    pub(super) fn reading(&self) -> (u64, u64) {
        let told = |path: &Path| path.expected.filter(|expected| path.done < *expected);
        let reading = self.paths.values();
        both(reading.filter_map(|path| Some((path.done, told(path)?))))
    }

    /// Whether something is read and not done.
    pub(super) fn has_read(&self) -> bool {
        !self.read.is_empty()
    }

    /// Whether paths are under way, of which nothing is told until they are there.
    pub(super) fn tells_nothing(&self) -> bool {
        self.told_bytes.is_none() && self.paths.values().any(|path| path.expected.is_none())
    }

    /// Whether there is a path of which nothing is told.
    pub(super) fn has_unseen(&self) -> bool {
        self.paths.values().any(|path| path.expected.is_none())
    }

    pub(super) fn has_paths(&self) -> bool {
        !self.paths.is_empty()
    }

    pub(super) fn under_way(&self) -> usize {
        self.paths.len() + self.read.len()
    }

    /// The path that began first, and after how many others.
    pub(super) fn first_path(&self) -> Option<(u64, &Option<StorePath>)> {
        let paths = self.paths.values().map(|path| (path.age, &path.path));
        let read = self.read.iter().map(|read| (read.age, &read.path));
        paths.chain(read).min_by_key(|(age, _)| *age)
    }
}

/// Their sums.
pub(super) fn both(shares: impl Iterator<Item = (u64, u64)>) -> (u64, u64) {
    shares.fold((0, 0), |(done, expected): (u64, u64), one| {
        (done.saturating_add(one.0), expected.saturating_add(one.1))
    })
}
