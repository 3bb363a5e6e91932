//! This machine's store, and the Nix that works on it.

use std::ffi::OsString;
use std::time::Duration;

use camino::Utf8PathBuf;
use nix_copy::{Cancel, Nix, NixStoreDatabase, Timeouts};
use nix_post_build_push_config::{Config, NixSettings, Origin};
use queue_core::{LocalGc, PortError, StoreDir};

use super::timed_roots::SharedTime;

/// This machine's store.
pub struct Store {
    /// The store directory, which also tells what is on disk.
    pub dir: StoreDir,
    /// Its state directory.
    pub state_dir: Utf8PathBuf,
    /// Its garbage collector.
    pub collector: LocalGc,
    pub(super) fsync: bool,
    pub(super) nix: Nix,
    /// What is left to somebody who cannot wait.
    pub(super) query_time: Option<SharedTime>,
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
