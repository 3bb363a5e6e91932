//! The copies of one upload: one, or several at once.

use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;

use queue_core::{StoreObject, StorePath, UploadErrorKind, UploadWarning};

use super::NixUploader;
use crate::brings::ToCopy;
use crate::call::CallError;
use crate::chunks::calls;
use crate::copy_args::{self, Objects, Route};
use crate::destination::Place;
use crate::memory::Memory;
use crate::parts::{self, Costs, Round};
use crate::{ClosureType, Nix, UploadEvent, UploadOptions, queries, several, sizes};

/// What the uploads so far have shown of the destination.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// It was opened, so it is initialised.
    is_open: AtomicBool,
    /// Several copies at once failed, and then one did not.
    takes_only_one: AtomicBool,
    /// Several copies at once failed, and then one as well: their number is not blamed
    /// again.
    one_failed_too: AtomicBool,
}

/// One call of `nix copy`.
struct Copy {
    number: u64,
    objects: Objects,
    paths: Vec<String>,
}

impl NixUploader {
    fn route(&self) -> Result<Route, CallError> {
        Ok(match self.options.place() {
            Place::Argument(uri) => Route::To(uri.to_owned()),
            Place::Setting(_) => Route::From(queries::store(&self.nix)?),
        })
    }

    /// Copies with this Nix.
    fn copy(&self, nix: &Nix, route: &Route, copy: &Copy) -> Result<(), CallError> {
        let memory = Memory::of_a_copy(nix, self.options.destination.uri());
        let arguments = copy_args::copy(&self.options, route, &memory, copy.objects, &copy.paths);
        let nix = memory.nix(nix);
        let tell = self.telling.of_copy(copy.number);
        let copied = self.with_call(&nix, &self.options.timeouts, &tell, |call| {
            call.run(&arguments)
        });
        self.telling.tell(&UploadEvent::Ended {
            copy: copy.number,
            well: copied.is_ok(),
        });
        copied.map(drop)
    }

    pub(super) fn copy_all(&self, paths: &[StorePath]) -> Result<Vec<UploadWarning>, CallError> {
        let ToCopy {
            mut paths,
            warnings,
        } = self.brings().to_copy(paths)?;
        // The order is of no account where closures are copied. Fewest calls then.
        if self.options.closure_type != ClosureType::Bare {
            paths.sort_by_key(StorePath::is_derivation);
        }
        let route = self.route()?;
        self.telling.tell(&UploadEvent::Begins {
            sends: self.options.destination.kind().is_cache_elsewhere(),
        });
        let sizes = || self.sizes(&paths);
        self.telling
            .with_sizes(sizes, || self.copy_paths(&route, &paths))?;
        self.seen.is_open.store(true, Relaxed);
        Ok(warnings)
    }

    /// What the paths bring, for who watches.
    fn sizes(&self, paths: &[StorePath]) -> Vec<StoreObject> {
        let mut objects = sizes::closure(&self.nix, paths).unwrap_or_else(|error| {
            tracing::debug!(%error, "the sizes of what is copied are not known");
            Vec::new()
        });
        if self.options.closure_type == ClosureType::Bare {
            objects.retain(|object| paths.contains(&object.path));
        }
        objects
    }

    fn copy_paths(&self, route: &Route, paths: &[StorePath]) -> Result<(), CallError> {
        match self.rounds_of_several(paths) {
            Some(rounds) if self.open_before_several(&rounds)? => {
                match self.copy_rounds(route, &rounds) {
                    Err(error) if self.may_be_too_many(&error) => {
                        self.copy_by_one_instead(route, paths, &error)
                    }
                    copied => copied,
                }
            }
            _ => self.copy_by_one(route, paths),
        }
    }

    fn copy_by_one(&self, route: &Route, paths: &[StorePath]) -> Result<(), CallError> {
        self.copy_rounds(route, &[vec![paths.to_vec()]])
    }

    fn copy_by_one_instead(
        &self,
        route: &Route,
        paths: &[StorePath],
        of_several: &CallError,
    ) -> Result<(), CallError> {
        tracing::debug!(%of_several, "several copies at once failed: one copy");
        let copied = self.copy_by_one(route, paths);
        match copied {
            Ok(()) => {
                self.seen.takes_only_one.store(true, Relaxed);
                tracing::warn!(
                    destination = self.options.destination.shown(),
                    "{}: several copies at once failed, and one did not, so one goes at a time now \
                     (with `jobs = 1` from the beginning): {}",
                    self.options.destination.shown(),
                    self.options.destination.redact(&of_several.to_string())
                );
            }
            Err(_) => self.seen.one_failed_too.store(true, Relaxed),
        }
        copied
    }

    fn copy_rounds(&self, route: &Route, rounds: &[Round]) -> Result<(), CallError> {
        let plan = |part: &Vec<StorePath>| self.plan(part);
        let rounds: Vec<Vec<_>> = rounds
            .iter()
            .map(|round| round.iter().map(plan).collect())
            .collect();
        rounds.iter().try_for_each(|round| {
            several::at_once(&self.nix, round, |nix, copies| {
                copies
                    .iter()
                    .try_for_each(|copy| self.copy(nix, route, copy))
            })
        })
    }

    /// The copies of one part, one after the other.
    fn plan(&self, part: &[StorePath]) -> Vec<Copy> {
        let calls = calls(&self.nix, part).map(|(objects, paths)| {
            let number = self.telling.planned(&paths);
            Copy {
                number,
                objects,
                paths,
            }
        });
        calls.collect()
    }

    /// A store that was never used is initialised by whoever opens it first. Several
    /// at once fail over that, and if one of them is ended in the middle of it the
    /// store is broken for good (seen with 2.26.3 and 2.34.8: `…/db/schema' is
    /// corrupt`). So one question goes first, unless one copy does. Whether several may
    /// go: not where it cannot be asked. An error where the destination is to blame.
    fn open_before_several(&self, rounds: &[Round]) -> Result<bool, CallError> {
        use UploadErrorKind::{Cancelled, Stalled, TimedOut, Unavailable};
        let Some([first, _, ..]) = rounds.first().map(Vec::as_slice) else {
            return Ok(true);
        };
        if self.options.destination.kind().is_binary_cache() || self.seen.is_open.load(Relaxed) {
            return Ok(true);
        }
        let UploadOptions {
            timeouts, nix_opts, ..
        } = &self.options;
        let any = first.first().cloned();
        match self.absent(timeouts, nix_opts, any.as_slice()) {
            Ok(_) => {
                self.seen.is_open.store(true, Relaxed);
                Ok(true)
            }
            Err(error) if matches!(error.kind(), Unavailable | TimedOut | Stalled | Cancelled) => {
                Err(error)
            }
            Err(error) => {
                tracing::debug!(%error, "the destination cannot be asked: one copy");
                Ok(false)
            }
        }
    }

    /// Whether one copy may succeed where several have failed: a server may allow few
    /// connections or requests, and a cache says so. Not tried twice.
    fn may_be_too_many(&self, error: &CallError) -> bool {
        let CallError::Failed {
            kind,
            signal: None,
            message,
            ..
        } = error
        else {
            return false;
        };
        let says_so = ["HTTP error 429", "HTTP error 503"].map(|text| message.contains(text));
        let is_possible = match kind {
            UploadErrorKind::Refused | UploadErrorKind::Unclear => true,
            UploadErrorKind::Unavailable => {
                says_so.contains(&true) || !self.options.destination.kind().is_cache_elsewhere()
            }
            _ => false,
        };
        is_possible && !self.seen.one_failed_too.load(Relaxed)
    }

    /// What it takes to know is asked only where several are wanted. Where there is
    /// no answer one copy does.
    fn rounds_of_several(&self, paths: &[StorePath]) -> Option<Vec<Round>> {
        let UploadOptions {
            jobs, closure_type, ..
        } = self.options;
        let is_bare = closure_type == ClosureType::Bare;
        let takes_only_one = self.seen.takes_only_one.load(Relaxed);
        if !parts::are_wanted(paths.len(), jobs) || is_bare || takes_only_one {
            return None;
        }
        match sizes::closure(&self.nix, paths) {
            Ok(objects) => {
                self.telling.know(&objects);
                let costs = Costs::to(self.options.destination.uri());
                parts::rounds(paths, &objects, costs, jobs)
            }
            Err(error) => {
                tracing::debug!(%error, "the closure is not known: one copy");
                None
            }
        }
    }
}
