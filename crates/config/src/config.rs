//! The resolved configuration.

use std::time::Duration;

use camino::Utf8PathBuf;

use crate::choice::{CheckContents, ClosureType, OnError};
use crate::destination::Destination;
use crate::health::HealthSettings;
use crate::limits::LimitSettings;
use crate::nix_options::NixOptions;
use crate::origin::Setting;
use crate::problem::Location;

/// All settings, each with its origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The configuration file that was named or found, even if it could not be read.
    pub file: Option<Utf8PathBuf>,
    /// Where Nix lives.
    pub nix: NixSettings,
    /// What the hook does.
    pub hook: HookSettings,
    /// The queues picked, or all of them if none was, by name. Disabled ones are among them
    /// only where none was picked; see [`Config::enabled`].
    pub queues: Vec<QueueSettings>,
}

impl Config {
    /// The queues to work on.
    pub fn enabled(&self) -> impl Iterator<Item = &QueueSettings> {
        self.queues.iter().filter(|queue| queue.enable.value)
    }
}

/// Where Nix lives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NixSettings {
    /// The store directory.
    pub store_dir: Setting<Utf8PathBuf>,
    /// The state directory, which has `gcroots` in it.
    pub state_dir: Setting<Utf8PathBuf>,
    /// Where the programs `nix` and `nix-store` are; `None` means wherever `PATH` finds them.
    pub bin_dir: Option<Setting<Utf8PathBuf>>,
}

/// What the hook does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HookSettings {
    /// What a failure to enqueue comes to.
    pub on_error: Setting<OnError>,
    /// Whether new entries are forced to the disk before the hook returns.
    pub fsync: Setting<bool>,
}

/// One queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueSettings {
    /// 1 to 64 letters, digits, `_`, `.`, `-`; the first neither `.` nor `-`.
    pub name: String,
    /// Where the file begins to describe it, if it does.
    pub location: Option<Location>,
    /// Whether to use it. A queue that was picked by name is enabled.
    pub enable: Setting<bool>,
    /// Where to push; not needed to enqueue.
    pub destination: Option<Setting<Destination>>,
    /// Its directory: absolute, without `.`, `..` and superfluous slashes.
    pub queue_dir: Setting<Utf8PathBuf>,
    /// Which paths to upload for each entry.
    pub closure_type: Setting<ClosureType>,
    /// What to compare with what the store registered before it is uploaded.
    pub check_contents: Setting<CheckContents>,
    /// Whether the destination shall check signatures.
    pub check_sigs: Setting<bool>,
    /// Whether the destination may fetch from its own substituters.
    pub substitute_on_destination: Setting<bool>,
    /// Further options for `nix copy`: the file's, the environment's, the command line's.
    pub nix_opts: Setting<NixOptions>,
    /// How long one call of `nix copy` may take; more than zero.
    pub timeout: Setting<Duration>,
    /// How long one call of `nix copy` may make no progress; more than zero.
    pub stall_timeout: Setting<Duration>,
    /// How many paths one call of `nix copy` is given at most; 1 to 1000.
    pub batch_size: Setting<u32>,
    /// How many `nix copy` run at once for one batch; 1 to 64. Where nobody says so it
    /// depends on the destination.
    pub jobs: Option<Setting<u32>>,
    /// Whether to ask the destination for every path before its entry goes.
    pub verify: Setting<bool>,
    /// The wait after a first failure.
    pub retry_delay: Setting<Duration>,
    /// The longest wait between two attempts.
    pub retry_max_delay: Setting<Duration>,
    /// After how many failures an entry is parked; at least 1.
    pub max_attempts: Setting<u32>,
    /// How much of it there may be.
    pub limits: LimitSettings,
    /// When somebody has to look at it.
    pub health: HealthSettings,
    /// Where each push writes what is to be known of the queue, for Prometheus.
    pub metrics_file: Option<Setting<Utf8PathBuf>>,
}

/// A queue of which it is not certain where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LostQueue {
    /// Its name.
    pub name: String,
    /// As in [`QueueSettings`].
    pub metrics_file: Option<Setting<Utf8PathBuf>>,
}

impl QueueSettings {
    /// Whether what is copied for an entry hangs on the derivation that it was built from. Then
    /// that is to be queued beside it, so that the garbage collector leaves it, whatever
    /// `keep-derivations` says.
    #[must_use]
    pub fn wants_derivation(&self) -> bool {
        matches!(
            self.closure_type.value,
            ClosureType::Source | ClosureType::Cache
        )
    }
}
