//! A small world: a real queue directory, real roots and a real collector's
//! lock in a temporary directory; a destination and a database in memory.

#![allow(dead_code, unreachable_pub, missing_docs, clippy::unwrap_used)]

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::num::{NonZeroU32, NonZeroUsize};
use std::time::{Duration, SystemTime};

use camino::{Utf8Path, Utf8PathBuf};
use queue_core::*;

/// The store path with that name, and a hash made from it.
pub fn path(name: &str) -> StorePath {
    let digits = "0123456789abcdfghijklmnpqrsvwxyz".as_bytes();
    let hash: String = (0..32u64)
        .map(|i| {
            let n = name
                .bytes()
                .fold(i + 7, |h, b| h.wrapping_mul(131).wrapping_add(b.into()));
            char::from(digits[(n >> 3) as usize % 32])
        })
        .collect();
    format!("{hash}-{name}").parse().unwrap()
}

pub fn names(paths: &[StorePath]) -> Vec<&str> {
    let mut names: Vec<_> = paths.iter().map(StorePath::name).collect();
    names.sort_unstable();
    names
}

pub struct World {
    pub dir: tempfile::TempDir,
    pub root: Utf8PathBuf,
    pub store: StoreDir,
    pub directory: FsQueueDirectory,
    pub roots: AutoRoots,
    pub collector: LocalGc,
    pub state: FsPushState,
    pub leaving: FsQueueDirectory,
    pub leaving_roots: AutoRoots,
    pub database: Database,
    pub destination: Destination,
    pub now: Cell<SystemTime>,
    pub cancelled: Cell<bool>,
    pub options: PushOptions,
    pub events: RefCell<Vec<String>>,
}

impl World {
    pub fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let root = Utf8PathBuf::from_path_buf(dir.path().to_owned()).unwrap();
        std::fs::create_dir_all(root.join("state/gcroots/auto")).unwrap();
        std::fs::create_dir_all(root.join("store")).unwrap();
        let store = StoreDir::new(root.join("store")).unwrap();
        let (state_dir, queue_dir) = (root.join("state"), root.join("queue"));
        let directory = FsQueueDirectory::create(&queue_dir, &store, false).unwrap();
        let state = FsPushState::create(&directory).unwrap();
        let leaving = state.leaving(&directory).unwrap();
        let open = |path| AutoRoots::open(&state_dir, path, false).unwrap().unwrap();
        Self {
            roots: open(&queue_dir),
            leaving_roots: open(leaving.path()),
            leaving,
            collector: LocalGc::new(&state_dir, &store),
            database: Database::new(&store),
            destination: Destination::default(),
            now: Cell::new(SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000)),
            cancelled: Cell::new(false),
            options: PushOptions {
                destination: "here".into(),
                batch_size: NonZeroUsize::new(1000).unwrap(),
                retry: RetryPolicy {
                    delay: Duration::from_secs(60),
                    max_delay: Duration::from_secs(3600),
                    max_attempts: NonZeroU32::new(3).unwrap(),
                },
                verify: false,
                force: false,
                seed: 1,
            },
            events: RefCell::default(),
            dir,
            root,
            store,
            directory,
            state,
        }
    }

    pub fn queue(&self) -> Queue<'_> {
        Queue {
            directory: &self.directory,
            roots: &self.roots,
        }
    }

    pub fn leaving(&self) -> Queue<'_> {
        Queue {
            directory: &self.leaving,
            roots: &self.leaving_roots,
        }
    }

    /// Makes a store object.
    pub fn build(&self, name: &str) -> StorePath {
        let path = path(name);
        std::fs::write(self.store.join(&path), name).unwrap();
        path
    }

    /// Deletes a store object, as a collector that saw no root of it.
    pub fn collect(&self, path: &StorePath) {
        std::fs::remove_file(self.store.join(path)).unwrap();
    }

    pub fn build_and_enqueue(&self, names: &[&str]) -> Vec<StorePath> {
        let paths: Vec<_> = names.iter().map(|name| self.build(name)).collect();
        let report = self.enqueue(&paths);
        assert!(
            report.unprotected.is_none() && report.queues[0].failed.is_empty(),
            "{report:?}"
        );
        paths
    }

    pub fn enqueue(&self, paths: &[StorePath]) -> EnqueueReport {
        enqueue(&[self.queue()], &self.collector, &self.store, paths)
    }

    pub fn push(&self) -> PushReport {
        let push = Push {
            queue: self.queue(),
            leaving: self.leaving(),
            collector: &self.collector,
            files: &self.store,
            database: &self.database,
            uploader: &self.destination,
            state: &self.state,
            clock: &self.now.get(),
            cancelled: &|| self.cancelled.get(),
        };
        let mut observer = |event: &PushEvent<'_>| {
            self.events.borrow_mut().push(format!("{event:?}"));
        };
        push.run(&self.options, &mut observer).unwrap()
    }

    pub fn queued(&self) -> Vec<StorePath> {
        let listing = self.directory.list().unwrap();
        listing
            .entries
            .into_iter()
            .map(|entry| entry.path)
            .collect()
    }

    /// The names in `gcroots/auto`.
    pub fn auto(&self) -> BTreeSet<String> {
        let dir = std::fs::read_dir(self.root.join("state/gcroots/auto")).unwrap();
        dir.map(|found| found.unwrap().file_name().into_string().unwrap())
            .collect()
    }

    pub fn auto_name(&self, path: &StorePath) -> String {
        auto_root_name(&self.directory.path().join(path.base_name()))
    }

    pub fn ledger(&self) -> Ledger {
        let text = self.state.load_ledger().unwrap();
        text.map_or_else(Ledger::default, |text| Ledger::from_text(&text).unwrap())
    }

    pub fn wait(&self, time: Duration) {
        self.now.set(self.now.get() + time);
    }

    pub fn saw(&self, what: &str) -> bool {
        self.events
            .borrow()
            .iter()
            .any(|event| event.contains(what))
    }
}

/// Valid is what is on disk, unless it is said to be invalid.
pub struct Database {
    store: StoreDir,
    pub invalid: RefCell<BTreeSet<StorePath>>,
    pub questions: Cell<usize>,
}

impl Database {
    fn new(store: &StoreDir) -> Self {
        Self {
            store: store.clone(),
            invalid: RefCell::default(),
            questions: Cell::new(0),
        }
    }
}

impl StoreDatabase for Database {
    fn invalid(&self, paths: &[StorePath]) -> Result<Vec<StorePath>, PortError> {
        self.questions.set(self.questions.get() + 1);
        let known = self.invalid.borrow();
        let bad = |path: &&StorePath| {
            known.contains(path) || !Utf8Path::new(&self.store.join(path)).exists()
        };
        Ok(paths.iter().filter(bad).cloned().collect())
    }
}

/// Told the number of the upload that is about to begin.
pub type Before = Box<dyn Fn(usize)>;

#[derive(Default)]
pub struct Destination {
    pub holds: RefCell<BTreeSet<StorePath>>,
    /// Names that make an upload fail, with what kind.
    pub bad: RefCell<Vec<(String, UploadErrorKind)>>,
    /// Names that are taken and lost.
    pub lost: RefCell<Vec<String>>,
    /// Set when it does not answer.
    pub down: RefCell<Option<UploadErrorKind>>,
    /// Whether the probe answers although uploads do not.
    pub only_uploads_fail: Cell<bool>,
    pub uploads: Cell<usize>,
    pub probes: Cell<usize>,
    /// Called before each upload.
    pub before: RefCell<Option<Before>>,
}

impl Destination {
    pub fn poison(&self, name: &str) {
        self.bad
            .borrow_mut()
            .push((name.into(), UploadErrorKind::Unclear));
    }
}

impl Uploader for Destination {
    fn upload(&self, paths: &[StorePath]) -> Result<Vec<UploadWarning>, UploadError> {
        assert!(!paths.is_empty(), "an upload of nothing costs a process");
        self.uploads.set(self.uploads.get() + 1);
        if let Some(before) = &*self.before.borrow() {
            before(self.uploads.get());
        }
        if let Some(kind) = *self.down.borrow() {
            return Err(UploadError::new(kind, "no answer"));
        }
        let bad = self.bad.borrow();
        let hit = |(name, _): &&(String, _)| paths.iter().any(|path| path.name() == *name);
        if let Some((name, kind)) = bad.iter().find(hit) {
            return Err(UploadError::new(*kind, format!("cannot copy {name}")));
        }
        let lost = self.lost.borrow();
        let kept = paths
            .iter()
            .filter(|path| !lost.iter().any(|name| name == path.name()));
        self.holds.borrow_mut().extend(kept.cloned());
        Ok(vec![])
    }

    fn probe(&self) -> Result<(), UploadError> {
        self.probes.set(self.probes.get() + 1);
        match *self.down.borrow() {
            Some(_) if !self.only_uploads_fail.get() => Err(UploadError::new(
                UploadErrorKind::Unavailable,
                "no answer to a question",
            )),
            _ => Ok(()),
        }
    }

    fn missing(&self, paths: &[StorePath]) -> Result<Vec<StorePath>, UploadError> {
        let holds = self.holds.borrow();
        Ok(paths
            .iter()
            .filter(|path| !holds.contains(path))
            .cloned()
            .collect())
    }
}
