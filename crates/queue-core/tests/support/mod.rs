//! A small world: a real queue directory, real roots and a real collector's
//! lock in a temporary directory; a destination and a database in memory.

#![allow(dead_code, unreachable_pub, missing_docs, clippy::unwrap_used)]

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
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
    pub leaving: FsLeaving,
    pub leaving_roots: AutoRoots,
    pub database: Database,
    pub contents: Contents,
    pub destination: Destination,
    pub now: Cell<SystemTime>,
    pub cancelled: Cell<bool>,
    pub options: PushOptions,
    pub events: RefCell<Vec<String>>,
    pub limits: Limits,
    pub sizes: Sizes,
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
        let leaving = state.leaving(&directory);
        let open = |path| AutoRoots::open(&state_dir, path, false).unwrap().unwrap();
        Self {
            roots: open(&queue_dir),
            leaving_roots: open(leaving.path()),
            leaving,
            collector: LocalGc::new(&state_dir, &store),
            database: Database::new(&store),
            contents: Contents::default(),
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
            limits: Limits::default(),
            sizes: Sizes::default(),
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
            limits: (!self.limits.is_empty()).then_some(Limited {
                limits: &self.limits,
                state: &self.directory,
            }),
        }
    }

    pub fn leaving(&self) -> Queue<'_> {
        Queue {
            directory: &self.leaving,
            roots: &self.leaving_roots,
            limits: None,
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

    /// Enqueues these, the first the oldest: the file system's own times may be
    /// equal for several.
    pub fn build_and_enqueue_one_by_one(&self, names: &[&str]) -> Vec<StorePath> {
        let paths = self.build_and_enqueue(names);
        let seconds = 3000..;
        for (path, ago) in paths.iter().rev().zip(seconds.step_by(10)) {
            self.set_age(path, Duration::from_secs(ago));
        }
        paths
    }

    pub fn set_age(&self, path: &StorePath, age: Duration) {
        let time = SystemTime::now() - age;
        let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap();
        let time = rustix::fs::Timespec {
            tv_sec: since.as_secs().try_into().unwrap(),
            tv_nsec: 0,
        };
        let times = rustix::fs::Timestamps {
            last_access: time,
            last_modification: time,
        };
        let link = self.directory.path().join(path.base_name());
        let flags = rustix::fs::AtFlags::SYMLINK_NOFOLLOW;
        rustix::fs::utimensat(rustix::fs::CWD, link.as_str(), &times, flags).unwrap();
    }

    pub fn enqueue(&self, paths: &[StorePath]) -> EnqueueReport {
        enqueue(&[self.queue()], &self.collector, &self.store, paths)
    }

    pub fn push(&self) -> PushReport {
        self.with_push(|push, observer| push.run(&self.options, observer).unwrap())
    }

    pub fn drain(&self, time: &dyn DrainTime) -> DrainReport {
        self.with_push(|push, observer| push.drain(&self.options, time, observer).unwrap())
    }

    fn with_push<T>(&self, run: impl FnOnce(&Push<'_>, &mut dyn PushObserver) -> T) -> T {
        let push = Push {
            queue: self.queue(),
            leaving: self.leaving(),
            collector: &self.collector,
            files: &self.store,
            database: &self.database,
            sizes: Some(&self.sizes),
            contents: self.contents.as_port(),
            uploader: &self.destination,
            state: &self.state,
            clock: &Hands(&self.now),
            cancelled: &|| self.cancelled.get(),
        };
        let mut observer = |event: &PushEvent<'_>| {
            self.events.borrow_mut().push(format!("{event:?}"));
        };
        run(&push, &mut observer)
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

/// A clock that shows what the world says, at each look.
struct Hands<'a>(&'a Cell<SystemTime>);

impl Clock for Hands<'_> {
    fn now(&self) -> SystemTime {
        self.0.get()
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

/// As large as its test says, without references but for those set.
#[derive(Default)]
pub struct Sizes {
    pub objects: RefCell<BTreeMap<StorePath, (u64, Vec<StorePath>)>>,
    pub questions: Cell<usize>,
    pub broken: Cell<bool>,
}

impl Sizes {
    pub fn set(&self, path: &StorePath, size: u64, references: &[StorePath]) {
        let object = (size, references.to_vec());
        self.objects.borrow_mut().insert(path.clone(), object);
    }
}

impl StoreSizes for Sizes {
    fn closure(&self, paths: &[StorePath]) -> Result<Vec<StoreObject>, PortError> {
        self.questions.set(self.questions.get() + 1);
        if self.broken.get() {
            return Err(PortError::new("measure", "the store", "it is broken"));
        }
        let objects = self.objects.borrow();
        let (mut next, mut seen) = (paths.to_vec(), BTreeSet::new());
        let mut closure = Vec::new();
        while let Some(path) = next.pop() {
            let Some((nar_size, references)) = objects.get(&path) else {
                continue;
            };
            if seen.insert(path.clone()) {
                next.extend_from_slice(references);
                let (nar_size, references) = (*nar_size, references.clone());
                closure.push(StoreObject {
                    path,
                    nar_size,
                    references,
                });
            }
        }
        Ok(closure)
    }
}

/// Contents that are compared once a test says so.
#[derive(Default)]
pub struct Contents {
    pub compared: Cell<bool>,
    /// Names of entries, each with the name of what is damaged.
    pub damaged: RefCell<Vec<(String, String)>>,
    pub broken: Cell<bool>,
    /// How many entries each question was about.
    pub questions: RefCell<Vec<usize>>,
    /// What the last question said to be known as damaged.
    pub known: RefCell<BTreeSet<StorePath>>,
}

impl Contents {
    pub fn damage(&self, entry: &str, object: &str) {
        self.compared.set(true);
        self.damaged
            .borrow_mut()
            .push((entry.into(), object.into()));
    }

    fn as_port(&self) -> Option<&dyn StoreContents> {
        self.compared.get().then_some(self as _)
    }
}

impl StoreContents for Contents {
    fn damaged(
        &self,
        entries: &[StorePath],
        known: &BTreeSet<StorePath>,
    ) -> Result<Vec<Damage>, PortError> {
        self.questions.borrow_mut().push(entries.len());
        self.known.borrow_mut().clone_from(known);
        if self.broken.get() {
            let error = PortError::new("read", "the store", "no such program");
            return Err(error.with_hint("install it"));
        }
        let damaged = self.damaged.borrow();
        let damage = |(entry, object): &(String, String)| Damage {
            entry: path(entry),
            objects: vec![path(object)],
            error: UploadError {
                hint: Some(format!("repair {object}")),
                ..UploadError::new(UploadErrorKind::Paths, format!("{object} was modified"))
            },
        };
        // Whatever it was asked about: the push has to look.
        Ok(damaged.iter().map(damage).collect())
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
