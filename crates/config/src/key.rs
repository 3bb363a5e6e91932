//! The settings that can come from more than one source: their names and their ranges.

use std::time::Duration;

use camino::Utf8PathBuf;

use crate::byte_size::ByteSize;
use crate::choice::{BeyondLimit, CheckContents, ClosureType, OnError};
use crate::copy_options;
use crate::destination::Destination;
use crate::fault::Fault;
use crate::nix_options::NixOptions;
use crate::overrides::Overrides;
use crate::path;
use crate::store_uri::StoreUriError;
use crate::value::AnyNumber;

/// Longer durations are mistakes, and adding them to a clock may overflow.
const LONGEST: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);

/// A setting's name in each source, and what its value must fulfil.
pub(crate) struct Key<T> {
    /// Its key in the file; the option is the same behind two dashes.
    pub(crate) name: &'static str,
    /// A value as a file has it.
    example: &'static str,
    pub(crate) variable: Option<&'static str>,
    /// A second variable that names a file with the value in it. The first wins.
    pub(crate) file_variable: Option<FileVariable<T>>,
    pub(crate) option: fn(&Overrides) -> Option<T>,
    pub(crate) check: fn(&T) -> Result<(), Fault>,
}

/// A variable that holds the path of a file, and what such a path means.
pub(crate) struct FileVariable<T> {
    pub(crate) name: &'static str,
    pub(crate) value: fn(Utf8PathBuf) -> T,
}

impl<T> Key<T> {
    const fn in_file(name: &'static str, example: &'static str) -> Self {
        Self {
            name,
            example,
            variable: None,
            file_variable: None,
            option: |_| None,
            check: |_| Ok(()),
        }
    }

    const fn new(
        name: &'static str,
        example: &'static str,
        variable: &'static str,
        option: fn(&Overrides) -> Option<T>,
    ) -> Self {
        Self {
            name,
            example,
            variable: Some(variable),
            file_variable: None,
            option,
            check: |_| Ok(()),
        }
    }

    const fn checked(self, check: fn(&T) -> Result<(), Fault>) -> Self {
        Self { check, ..self }
    }

    const fn or_in_file(self, name: &'static str, value: fn(Utf8PathBuf) -> T) -> Self {
        let file_variable = Some(FileVariable { name, value });
        Self {
            file_variable,
            ..self
        }
    }

    /// What to write instead, in a file.
    pub(crate) fn hint_in_file(&self) -> String {
        hint_in_file(self.name, self.example)
    }

    /// What to write instead behind an option or a variable and what joins them.
    pub(crate) fn hint_behind(&self, start: &str) -> String {
        let text = self.example.trim_matches(['[', '"', ']']);
        format!("write for example: {start}{text}")
    }
}

pub(crate) const STORE_DIR: Key<Utf8PathBuf> = Key::in_file("store-dir", "\"/nix/store\"");
pub(crate) const STATE_DIR: Key<Utf8PathBuf> = Key::in_file("state-dir", "\"/nix/var/nix\"");
pub(crate) const BIN_DIR: Key<Utf8PathBuf> =
    Key::in_file("bin-dir", "\"/run/current-system/sw/bin\"");

pub(crate) const ON_ERROR: Key<OnError> = Key::new(
    "on-error",
    "\"fail\"",
    "NIX_POST_BUILD_PUSH_ON_ERROR",
    |o| o.on_error,
);
pub(crate) const FSYNC: Key<bool> = Key::in_file("fsync", "true");

pub(crate) const ENABLE: Key<bool> = Key::in_file("enable", "true");
pub(crate) const DESTINATION: Key<Destination> = Key::new(
    "destination",
    "\"ssh-ng://cache.example.org\"",
    "NIX_POST_BUILD_PUSH_DESTINATION",
    |o| o.destination.clone(),
)
.or_in_file("NIX_POST_BUILD_PUSH_DESTINATION_FILE", |file| {
    Destination::SecretFile(file)
})
.checked(check_destination);
pub(crate) const QUEUE_DIR: Key<Utf8PathBuf> = Key::new(
    "queue-dir",
    "\"/var/lib/nix-post-build-push/main\"",
    "NIX_POST_BUILD_PUSH_QUEUE_DIR",
    |o| o.queue_dir.clone(),
)
.checked(|path| path::check(path));
pub(crate) const CLOSURE_TYPE: Key<ClosureType> = Key::new(
    "closure-type",
    "\"binary\"",
    "NIX_POST_BUILD_PUSH_CLOSURE_TYPE",
    |o| o.closure_type,
);
pub(crate) const CHECK_CONTENTS: Key<CheckContents> = Key::new(
    "check-contents",
    "\"entries\"",
    "NIX_POST_BUILD_PUSH_CHECK_CONTENTS",
    |o| o.check_contents,
);
pub(crate) const CHECK_SIGS: Key<bool> = Key::new(
    "check-sigs",
    "true",
    "NIX_POST_BUILD_PUSH_CHECK_SIGS",
    |o| o.check_sigs,
);
pub(crate) const SUBSTITUTE: Key<bool> = Key::new(
    "substitute-on-destination",
    "true",
    "NIX_POST_BUILD_PUSH_SUBSTITUTE_ON_DESTINATION",
    |o| o.substitute_on_destination,
);
pub(crate) const NIX_OPTS: Key<NixOptions> = Key::new(
    "nix-opts",
    "[\"--refresh\"]",
    "NIX_POST_BUILD_PUSH_NIX_OPTS",
    |o| (!o.nix_opts.is_empty()).then(|| o.nix_opts.clone()),
)
.checked(check_options);
pub(crate) const TIMEOUT: Key<Duration> =
    Key::new("timeout", "\"2h\"", "NIX_POST_BUILD_PUSH_TIMEOUT", |o| {
        o.timeout
    })
    .checked(check_timeout);
pub(crate) const STALL_TIMEOUT: Key<Duration> = Key::new(
    "stall-timeout",
    "\"10m\"",
    "NIX_POST_BUILD_PUSH_STALL_TIMEOUT",
    |o| o.stall_timeout,
)
.checked(check_timeout);
pub(crate) const BATCH_SIZE: Key<u32> = Key::new(
    "batch-size",
    "1000",
    "NIX_POST_BUILD_PUSH_BATCH_SIZE",
    |o| o.batch_size,
)
.checked(check_batch_size);
pub(crate) const JOBS: Key<u32> =
    Key::new("jobs", "4", "NIX_POST_BUILD_PUSH_JOBS", |o| o.jobs).checked(check_jobs);
pub(crate) const VERIFY: Key<bool> =
    Key::new("verify", "true", "NIX_POST_BUILD_PUSH_VERIFY", |o| o.verify);
pub(crate) const RETRY_DELAY: Key<Duration> = Key::new(
    "retry-delay",
    "\"1m\"",
    "NIX_POST_BUILD_PUSH_RETRY_DELAY",
    |o| o.retry_delay,
)
.checked(check_length);
pub(crate) const RETRY_MAX_DELAY: Key<Duration> = Key::new(
    "retry-max-delay",
    "\"6h\"",
    "NIX_POST_BUILD_PUSH_RETRY_MAX_DELAY",
    |o| o.retry_max_delay,
)
.checked(check_length);
pub(crate) const MAX_ATTEMPTS: Key<u32> = Key::new(
    "max-attempts",
    "10",
    "NIX_POST_BUILD_PUSH_MAX_ATTEMPTS",
    |o| o.max_attempts,
)
.checked(check_attempts);

pub(crate) const MAX_ENTRIES: Key<u32> =
    Key::in_file("max-entries", "10000").checked(check_entries);
pub(crate) const MAX_AGE: Key<Duration> =
    Key::in_file("max-age", "\"30days\"").checked(check_timeout);
pub(crate) const MAX_PINNED: Key<ByteSize> =
    Key::in_file("max-pinned", "\"50GiB\"").checked(check_size);
pub(crate) const BEYOND_MAX_ENTRIES: Key<BeyondLimit> =
    Key::in_file("beyond-max-entries", "\"refuse\"");
pub(crate) const BEYOND_MAX_AGE: Key<BeyondLimit> = Key::in_file("beyond-max-age", "\"refuse\"");
pub(crate) const BEYOND_MAX_PINNED: Key<BeyondLimit> =
    Key::in_file("beyond-max-pinned", "\"refuse\"");

pub(crate) const METRICS_FILE: Key<Utf8PathBuf> = Key::in_file(
    "metrics-file",
    "\"/var/lib/prometheus/node-exporter/nix-post-build-push-main.prom\"",
)
.checked(check_metrics_file);

pub(crate) const HEALTH_MAX_PARKED: Key<AnyNumber> = Key::in_file("max-parked", "0");
pub(crate) const HEALTH_MAX_AGE: Key<Duration> =
    Key::in_file(MAX_AGE.name, "\"1day\"").checked(check_timeout);
pub(crate) const HEALTH_MAX_UNAVAILABLE: Key<Duration> =
    Key::in_file("max-unavailable", "\"1h\"").checked(check_length);
pub(crate) const HEALTH_MAX_PINNED: Key<ByteSize> =
    Key::in_file(MAX_PINNED.name, MAX_PINNED.example).checked(check_size);
pub(crate) const HEALTH_REMEMBER_LOSSES: Key<Duration> =
    Key::in_file("remember-losses", "\"1day\"").checked(check_length);

/// The tables at the top of a file.
pub(crate) const TABLES: &[&str] = &["nix", "hook", "queues"];
pub(crate) const NIX_KEYS: &[&str] = &[STORE_DIR.name, STATE_DIR.name, BIN_DIR.name];
pub(crate) const HOOK_KEYS: &[&str] = &[ON_ERROR.name, FSYNC.name];
pub(crate) const QUEUE_KEYS: &[&str] = &[
    ENABLE.name,
    DESTINATION.name,
    QUEUE_DIR.name,
    CLOSURE_TYPE.name,
    CHECK_CONTENTS.name,
    CHECK_SIGS.name,
    SUBSTITUTE.name,
    NIX_OPTS.name,
    TIMEOUT.name,
    STALL_TIMEOUT.name,
    BATCH_SIZE.name,
    JOBS.name,
    VERIFY.name,
    RETRY_DELAY.name,
    RETRY_MAX_DELAY.name,
    MAX_ATTEMPTS.name,
    METRICS_FILE.name,
    LIMITS,
    HEALTH,
];
/// The table of a queue's limits.
pub(crate) const LIMITS: &str = "limits";
pub(crate) const LIMIT_KEYS: &[&str] = &[
    MAX_ENTRIES.name,
    BEYOND_MAX_ENTRIES.name,
    MAX_AGE.name,
    BEYOND_MAX_AGE.name,
    MAX_PINNED.name,
    BEYOND_MAX_PINNED.name,
];
/// The table of what makes `status` ask for somebody.
pub(crate) const HEALTH: &str = "health";
pub(crate) const HEALTH_KEYS: &[&str] = &[
    HEALTH_MAX_PARKED.name,
    HEALTH_MAX_AGE.name,
    HEALTH_MAX_UNAVAILABLE.name,
    HEALTH_MAX_PINNED.name,
    HEALTH_REMEMBER_LOSSES.name,
];

/// Each key with an example.
pub(crate) const EXAMPLES: &[(&str, &str)] = &[
    (STORE_DIR.name, STORE_DIR.example),
    (STATE_DIR.name, STATE_DIR.example),
    (BIN_DIR.name, BIN_DIR.example),
    (ON_ERROR.name, ON_ERROR.example),
    (FSYNC.name, FSYNC.example),
    (ENABLE.name, ENABLE.example),
    (DESTINATION.name, DESTINATION.example),
    (QUEUE_DIR.name, QUEUE_DIR.example),
    (CLOSURE_TYPE.name, CLOSURE_TYPE.example),
    (CHECK_CONTENTS.name, CHECK_CONTENTS.example),
    (CHECK_SIGS.name, CHECK_SIGS.example),
    (SUBSTITUTE.name, SUBSTITUTE.example),
    (NIX_OPTS.name, NIX_OPTS.example),
    (TIMEOUT.name, TIMEOUT.example),
    (STALL_TIMEOUT.name, STALL_TIMEOUT.example),
    (BATCH_SIZE.name, BATCH_SIZE.example),
    (JOBS.name, JOBS.example),
    (VERIFY.name, VERIFY.example),
    (RETRY_DELAY.name, RETRY_DELAY.example),
    (RETRY_MAX_DELAY.name, RETRY_MAX_DELAY.example),
    (MAX_ATTEMPTS.name, MAX_ATTEMPTS.example),
    (MAX_ENTRIES.name, MAX_ENTRIES.example),
    (BEYOND_MAX_ENTRIES.name, BEYOND_MAX_ENTRIES.example),
    (MAX_AGE.name, MAX_AGE.example),
    (BEYOND_MAX_AGE.name, BEYOND_MAX_AGE.example),
    (MAX_PINNED.name, MAX_PINNED.example),
    (BEYOND_MAX_PINNED.name, BEYOND_MAX_PINNED.example),
    (METRICS_FILE.name, METRICS_FILE.example),
    (HEALTH_MAX_PARKED.name, HEALTH_MAX_PARKED.example),
    (HEALTH_MAX_UNAVAILABLE.name, HEALTH_MAX_UNAVAILABLE.example),
    (HEALTH_REMEMBER_LOSSES.name, HEALTH_REMEMBER_LOSSES.example),
];

pub(crate) fn hint_in_file(name: &str, example: &str) -> String {
    format!("write for example: {name} = {example}")
}

const STORE_URIS: &str = "write for example: ssh-ng://cache.example.org or /srv/store";

fn check_destination(destination: &Destination) -> Result<(), Fault> {
    match destination {
        Destination::Uri(uri) => uri.check().map_err(|error| {
            let fault = Fault::new(error.to_string());
            match error {
                StoreUriError::NoStore => fault.hint(STORE_URIS),
                _ => fault,
            }
        }),
        Destination::SecretFile(file) => path::check(file),
    }
}

fn check_options(options: &NixOptions) -> Result<(), Fault> {
    match options.iter().any(|option| option.contains('\0')) {
        true => Err(Fault::new("an option has a NUL in it")),
        false => copy_options::check(options),
    }
}

/// The node exporter reads no other files, and says nothing of those that it leaves out.
fn check_metrics_file(file: &Utf8PathBuf) -> Result<(), Fault> {
    path::check(file)?;
    match file.extension() {
        Some("prom") => Ok(()),
        _ => Err(Fault::new("the name does not end with `.prom`")
            .hint("the node exporter's textfile collector reads only files with names that do")),
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

fn check_jobs(jobs: &u32) -> Result<(), Fault> {
    match jobs {
        1..=64 => Ok(()),
        _ => Err(Fault::new("must be from 1 to 64")),
    }
}

fn check_entries(number: &u32) -> Result<(), Fault> {
    match number {
        0 => Err(
            Fault::new("must be at least 1: nothing would ever be queued")
                .hint("to queue nothing, write enable = false in the queue's table"),
        ),
        _ => Ok(()),
    }
}

fn check_size(size: &ByteSize) -> Result<(), Fault> {
    match size.0 {
        0 => Err(Fault::new(
            "must be more than zero: everything would be beyond it",
        )),
        _ => Ok(()),
    }
}

fn check_attempts(attempts: &u32) -> Result<(), Fault> {
    match attempts {
        0 => Err(Fault::new("must be at least 1")),
        _ => Ok(()),
    }
}
