//! Opens what the configuration names: this machine's store, and the queues.
//!
//! Both programs use this module. Opening starts no process, and it needs neither clap nor
//! tracing.

mod limits;
mod roots;
mod upload;

use std::error::Error;
use std::ffi::OsString;
use std::num::{NonZeroU32, NonZeroUsize};
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use nix_copy::{Cancel, Nix, NixStoreDatabase, NixStoreRoots, Timeouts};
use nix_post_build_push_config::{Config, NixSettings, Origin, QueueSettings, Setting};
use ownership::quoted;
use queue_core::{
    AutoRoots, BehindSymlink, FsLeaving, FsPushState, FsQueueDirectory, GcRoots, InsideGcRoots,
    Ledger, LedgerError, LimitAction, Limited, Listing, LocalGc, PortError, PushOptions, PushState,
    Queue, QueueDirectory, RetryPolicy, StoreDir, Tally,
};

pub use limits::{OPENED_BY, refusal_hint};
use roots::{SharedTime, TimedRoots};
pub use upload::{closure, contents, uploader};

/// This machine's store.
pub struct Store {
    /// The store directory, which also tells what is on disk.
    pub dir: StoreDir,
    /// Its state directory.
    pub state_dir: Utf8PathBuf,
    /// Its garbage collector.
    pub collector: LocalGc,
    fsync: bool,
    nix: Nix,
    query_time: Option<SharedTime>,
}

impl Store {
    /// The store that the configuration names. `variables` is the caller's whole environment,
    /// for the Nix that may be called; `cancel` ends such a call.
    ///
    /// # Errors
    ///
    /// If the store directory cannot be one.
    pub fn open(
        config: &Config,
        variables: Vec<(OsString, OsString)>,
        cancel: Cancel,
    ) -> Result<Self, PortError> {
        let text = &config.nix.store_dir.value;
        let dir = StoreDir::new(text).map_err(|error| {
            PortError::new("use the store directory", text, error)
                .with_hint("set `store-dir` in [nix], or NIX_STORE_DIR")
        })?;
        let state_dir = config.nix.state_dir.value.clone();
        Ok(Self {
            collector: LocalGc::new(&state_dir, &dir),
            fsync: config.hook.fsync.value,
            nix: nix(&config.nix, &dir, variables).with_cancel(cancel),
            dir,
            state_dir,
            query_time: None,
        })
    }

    /// For somebody who cannot wait: each question to the store ends after this time, and after
    /// it no root is registered any more that takes a call of Nix.
    #[must_use]
    pub fn within(self, time: Duration) -> Self {
        let timeouts = Timeouts {
            grace: Duration::from_secs(1),
            ..Timeouts::total(time)
        };
        Self {
            nix: self.nix.with_query_timeouts(timeouts),
            query_time: Some(SharedTime::of(time)),
            ..self
        }
    }

    /// The Nix that works on it.
    #[must_use]
    pub fn nix(&self) -> &Nix {
        &self.nix
    }

    /// Its database.
    #[must_use]
    pub fn database(&self) -> NixStoreDatabase {
        NixStoreDatabase::new(self.nix.clone())
    }

    /// Its database, for somebody who waits that long for an answer and no longer.
    #[must_use]
    pub fn database_within(&self, time: Duration) -> NixStoreDatabase {
        let timeouts = Timeouts::total(time);
        NixStoreDatabase::new(self.nix.clone().with_query_timeouts(timeouts))
    }
}

/// Nix finds its store by variables of its own; what the file says, it has to be told.
fn nix(settings: &NixSettings, dir: &StoreDir, variables: Vec<(OsString, OsString)>) -> Nix {
    let mut nix = Nix::new(dir.clone(), variables);
    if let Some(bin_dir) = &settings.bin_dir {
        nix = nix.with_bin_dir(bin_dir.value.clone());
    }
    let places = [
        ("NIX_STORE_DIR", &settings.store_dir),
        ("NIX_STATE_DIR", &settings.state_dir),
    ];
    let in_file = places
        .into_iter()
        .filter(|(_, setting)| matches!(setting.origin, Origin::File(_)));
    nix.with_variables(in_file.map(|(name, setting)| (name, setting.value.as_str())))
}

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
        let roots = roots(store, directory.path())?;
        Ok(Self {
            name: settings.name.clone(),
            directory,
            roots,
            limits: limits::limits(settings),
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
            limits: (!self.limits.is_empty()).then_some(Limited {
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
    pub fn leaving(&self, store: &Store, state: &FsPushState) -> Result<Leaving, PortError> {
        let directory = state.leaving(&self.directory);
        let roots = leaving_roots(store, directory.path())?;
        Ok(Leaving { directory, roots })
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

/// Where the entries of a queue stand while they leave it, with roots of its own.
pub struct Leaving {
    directory: FsLeaving,
    roots: Box<dyn GcRoots>,
}

impl Leaving {
    /// As pushing and removing see it.
    #[must_use]
    pub fn queue(&self) -> Queue<'_> {
        Queue {
            directory: &self.directory,
            roots: self.roots.as_ref(),
            limits: None,
        }
    }
}

/// The cheapest roots that hold this directory's entries.
fn roots(store: &Store, queue_dir: &Utf8Path) -> Result<Box<dyn GcRoots>, PortError> {
    if queue_dir.starts_with(store.state_dir.join("gcroots")) {
        return Ok(Box::new(InsideGcRoots));
    }
    Ok(
        match AutoRoots::open(&store.state_dir, queue_dir, store.fsync)? {
            Some(roots) => Box::new(roots),
            // The daemon registers what we may not; that costs a process a path.
            None => nix_store_roots(store, queue_dir),
        },
    )
}

/// `nix-store` registers no path that is not valid. So where only it can register, what leaves a
/// queue is not held, only known to the next push.
fn leaving_roots(store: &Store, directory: &Utf8Path) -> Result<Box<dyn GcRoots>, PortError> {
    if directory.starts_with(store.state_dir.join("gcroots")) {
        return Ok(Box::new(InsideGcRoots));
    }
    Ok(
        match AutoRoots::open(&store.state_dir, directory, store.fsync)? {
            Some(roots) => Box::new(roots),
            None => Box::new(InsideGcRoots),
        },
    )
}

fn nix_store_roots(store: &Store, queue_dir: &Utf8Path) -> Box<dyn GcRoots> {
    let roots = NixStoreRoots::new(store.nix.clone(), &store.state_dir, queue_dir);
    match store.query_time {
        Some(time) => Box::new(TimedRoots::new(roots, time)),
        None => Box::new(roots),
    }
}

/// When a queue's failures are tried again.
#[must_use]
pub fn retry_policy(settings: &QueueSettings) -> RetryPolicy {
    RetryPolicy {
        delay: settings.retry_delay.value,
        max_delay: settings.retry_max_delay.value,
        max_attempts: NonZeroU32::new(settings.max_attempts.value).unwrap_or(NonZeroU32::MIN),
    }
}

/// How a queue is pushed.
#[must_use]
pub fn push_options(settings: &QueueSettings, force: bool, seed: u64) -> PushOptions {
    let batch_size = usize::try_from(settings.batch_size.value).unwrap_or(usize::MAX);
    let destination = settings
        .destination
        .as_ref()
        .map(|setting| setting.value.to_string());
    PushOptions {
        destination: destination.unwrap_or_default(),
        batch_size: NonZeroUsize::new(batch_size).unwrap_or(NonZeroUsize::MIN),
        retry: retry_policy(settings),
        verify: settings.verify.value,
        force,
        seed,
    }
}
