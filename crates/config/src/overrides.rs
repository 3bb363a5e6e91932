//! What the command line says.

use std::time::Duration;

use camino::Utf8PathBuf;

use crate::choice::{CheckContents, ClosureType, OnError};
use crate::destination::Destination;
use crate::nix_options::NixOptions;

/// The command line's settings: what is `None` or empty was not given. They hold for every
/// selected queue. Values need no check beforehand; [`resolve()`](crate::resolve()) checks them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overrides {
    /// `--config-file`; may be relative to the working directory.
    pub config_file: Option<Utf8PathBuf>,
    /// `--queue`: the queues picked; none means every enabled one.
    pub queues: Vec<String>,
    /// `--on-error`.
    pub on_error: Option<OnError>,
    /// `--destination` or `--destination-file`.
    pub destination: Option<Destination>,
    /// `--queue-dir`; must be absolute.
    pub queue_dir: Option<Utf8PathBuf>,
    /// `--closure-type`.
    pub closure_type: Option<ClosureType>,
    /// `--check-contents`.
    pub check_contents: Option<CheckContents>,
    /// `--[no-]check-sigs`.
    pub check_sigs: Option<bool>,
    /// `--[no-]substitute-on-destination`.
    pub substitute_on_destination: Option<bool>,
    /// Options for Nix, added behind those of the file and of the environment.
    pub nix_opts: NixOptions,
    /// `--timeout`.
    pub timeout: Option<Duration>,
    /// `--stall-timeout`.
    pub stall_timeout: Option<Duration>,
    /// `--batch-size`.
    pub batch_size: Option<u32>,
    /// `--jobs`.
    pub jobs: Option<u32>,
    /// `--[no-]verify`.
    pub verify: Option<bool>,
    /// `--retry-delay`.
    pub retry_delay: Option<Duration>,
    /// `--retry-max-delay`.
    pub retry_max_delay: Option<Duration>,
    /// `--max-attempts`.
    pub max_attempts: Option<u32>,
}
