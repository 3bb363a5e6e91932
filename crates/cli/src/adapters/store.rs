//! This machine's store, and the Nix that works on it.

use std::error::Error;
use std::ffi::OsString;
use std::sync::OnceLock;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use nix_copy::{Cancel, Nix, NixStoreDatabase, Timeouts, is_this_machines};
use nix_post_build_push_config::{Config, NixSettings, Origin, QueueSettings};
use queue_core::{AutoRoots, LocalGc, PortError, StoreDir, StorePath};

use super::deadline::Deadline;

/// This machine's store.
pub struct Store {
    /// The store directory, which also tells what is on disk.
    pub dir: StoreDir,
    /// Its state directory.
    pub state_dir: Utf8PathBuf,
    /// Its garbage collector.
    pub collector: LocalGc,
    pub(super) fsync: bool,
    /// Of some queue, once one was opened; `None` in it where we may not register roots.
    auto_roots: OnceLock<Option<AutoRoots>>,
    pub(super) nix: Nix,
    /// Whether `NIX_REMOTE` names another store than that of this machine.
    pub(super) is_elsewhere: bool,
    cancel: Cancel,
    /// Of somebody who cannot wait.
    pub(super) deadline: Option<Deadline>,
}

impl Store {
    /// Whether its calls of Nix were asked to end.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.cancel.is_cancelled()
    }

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
            auto_roots: OnceLock::new(),
            is_elsewhere: is_elsewhere(&variables),
            nix: nix(&config.nix, &dir, variables).with_cancel(cancel.clone()),
            cancel,
            dir,
            state_dir,
            deadline: None,
        })
    }

    /// For somebody who cannot wait: the collector's answers, the question for
    /// [outputs](Self::outputs) and the registration of roots are over by then. Whatever comes too
    /// late fails.
    #[must_use]
    pub fn until(self, deadline: Deadline) -> Self {
        Self {
            collector: self.collector.with_deadline(deadline.instant()),
            deadline: Some(deadline),
            ..self
        }
    }

    /// The Nix that works on it.
    #[must_use]
    pub fn nix(&self) -> &Nix {
        &self.nix
    }

    /// The same in another environment than ours, such as the daemon's.
    #[must_use]
    pub fn nix_with(&self, config: &Config, variables: Vec<(OsString, OsString)>) -> Nix {
        nix(&config.nix, &self.dir, variables)
    }

    /// The outputs of a derivation that only its database can name.
    ///
    /// # Errors
    ///
    /// If Nix cannot tell them, or not in time.
    pub fn outputs(&self, derivation: &StorePath) -> Result<Vec<StorePath>, PortError> {
        match self.deadline {
            Some(deadline) => self.outputs_in_time(derivation, deadline),
            None => self.database().outputs(derivation),
        }
    }

    /// It may take two calls, which share one time.
    fn outputs_in_time(
        &self,
        derivation: &StorePath,
        deadline: Deadline,
    ) -> Result<Vec<StorePath>, PortError> {
        let failed = |why: Box<dyn Error + Send + Sync>| {
            PortError::new("ask for the outputs of", self.dir.join(derivation), why)
        };
        let timeouts = deadline.of_a_call().map_err(|over| failed(over.into()))?;
        let time = timeouts.total.unwrap_or_default();
        let over = self.cancel.or_after(time);
        let over = over.map_err(|error| failed(error.into()))?;
        let nix = self.nix.clone().with_query_timeouts(timeouts);
        let database = NixStoreDatabase::new(nix.with_cancel(over.clone()));
        database.outputs(derivation).map_err(|error| {
            let why = format!("nix did not answer within {} s", time.as_secs_f64());
            match over.is_cancelled() {
                true => failed(why.into()),
                false => error,
            }
        })
    }

    /// The roots of a queue that we register ourselves, in a directory that all queues share;
    /// `None` where we may not.
    pub(super) fn auto_roots(&self, queue_dir: &Utf8Path) -> Result<Option<AutoRoots>, PortError> {
        let known = match self.auto_roots.get() {
            Some(known) => known,
            None => {
                let opened = AutoRoots::open(&self.state_dir, queue_dir, self.fsync)?;
                self.auto_roots.get_or_init(|| opened)
            }
        };
        Ok(known.as_ref().map(|roots| roots.of_queue(queue_dir)))
    }

    /// The Nix of a queue: a question takes no longer than a copy may.
    pub(super) fn nix_of(&self, settings: &QueueSettings) -> Nix {
        let nix = self.nix.clone();
        nix.with_queries_within(settings.timeout.value)
    }

    /// Its database, for who works on this queue.
    #[must_use]
    pub fn database_of(&self, settings: &QueueSettings) -> NixStoreDatabase {
        NixStoreDatabase::new(self.nix_of(settings))
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

fn is_elsewhere(variables: &[(OsString, OsString)]) -> bool {
    let mut remotes = variables.iter().filter(|(name, _)| name == "NIX_REMOTE");
    remotes.any(|(_, uri)| !uri.is_empty() && !uri.to_str().is_some_and(is_this_machines))
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
