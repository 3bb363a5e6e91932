//! The world around the two ports to elsewhere.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::num::{NonZeroU32, NonZeroUsize};
use std::time::{Duration, SystemTime};

use camino::{Utf8Path, Utf8PathBuf};
use queue_core::*;

use super::{Contents, Database, Destination, Sizes, path};

pub struct World {
    pub dir: tempfile::TempDir,
    pub root: Utf8PathBuf,
    pub store: StoreDir,
    pub directory: FsQueueDirectory,
    pub roots: AutoRoots,
    pub collector: LocalGc,
    pub state: FsPushState,
    pub leaving: FsLeaving,
    pub database: Database,
    pub contents: std::rc::Rc<Contents>,
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
        let open = |path: &Utf8Path| AutoRoots::open(&state_dir, path, false).unwrap().unwrap();
        let leaving = state.leaving(&directory, |path| Ok(Box::new(open(path))));
        Self {
            roots: open(&queue_dir),
            leaving: leaving.unwrap(),
            collector: LocalGc::new(&state_dir, &store),
            database: Database::new(&store),
            contents: std::rc::Rc::default(),
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
            limits: (!self.limits.is_empty()).then_some(LimitsWithState {
                limits: &self.limits,
                state: &self.directory,
            }),
        }
    }

    pub fn leaving(&self) -> Queue<'_> {
        self.leaving.queue()
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
        self.push_with(&self.options)
    }

    pub fn push_with(&self, options: &PushOptions) -> PushReport {
        self.with_push(|push, observer| push.run(options, observer).unwrap())
    }

    /// With another view of the queue's directory.
    pub fn push_through(&self, directory: &dyn QueueDirectory) -> PushReport {
        self.with_push(|push, observer| {
            let queue = Queue {
                directory,
                ..push.queue
            };
            Push { queue, ..*push }
                .run(&self.options, observer)
                .unwrap()
        })
    }

    /// With another room for what leaves.
    pub fn push_leaving(&self, leaving: Queue<'_>) -> PushReport {
        self.with_push(|push, observer| {
            let push = Push { leaving, ..*push };
            push.run(&self.options, observer).unwrap()
        })
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
