//! A queue with adapters of one's own: what is enqueued, pushed, and left.

#![allow(clippy::print_stdout)]

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::time::SystemTime;

use camino::Utf8Path;
use queue_core::*;

/// A store of which everything is on disk and valid.
struct Everything;

impl StoreFiles for Everything {
    fn is_present(&self, _: &StorePath) -> Result<bool, PortError> {
        Ok(true)
    }
}

impl StoreDatabase for Everything {
    fn invalid(&self, _: &[StorePath]) -> Result<Vec<StorePath>, PortError> {
        Ok(vec![])
    }
}

struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }
}

/// A destination in memory, which does not like one name.
#[derive(Default)]
struct Memory(RefCell<BTreeSet<StorePath>>);

impl Uploader for Memory {
    fn upload(&self, paths: &[StorePath]) -> Result<Vec<UploadWarning>, UploadError> {
        if paths.iter().any(|path| path.name() == "bad") {
            return Err(UploadError::new(
                UploadErrorKind::Unclear,
                "cannot copy these",
            ));
        }
        self.0.borrow_mut().extend(paths.iter().cloned());
        Ok(vec![])
    }
    fn probe(&self) -> Result<(), UploadError> {
        Ok(())
    }
    fn missing(&self, paths: &[StorePath]) -> Result<Vec<StorePath>, UploadError> {
        let there = self.0.borrow();
        Ok(paths
            .iter()
            .filter(|path| !there.contains(path))
            .cloned()
            .collect())
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let dir = tempfile::tempdir()?;
    let dir = Utf8Path::from_path(dir.path()).ok_or("not UTF-8")?;
    // As /nix/var/nix is.
    let state_dir = dir.join("state");
    std::fs::create_dir_all(state_dir.join("gcroots"))?;
    let store = StoreDir::new("/nix/store")?;
    let directory = FsQueueDirectory::create(&dir.join("queue"), &store, true)?;
    // Each directory has roots of its own. Below gcroots/ they are `InsideGcRoots`; where nothing
    // collects garbage, `NoRoots`.
    let roots = |path: &Utf8Path| {
        let roots = AutoRoots::open(&state_dir, path, true)?;
        roots.ok_or_else(|| PortError::new("register roots in", &state_dir, "it is not ours"))
    };
    let queue = Queue {
        directory: &directory,
        roots: &roots(directory.path())?,
        limits: None,
    };
    let collector = LocalGc::new(&state_dir, &store);

    let paths = ["good", "bad", "fine"].map(|name| {
        store.parse(&format!(
            "/nix/store/v3ygr25lms4hdmxwa8h14sjv6km1l8cz-{name}"
        ))
    });
    let paths = paths.into_iter().collect::<Result<Vec<_>, _>>()?;
    let enqueued = enqueue(&[queue], &collector, &Everything, &paths);
    let added = &enqueued.queues[0].added;
    println!("queued: {}", names(added));
    assert_eq!(added.len(), 3);
    assert!(queue.roots.is_registered(&paths[0])?);

    let destination = Memory::default();
    let state = FsPushState::create(&directory)?;
    let leaving = state.leaving(&directory, |path| Ok(Box::new(roots(path)?)))?;
    let push = Push {
        queue,
        leaving: leaving.queue(),
        collector: &collector,
        files: &Everything,
        database: &Everything,
        sizes: None,
        contents: None,
        uploader: &destination,
        state: &state,
        clock: &SystemClock,
        cancelled: &|| false,
    };
    let options = PushOptions {
        verify: true,
        ..PushOptions::default()
    };
    let report = push.run(&options, &mut |_: &PushEvent<'_>| {})?;

    println!("copied: {}", names(&report.uploaded));
    for failed in &report.failed {
        println!("failed: {}: {}", failed.path.name(), failed.error);
    }
    let left = directory.list()?.entries;
    println!(
        "queued still: {}",
        names(left.iter().map(|entry| &entry.path))
    );
    assert_eq!(report.uploaded.len(), 2);
    assert_eq!(report.failed[0].path.name(), "bad");
    assert_eq!(left.len(), 1);
    Ok(())
}

fn names<'a>(paths: impl IntoIterator<Item = &'a StorePath>) -> String {
    let mut names: Vec<_> = paths.into_iter().map(StorePath::name).collect();
    names.sort_unstable();
    names.join(", ")
}
