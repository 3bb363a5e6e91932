//! Copying to a destination with `nix copy`.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::time::Duration;

use queue_core::{StorePath, UploadError, UploadErrorKind, UploadWarning, Uploader};

use crate::brings::Brings;
use crate::call::{Call, CallError};
use crate::classify::{LOST_REFERENCES_HINT, REFERENCES_HINT};
use crate::credibility;
use crate::inspect;
use crate::log::Said;
use crate::path_info::{self, Asked};
use crate::queries::{self, unique};
use crate::supervise::Timeouts;
use crate::upload_options::UploadOptions;
use crate::{ClosureType, CopyEvent, Nix, UploadEvent};

mod copying;
mod telling;
use copying::Seen;
use telling::Telling;

/// Longest time that a probe may take.
const PROBE_TIME: Duration = Duration::from_secs(30);

/// [`Uploader`] that runs `nix copy`.
///
/// When all goes well: one process per thousand paths, or 96 KiB of them, and one more
/// for derivations. Besides,
///
/// - the closure types `source` and `cache` ask the local store for derivers first,
///   `bare` for the order where one process does not do;
/// - where the URI has a secret in it, Nix is asked which store it works on;
/// - for destinations that Nix before 2.25 may overlook losing (`ssh-ng://`, `unix://`,
///   `daemon`) it is asked for its version, and one that is not known to notice for
///   what the destination has;
/// - with [`jobs`](UploadOptions::jobs) see below.
///
/// The timeouts hold for each of these processes on its own.
///
/// With [`jobs`](UploadOptions::jobs) an upload asks the local store what its paths
/// refer to, and copies in at most two rounds: what several of them share, then the
/// rest, each by as many copies at once as that says. No path is copied by two at
/// the same time. The first failure ends all of them; but where it may be for their
/// number one copy tries again, and goes alone from then on if that was it. A store is
/// asked for one path before the first several.
pub struct NixUploader {
    nix: Nix,
    options: UploadOptions,
    telling: Telling,
    seen: Seen,
}

impl NixUploader {
    /// Copies with this Nix; its `Cancel` ends an upload.
    #[must_use]
    pub fn new(nix: Nix, options: UploadOptions) -> Self {
        Self {
            nix,
            options,
            telling: Telling::default(),
            seen: Seen::default(),
        }
    }

    /// Tells how far an upload is: [`UploadProgress`](crate::UploadProgress) adds it up. May tell
    /// nothing for a long time, and is told by several threads at once. Starts no process for it.
    #[must_use]
    pub fn with_progress(mut self, tell: impl Fn(&UploadEvent) + Send + Sync + 'static) -> Self {
        self.telling.tell_to(tell);
        self
    }

    /// Asks the local store for the sizes of what is copied where Nix does not tell of bytes (2.8.0),
    /// while it copies: one more process for an upload.
    #[must_use]
    pub fn with_sizes(mut self) -> Self {
        self.telling.want_sizes();
        self
    }

    /// What an upload of `paths` has to bring to a destination that has
    /// nothing, each path once.
    ///
    /// # Errors
    ///
    /// When the local store does not tell; the kind is `Paths` where a path is
    /// not valid.
    pub fn closure(&self, paths: &[StorePath]) -> Result<Vec<StorePath>, UploadError> {
        let closure = || match self.options.closure_type {
            ClosureType::Bare => Ok(unique(paths.to_vec())),
            _ => queries::requisites(&self.nix, &self.brings().to_copy(paths)?.paths),
        };
        closure().map_err(|error| self.error(error))
    }

    /// Whether the daemon at the destination trusts who asks; `None` where its Nix does not tell, or
    /// there is no daemon (2.8.0 never tells).
    ///
    /// # Errors
    ///
    /// When it does not answer.
    pub fn is_trusted(&self) -> Result<Option<bool>, UploadError> {
        let timeouts = Timeouts::total(PROBE_TIME);
        let UploadOptions { nix_opts, .. } = &self.options;
        let answer = self.with_call(&self.nix, &timeouts, &|_| {}, |call| {
            let store = self.options.place();
            inspect::trusted(&Asked {
                call,
                store,
                nix_opts,
            })
        });
        answer.map_err(|error| self.error(error))
    }

    fn brings(&self) -> Brings<'_> {
        Brings {
            nix: &self.nix,
            closure_type: self.options.closure_type,
        }
    }

    /// An error where Nix may have taken a connection that ended for the end of
    /// the copy.
    fn no_end_was_overlooked(&self, entries: &[StorePath]) -> Result<(), CallError> {
        if !self.options.destination.kind().is_behind_a_daemon()
            || credibility::notices_an_end(&queries::version(&self.nix)?)
        {
            return Ok(());
        }
        credibility::overlooked(&self.not_arrived(entries)?, self.nix.store_dir())
    }

    /// The entries of which the destination lacks something.
    fn not_arrived(&self, entries: &[StorePath]) -> Result<Vec<StorePath>, CallError> {
        let expected = self.brings().expected(entries)?;
        let all = expected.iter().flat_map(|(_, paths)| paths.clone());
        let UploadOptions {
            timeouts, nix_opts, ..
        } = &self.options;
        let absent = self.absent(timeouts, nix_opts, &unique(all.collect()))?;
        let has_absent = |paths: &[StorePath]| paths.iter().any(|path| absent.contains(path));
        let entries = expected
            .into_iter()
            .filter(|(_, paths)| has_absent(paths))
            .map(|(entry, _)| entry);
        Ok(entries.collect())
    }

    /// Those of `paths` that the destination says it lacks.
    fn absent(
        &self,
        timeouts: &Timeouts,
        nix_opts: &[String],
        paths: &[StorePath],
    ) -> Result<Vec<StorePath>, CallError> {
        self.with_call(&self.nix, timeouts, &|_| {}, |call| {
            let asked = Asked {
                call,
                store: self.options.place(),
                nix_opts,
            };
            path_info::missing(&asked, paths)
        })
    }

    /// A path that no store has. A new one each time, since something between
    /// us and the destination may remember that it does not exist.
    fn no_path() -> Result<StorePath, CallError> {
        let number = || RandomState::new().build_hasher().finish() % 10_u64.pow(16);
        format!("{:016}{:016}-nix-post-build-push-probe", number(), number())
            .parse()
            .map_err(|_| CallError::NotUnderstood {
                program: "nix",
                what: "a probe".to_owned(),
            })
    }

    fn ask_anything(&self) -> Result<(), CallError> {
        let timeouts = &self.options.timeouts;
        let time = timeouts
            .stall
            .map_or(PROBE_TIME, |stall| stall.min(PROBE_TIME));
        let timeouts = Timeouts {
            total: Some(time),
            stall: None,
            grace: timeouts.grace,
        };
        let path = [Self::no_path()?];
        let ask = |nix_opts: &[String]| match self.absent(&timeouts, nix_opts, &path) {
            // Nix succeeded: whatever it printed, the destination has answered.
            Err(CallError::NotUnderstood { .. }) => Ok(()),
            answer => answer.map(drop),
        };
        let options = &self.options.nix_opts;
        match ask(options) {
            // An option that spoils the question says nothing about the
            // destination.
            Err(error) if !options.is_empty() && may_be_an_option(&error) => {
                ask(&[]).map_err(|_| error)
            }
            answer => answer,
        }
    }

    fn with_call<T>(
        &self,
        nix: &Nix,
        timeouts: &Timeouts,
        tell: &dyn Fn(CopyEvent),
        use_it: impl FnOnce(&Call<'_>) -> T,
    ) -> T {
        let destination = &self.options.destination;
        let redact = |text: &str| destination.redact(text);
        let tell = |said: Said<'_>| match said {
            Said::Began(text) => tracing::trace!("{}", redact(text)),
            Said::Copy(event) => tell(event),
        };
        use_it(&Call {
            nix,
            program: "nix",
            timeouts,
            settings: self.options.place().setting(),
            redact: &redact,
            tell: &tell,
            about_settings: false,
        })
    }

    fn error(&self, error: CallError) -> UploadError {
        let mut error = error.into_upload(&|text| self.options.destination.redact(text));
        let is_bare = self.options.closure_type == ClosureType::Bare;
        error.hint = error.hint.map(|hint| match hint == REFERENCES_HINT {
            true if !is_bare => LOST_REFERENCES_HINT.to_owned(),
            _ => hint,
        });
        error
    }
}

impl Uploader for NixUploader {
    fn upload(&self, paths: &[StorePath]) -> Result<Vec<UploadWarning>, UploadError> {
        let copied = self.copy_all(paths).and_then(|warnings| {
            self.no_end_was_overlooked(paths)?;
            Ok(warnings)
        });
        copied.map_err(|error| {
            let named = error.named(paths);
            UploadError {
                named,
                ..self.error(error)
            }
        })
    }

    /// Asks the destination for a path that nobody has, with a timeout of 30
    /// seconds or the stall timeout, whichever is shorter. Nix makes the
    /// directory of a `file://` destination that does not exist yet. A Nix that
    /// crashed, or was killed, says nothing about the destination.
    fn probe(&self) -> Result<(), UploadError> {
        self.ask_anything().map_err(|error| {
            // A Nix that died has asked nobody.
            let died = error.signal().is_some();
            let mut error = self.error(error);
            if died {
                error.kind = UploadErrorKind::Local;
            }
            if !matches!(
                error.kind,
                UploadErrorKind::Local | UploadErrorKind::Cancelled
            ) {
                error.kind = UploadErrorKind::Unavailable;
            }
            error
        })
    }

    /// With the closure types `source` and `cache` an entry is missing when
    /// its deriver is; with `cache` also when the entry itself is.
    fn missing(&self, paths: &[StorePath]) -> Result<Vec<StorePath>, UploadError> {
        self.not_arrived(paths).map_err(|error| self.error(error))
    }
}

/// A Nix that cannot run, or does not end, is not asked again.
fn may_be_an_option(error: &CallError) -> bool {
    use UploadErrorKind::{Local, Paths, Unclear};
    matches!(error, CallError::Failed { kind, .. } if matches!(kind, Local | Paths | Unclear))
}

#[cfg(test)]
mod tests;
