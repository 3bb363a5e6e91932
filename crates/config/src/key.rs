//! The settings that can come from more than one source: their names and their ranges.

use std::time::Duration;

use camino::Utf8PathBuf;

use crate::choice::{ClosureType, OnError};
use crate::destination::Destination;
use crate::fault::Fault;
use crate::nix_options::NixOptions;
use crate::overrides::Overrides;
use crate::path;

/// Longer durations are mistakes, and adding them to a clock may overflow.
const LONGEST: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);

/// A setting's name in each source, and what its value must fulfil.
pub(crate) struct Key<T> {
    /// Its key in the file; the option is the same behind two dashes.
    pub(crate) name: &'static str,
    pub(crate) variable: Option<&'static str>,
    pub(crate) option: fn(&Overrides) -> Option<T>,
    pub(crate) check: fn(&T) -> Result<(), Fault>,
}

impl<T> Key<T> {
    const fn in_file(name: &'static str) -> Self {
        Self {
            name,
            variable: None,
            option: |_| None,
            check: |_| Ok(()),
        }
    }

    const fn new(
        name: &'static str,
        variable: &'static str,
        option: fn(&Overrides) -> Option<T>,
    ) -> Self {
        Self {
            name,
            variable: Some(variable),
            option,
            check: |_| Ok(()),
        }
    }

    const fn checked(self, check: fn(&T) -> Result<(), Fault>) -> Self {
        Self { check, ..self }
    }
}

pub(crate) const STORE_DIR: Key<Utf8PathBuf> = Key::in_file("store-dir");
pub(crate) const STATE_DIR: Key<Utf8PathBuf> = Key::in_file("state-dir");
pub(crate) const BIN_DIR: Key<Utf8PathBuf> = Key::in_file("bin-dir");

pub(crate) const ON_ERROR: Key<OnError> =
    Key::new("on-error", "NIX_POST_BUILD_PUSH_ON_ERROR", |o| o.on_error);
pub(crate) const FSYNC: Key<bool> = Key::in_file("fsync");

pub(crate) const ENABLE: Key<bool> = Key::in_file("enable");
pub(crate) const DESTINATION: Key<Destination> =
    Key::new("destination", "NIX_POST_BUILD_PUSH_DESTINATION", |o| {
        o.destination.clone()
    })
    .checked(check_destination);
pub(crate) const QUEUE_DIR: Key<Utf8PathBuf> =
    Key::new("queue-dir", "NIX_POST_BUILD_PUSH_QUEUE_DIR", |o| {
        o.queue_dir.clone()
    })
    .checked(|path| path::check(path));
pub(crate) const CLOSURE_TYPE: Key<ClosureType> =
    Key::new("closure-type", "NIX_POST_BUILD_PUSH_CLOSURE_TYPE", |o| {
        o.closure_type
    });
pub(crate) const CHECK_SIGS: Key<bool> =
    Key::new("check-sigs", "NIX_POST_BUILD_PUSH_CHECK_SIGS", |o| {
        o.check_sigs
    });
pub(crate) const SUBSTITUTE: Key<bool> = Key::new(
    "substitute-on-destination",
    "NIX_POST_BUILD_PUSH_SUBSTITUTE_ON_DESTINATION",
    |o| o.substitute_on_destination,
);
pub(crate) const NIX_OPTS: Key<NixOptions> =
    Key::new("nix-opts", "NIX_POST_BUILD_PUSH_NIX_OPTS", |o| {
        (!o.nix_opts.is_empty()).then(|| o.nix_opts.clone())
    })
    .checked(check_options);
pub(crate) const TIMEOUT: Key<Duration> =
    Key::new("timeout", "NIX_POST_BUILD_PUSH_TIMEOUT", |o| o.timeout).checked(check_timeout);
pub(crate) const STALL_TIMEOUT: Key<Duration> =
    Key::new("stall-timeout", "NIX_POST_BUILD_PUSH_STALL_TIMEOUT", |o| {
        o.stall_timeout
    })
    .checked(check_timeout);
pub(crate) const BATCH_SIZE: Key<u32> =
    Key::new("batch-size", "NIX_POST_BUILD_PUSH_BATCH_SIZE", |o| {
        o.batch_size
    })
    .checked(check_batch_size);
pub(crate) const VERIFY: Key<bool> = Key::new("verify", "NIX_POST_BUILD_PUSH_VERIFY", |o| o.verify);
pub(crate) const RETRY_DELAY: Key<Duration> =
    Key::new("retry-delay", "NIX_POST_BUILD_PUSH_RETRY_DELAY", |o| {
        o.retry_delay
    })
    .checked(check_length);
pub(crate) const RETRY_MAX_DELAY: Key<Duration> = Key::new(
    "retry-max-delay",
    "NIX_POST_BUILD_PUSH_RETRY_MAX_DELAY",
    |o| o.retry_max_delay,
)
.checked(check_length);
pub(crate) const MAX_ATTEMPTS: Key<u32> =
    Key::new("max-attempts", "NIX_POST_BUILD_PUSH_MAX_ATTEMPTS", |o| {
        o.max_attempts
    })
    .checked(check_attempts);

/// The tables at the top of a file.
pub(crate) const TABLES: &[&str] = &["nix", "hook", "queues"];
pub(crate) const NIX_KEYS: &[&str] = &[STORE_DIR.name, STATE_DIR.name, BIN_DIR.name];
pub(crate) const HOOK_KEYS: &[&str] = &[ON_ERROR.name, FSYNC.name];
pub(crate) const QUEUE_KEYS: &[&str] = &[
    ENABLE.name,
    DESTINATION.name,
    QUEUE_DIR.name,
    CLOSURE_TYPE.name,
    CHECK_SIGS.name,
    SUBSTITUTE.name,
    NIX_OPTS.name,
    TIMEOUT.name,
    STALL_TIMEOUT.name,
    BATCH_SIZE.name,
    VERIFY.name,
    RETRY_DELAY.name,
    RETRY_MAX_DELAY.name,
    MAX_ATTEMPTS.name,
];

fn check_destination(destination: &Destination) -> Result<(), Fault> {
    match destination {
        Destination::Uri(uri) => uri.check().map_err(|error| Fault::new(error.to_string())),
        Destination::SecretFile(file) => path::check(file),
    }
}

fn check_options(options: &NixOptions) -> Result<(), Fault> {
    match options.iter().any(|option| option.contains('\0')) {
        true => Err(Fault::new("an option has a NUL in it")),
        false => Ok(()),
    }
}

fn check_timeout(timeout: &Duration) -> Result<(), Fault> {
    match timeout.is_zero() {
        true => Err(Fault::new("must be longer than zero")),
        false => check_length(timeout),
    }
}

fn check_length(delay: &Duration) -> Result<(), Fault> {
    match *delay > LONGEST {
        true => Err(Fault::new("must not be longer than ten years")),
        false => Ok(()),
    }
}

fn check_batch_size(size: &u32) -> Result<(), Fault> {
    match size {
        1..=1000 => Ok(()),
        _ => Err(Fault::new("must be from 1 to 1000")),
    }
}

fn check_attempts(attempts: &u32) -> Result<(), Fault> {
    match attempts {
        0 => Err(Fault::new("must be at least 1")),
        _ => Ok(()),
    }
}
