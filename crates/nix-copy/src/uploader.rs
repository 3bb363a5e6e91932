//! Copying to a destination with `nix copy`.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::time::Duration;

use queue_core::{StorePath, UploadError, UploadErrorKind, UploadWarning, Uploader};

use crate::call::{Call, CallError};
use crate::chunks::chunks;
use crate::classify::REFERENCES;
use crate::copy_args::{self, Objects};
use crate::queries::{self, full_paths, unique};
use crate::supervise::Limits;
use crate::{ClosureType, Destination, Nix, path_info};

/// Longest time that a probe may take.
const PROBE_TIME: Duration = Duration::from_secs(30);

/// How to copy.
#[derive(Debug)]
pub struct UploadOptions {
    /// Where to.
    pub destination: Destination,
    /// What an entry brings along.
    pub closure_type: ClosureType,
    /// Whether the destination checks signatures. Binary caches never do.
    pub check_sigs: bool,
    /// Whether the destination fetches from its own substituters what it can.
    /// Only remote stores (`ssh-ng://`, `ssh://`) do: for a destination that
    /// this very process opens, substitution is off.
    pub substitute_on_destination: bool,
    /// Further options of `nix copy`; they come last and win.
    pub nix_opts: Vec<String>,
    /// For each call of Nix that talks to the destination.
    pub limits: Limits,
}

impl UploadOptions {
    /// Copies closures, lets the destination check signatures, has no limits.
    #[must_use]
    pub fn new(destination: Destination) -> Self {
        Self {
            destination,
            closure_type: ClosureType::default(),
            check_sigs: true,
            substitute_on_destination: false,
            nix_opts: Vec::new(),
            limits: Limits {
                total: None,
                stall: None,
                grace: Duration::from_secs(10),
            },
        }
    }
}

/// Something that Nix began to do: `copying path '…' to '…'`. Free of secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress(pub String);

/// [`Uploader`] that runs `nix copy`.
///
/// One process per thousand paths, and one more for derivations; the closure
/// types `source` and `cache` ask the local store for derivers first. Nothing
/// is asked when all goes well, neither for versions nor for validity.
pub struct NixUploader {
    nix: Nix,
    options: UploadOptions,
    on_progress: Box<dyn Fn(&Progress)>,
}

/// What is to be copied for a list of entries.
#[derive(Default)]
struct Load {
    paths: Vec<StorePath>,
    warnings: Vec<UploadWarning>,
}

impl NixUploader {
    /// Copies with this Nix; its `Cancel` ends an upload.
    #[must_use]
    pub fn new(nix: Nix, options: UploadOptions) -> Self {
        Self {
            nix,
            options,
            on_progress: Box::new(|_| {}),
        }
    }

    /// Tells what Nix is doing. May be told nothing for a long time.
    #[must_use]
    pub fn with_progress(mut self, tell: impl Fn(&Progress) + 'static) -> Self {
        self.on_progress = Box::new(tell);
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
        let closure = || {
            let load = self.load(paths)?;
            match self.options.closure_type {
                ClosureType::Bare => Ok(unique(paths.to_vec())),
                _ => queries::requisites(&self.nix, &load.paths),
            }
        };
        closure().map_err(|error| self.error(error))
    }

    /// The paths whose closures are to be copied; for `bare`, themselves.
    fn load(&self, paths: &[StorePath]) -> Result<Load, CallError> {
        match self.options.closure_type {
            ClosureType::Bare => self.bare(paths),
            ClosureType::Binary => Ok(Load {
                paths: unique(paths.to_vec()),
                ..Load::default()
            }),
            ClosureType::Source => self.source(paths),
            ClosureType::Cache => {
                let mut load = self.source(paths)?;
                let derivations: Vec<_> = load
                    .paths
                    .iter()
                    .filter(|path| path.is_derivation())
                    .cloned()
                    .collect();
                load.paths
                    .extend(queries::requisites_with_outputs(&self.nix, &derivations)?);
                load.paths = unique(load.paths);
                Ok(load)
            }
        }
    }

    /// In one call Nix sorts them itself; over several, references have to go
    /// first.
    fn bare(&self, paths: &[StorePath]) -> Result<Load, CallError> {
        let mut load = Load {
            paths: unique(paths.to_vec()),
            ..Load::default()
        };
        if chunks(&full_paths(&self.nix, &load.paths)).count() > 1 {
            let mut sorted = queries::requisites(&self.nix, &load.paths)?;
            sorted.retain(|path| load.paths.contains(path));
            load.paths = sorted;
        }
        Ok(load)
    }

    fn source(&self, paths: &[StorePath]) -> Result<Load, CallError> {
        let mut load = Load::default();
        for (path, deriver) in queries::derivers(&self.nix, paths)? {
            if deriver.is_none() {
                load.warnings.push(UploadWarning {
                    path: path.clone(),
                    message: "has no valid deriver, its own closure was copied".to_owned(),
                });
            }
            load.paths.push(deriver.unwrap_or(path));
        }
        load.paths = unique(load.paths);
        Ok(load)
    }

    fn copy(&self, objects: Objects, paths: &[StorePath]) -> Result<(), CallError> {
        for chunk in chunks(&full_paths(&self.nix, paths)) {
            let arguments = copy_args::copy(&self.options, objects, chunk);
            self.with_call(&self.options.limits, |call| call.run(&arguments))?;
        }
        Ok(())
    }

    fn copy_all(&self, paths: &[StorePath]) -> Result<Vec<UploadWarning>, CallError> {
        let load = self.load(paths)?;
        let (derivations, outputs): (Vec<_>, Vec<_>) =
            load.paths.into_iter().partition(StorePath::is_derivation);
        // Derivations may refer to sources among the others, never the reverse.
        self.copy(Objects::Outputs, &outputs)?;
        self.copy(Objects::Derivations, &derivations)?;
        Ok(load.warnings)
    }

    /// The paths whose presence shows that an entry arrived.
    fn evidence(&self, paths: &[StorePath]) -> Result<Vec<(StorePath, Vec<StorePath>)>, CallError> {
        let own = |path: &StorePath| (path.clone(), vec![path.clone()]);
        let with_output = match self.options.closure_type {
            ClosureType::Bare | ClosureType::Binary => return Ok(paths.iter().map(own).collect()),
            ClosureType::Source => false,
            ClosureType::Cache => true,
        };
        let derivers = queries::derivers(&self.nix, paths)?;
        let evidence = derivers.into_iter().map(|(path, deriver)| {
            let output = (with_output || deriver.is_none()).then(|| path.clone());
            (path, deriver.into_iter().chain(output).collect())
        });
        Ok(evidence.collect())
    }

    fn lacking(&self, paths: &[StorePath]) -> Result<Vec<StorePath>, CallError> {
        let evidence = self.evidence(paths)?;
        let wanted = unique(
            evidence
                .iter()
                .flat_map(|(_, proof)| proof.clone())
                .collect(),
        );
        let uri = self.options.destination.uri();
        let lacking = self.with_call(&self.options.limits, |call| {
            path_info::missing(call, uri, &wanted)
        })?;
        let unproven = |proof: &[StorePath]| proof.iter().any(|path| lacking.contains(path));
        let entries = evidence
            .into_iter()
            .filter(|(_, proof)| unproven(proof))
            .map(|(path, _)| path);
        Ok(entries.collect())
    }

    /// A path that no store has. A new one each time, since something between
    /// us and the destination may remember that it does not exist.
    fn no_path() -> Result<StorePath, CallError> {
        let digits: String = std::iter::repeat_with(|| RandomState::new().build_hasher().finish())
            .flat_map(|number| number.to_le_bytes())
            .map(|byte| char::from(b"0123456789abcdfghijklmnpqrsvwxyz"[usize::from(byte & 31)]))
            .take(32)
            .collect();
        format!("{digits}-nix-post-build-push-probe")
            .parse()
            .map_err(|_| CallError::NotUnderstood {
                program: "nix",
                what: "a probe".to_owned(),
            })
    }

    fn ask_anything(&self) -> Result<(), CallError> {
        let limits = &self.options.limits;
        let time = limits
            .stall
            .map_or(PROBE_TIME, |stall| stall.min(PROBE_TIME));
        let limits = Limits {
            total: Some(time),
            stall: None,
            grace: limits.grace,
        };
        let path = Self::no_path()?;
        let uri = self.options.destination.uri();
        self.with_call(&limits, |call| path_info::missing(call, uri, &[path]))?;
        Ok(())
    }

    fn with_call<T>(&self, limits: &Limits, use_it: impl FnOnce(&Call<'_>) -> T) -> T {
        let destination = &self.options.destination;
        let redact = |text: &str| destination.redact(text);
        let started = |text: &str| {
            tracing::trace!("{}", redact(text));
            (self.on_progress)(&Progress(redact(text)));
        };
        use_it(&Call {
            nix: &self.nix,
            program: "nix",
            limits,
            redact: &redact,
            started: &started,
        })
    }

    fn error(&self, error: CallError) -> UploadError {
        let mut error = error.into_upload(&|text| self.options.destination.redact(text));
        let is_bare = self.options.closure_type == ClosureType::Bare;
        error.hint = error.hint.filter(|hint| is_bare || hint != REFERENCES);
        error
    }
}

impl Uploader for NixUploader {
    fn upload(&self, paths: &[StorePath]) -> Result<Vec<UploadWarning>, UploadError> {
        self.copy_all(paths).map_err(|error| self.error(error))
    }

    /// Asks the destination for a path that nobody has, with a timeout of 30
    /// seconds or the stall timeout, whichever is shorter. Nix makes the
    /// directory of a `file://` destination that does not exist yet.
    fn probe(&self) -> Result<(), UploadError> {
        self.ask_anything().map_err(|error| {
            let mut error = self.error(error);
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
        self.lacking(paths).map_err(|error| self.error(error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_probes_ask_for_the_same_path() {
        let (first, second) = (
            NixUploader::no_path().unwrap(),
            NixUploader::no_path().unwrap(),
        );
        assert_ne!(first, second);
    }
}
