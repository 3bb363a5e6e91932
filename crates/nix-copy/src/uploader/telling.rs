//! Who watches an upload, and what is asked for that.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{self, Sender};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use queue_core::StoreObject;

use crate::{CopyEvent, UploadEvent};

type Tell = dyn Fn(&UploadEvent) + Send + Sync;

/// Nothing is done for it where nobody watches.
#[derive(Default)]
pub(super) struct Telling {
    tell: Option<Box<Tell>>,
    wants_sizes: bool,
    /// The number of the next copy.
    next: AtomicU64,
    /// Asks for sizes, once an upload.
    ask: Mutex<Option<Sender<()>>>,
    /// By base name, those that are known.
    known: Mutex<HashMap<String, u64>>,
}

impl Telling {
    pub(super) fn tell_to(&mut self, tell: impl Fn(&UploadEvent) + Send + Sync + 'static) {
        self.tell = Some(Box::new(tell));
    }

    pub(super) fn want_sizes(&mut self) {
        self.wants_sizes = true;
    }

    pub(super) fn tell(&self, progress: &UploadEvent) {
        if let Some(tell) = &self.tell {
            tell(progress);
        }
    }

    /// The number of a copy that will be told these paths.
    pub(super) fn planned(&self, paths: &[String]) -> u64 {
        let copy = self.next.fetch_add(1, Relaxed);
        let known = lock(&self.known);
        let size = |path: &String| known.get(path.rsplit('/').next()?).copied();
        let bytes = paths
            .iter()
            .map(size)
            .try_fold(0_u64, |sum, size| Some(sum.saturating_add(size?)));
        drop(known);
        self.tell(&UploadEvent::Planned {
            copy,
            paths: paths.len() as u64,
            bytes,
        });
        copy
    }

    /// What a copy says goes on from here.
    pub(super) fn of_copy(&self, copy: u64) -> impl Fn(CopyEvent) + '_ {
        let tells_bytes = AtomicBool::new(false);
        move |event| {
            match &event {
                CopyEvent::Bytes(_) => tells_bytes.store(true, Relaxed),
                // It would have told before the first path (2.26.3, 2.34.8).
                CopyEvent::PathBegan { .. } if !tells_bytes.load(Relaxed) => self.ask(),
                _ => {}
            }
            self.tell(&UploadEvent::Copy { copy, event });
        }
    }

    /// What was asked for something else.
    pub(super) fn know(&self, objects: &[StoreObject]) {
        if self.tell.is_none() {
            return;
        }
        let sizes = objects
            .iter()
            .map(|object| (object.path.to_string(), object.nar_size));
        *lock(&self.known) = sizes.collect();
        lock(&self.ask).take();
        self.tell(&UploadEvent::Sizes(objects.to_vec()));
    }

    /// While `copy` copies, `sizes` is asked for if somebody wants to know and Nix does not tell.
    pub(super) fn with_sizes<T>(
        &self,
        sizes: impl FnOnce() -> Vec<StoreObject> + Send,
        copy: impl FnOnce() -> T,
    ) -> T {
        lock(&self.known).clear();
        if self.tell.is_none() || !self.wants_sizes {
            return copy();
        }
        let (ask, asked) = mpsc::channel();
        *lock(&self.ask) = Some(ask);
        thread::scope(|scope| {
            // However the copy ends, nobody asks any more then.
            let _end = End(self);
            let answer = move || {
                if asked.recv().is_ok() {
                    self.tell(&UploadEvent::Sizes(sizes()));
                }
            };
            if let Err(error) = thread::Builder::new().spawn_scoped(scope, answer) {
                tracing::debug!(%error, "no thread to ask for sizes");
            }
            copy()
        })
    }

    fn ask(&self) {
        if let Some(ask) = lock(&self.ask).take() {
            // Who would answer is gone only where there was no thread for it.
            let _ = ask.send(());
        }
    }
}

struct End<'t>(&'t Telling);

impl Drop for End<'_> {
    fn drop(&mut self) {
        lock(&self.0.ask).take();
    }
}

/// What is in there is whole, whoever panicked.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
