//! A queue of the configuration, opened.

use std::error::Error;

use camino::Utf8PathBuf;
use nix_post_build_push_config::{Origin, QueueSettings, Setting};
use ownership::quoted;
use queue_core::{
    BehindSymlink, FsLeaving, FsPushState, FsQueueDirectory, GcRoots, Ledger, LedgerError,
    LimitAction, LimitsWithState, Listing, PortError, PushState, Queue, QueueDirectory, Tally,
};

use super::limits::limits;
use super::roots;
use super::store::Store;

/// A queue with its roots.
pub struct OpenQueue {
    name: String,
    directory: FsQueueDirectory,
    roots: Box<dyn GcRoots>,
    limits: queue_core::Limits,
}

impl OpenQueue {
    /// Opens a queue to add to it; its directory is made if it is not there.
    ///
    /// # Errors
    ///
    /// If the directory or the roots cannot be opened, or are not safe to use.
    pub fn create(store: &Store, settings: &QueueSettings) -> Result<Self, PortError> {
        let path = &settings.queue_dir;
        let directory = FsQueueDirectory::create(&path.value, &store.dir, store.fsync)
            .map_err(|error| behind_symlink(error, path))?;
        Self::with_roots(store, settings, directory)
    }

    /// Opens a queue as it is; `None` when its directory does not exist: it is empty then.
    ///
    /// # Errors
    ///
    /// As [`create`](Self::create).
    pub fn open(store: &Store, settings: &QueueSettings) -> Result<Option<Self>, PortError> {
        let path = &settings.queue_dir;
        FsQueueDirectory::open(&path.value, &store.dir, store.fsync)
            .map_err(|error| behind_symlink(error, path))?
            .map(|directory| Self::with_roots(store, settings, directory))
            .transpose()
    }

    fn with_roots(
        store: &Store,
        settings: &QueueSettings,
        directory: FsQueueDirectory,
    ) -> Result<Self, PortError> {
        let roots = roots::of_queue(store, settings, directory.path())?;
        Ok(Self {
            name: settings.name.clone(),
            directory,
            roots,
            limits: limits(settings),
        })
    }

    /// Its name in the configuration.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// As enqueueing, pushing and removing see it.
    #[must_use]
    pub fn queue(&self) -> Queue<'_> {
        Queue {
            directory: &self.directory,
            roots: self.roots.as_ref(),
            // Without any, nobody has to judge who may enter.
            limits: (!self.limits.is_empty()).then_some(LimitsWithState {
                limits: &self.limits,
                state: &self.directory,
            }),
        }
    }

    /// How many paths its limits refused or dropped so far.
    ///
    /// # Errors
    ///
    /// If that cannot be seen.
    pub fn tally(&self, what: LimitAction) -> Result<Tally, PortError> {
        self.directory.tally(what)
    }

    /// What is in it.
    ///
    /// # Errors
    ///
    /// If the directory cannot be read.
    pub fn list(&self) -> Result<Listing, PortError> {
        self.directory.list()
    }

    /// The push's room in it, made if it is not there.
    ///
    /// # Errors
    ///
    /// If it cannot be made or opened.
    pub fn push_state(&self) -> Result<FsPushState, PortError> {
        FsPushState::create(&self.directory)
    }

    /// Where its entries stand while they leave it.
    ///
    /// # Errors
    ///
    /// If the roots cannot be opened.
    pub fn leaving(&self, store: &Store, state: &FsPushState) -> Result<FsLeaving, PortError> {
        state.leaving(&self.directory, |path| roots::of_leaving(store, path))
    }

    /// The push's room in it; `None` if no push was here yet.
    ///
    /// # Errors
    ///
    /// If it is there and cannot be opened.
    pub fn push_state_if_any(&self) -> Result<Option<FsPushState>, PortError> {
        FsPushState::open(&self.directory)
    }

    /// What the pushes remember, without their lock; empty before the first push. Inside, why
    /// it is lost.
    ///
    /// # Errors
    ///
    /// If it is there and cannot be read.
    pub fn ledger(&self) -> Result<Result<Ledger, LedgerError>, PortError> {
        let text = match self.push_state_if_any()? {
            Some(state) => state.load_ledger()?,
            None => None,
        };
        Ok(text.map_or(Ok(Ledger::default()), |text| Ledger::from_text(&text)))
    }
}

/// Says where to write the path that is wanted, and how.
fn behind_symlink(error: PortError, path: &Setting<Utf8PathBuf>) -> PortError {
    let cause = error.source().and_then(|cause| cause.downcast_ref());
    let Some(BehindSymlink {
        leads_to: Some(real),
    }) = cause
    else {
        return error;
    };
    // A file is nothing to change by a command: it may have been generated.
    let hint = match &path.origin {
        Origin::File(place) => format!(
            "write the path that it leads to: {real} at {place} (roots go by the path as it is written)"
        ),
        Origin::Environment(name) => {
            let real = quoted(real.as_str());
            format!("export {name}={real} # roots go by the path as it is written")
        }
        _ => {
            let real = quoted(real.as_str());
            format!("--queue-dir {real} # roots go by the path as it is written")
        }
    };
    error.with_hint(hint)
}
