//! A queue with adapters of one's own, from enqueueing to an empty queue.

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

/// A collector that never runs.
struct NoCollector;

impl GarbageCollector for NoCollector {
    fn enter(&self) -> Result<Box<dyn GcSection + '_>, PortError> {
        Ok(Box::new(NoCollector))
    }
}

impl GcSection for NoCollector {
    fn protect(&self, _: &[StorePath]) -> Result<Protection, PortError> {
        Ok(Protection::NoCollector)
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
    let queue_dir = Utf8Path::from_path(dir.path())
        .ok_or("not UTF-8")?
        .join("queue");
    let store = StoreDir::new("/nix/store")?;
    let directory = FsQueueDirectory::create(&queue_dir, &store, true)?;
    // Nothing collects garbage here. Where something does, the roots of a queue
    // outside of gcroots/ are `AutoRoots`.
    let queue = Queue {
        directory: &directory,
        roots: &InsideGcRoots,
        limits: None,
    };

    let paths = ["good", "bad", "fine"].map(|name| {
        store.parse(&format!(
            "/nix/store/v3ygr25lms4hdmxwa8h14sjv6km1l8cz-{name}"
        ))
    });
    let paths = paths.into_iter().collect::<Result<Vec<_>, _>>()?;
    let enqueued = enqueue(&[queue], &NoCollector, &Everything, &paths);
    assert_eq!(enqueued.queues[0].added.len(), 3);

    let destination = Memory::default();
    let state = FsPushState::create(&directory)?;
    let leaving = Queue {
        directory: &state.leaving(&directory),
        ..queue
    };
    let push = Push {
        queue,
        leaving,
        collector: &NoCollector,
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

    assert_eq!(report.uploaded.len(), 2);
    assert_eq!(report.failed[0].path.name(), "bad");
    assert_eq!(directory.list()?.entries.len(), 1);
    Ok(())
}
