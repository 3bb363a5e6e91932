//! The copies of one upload: one, or several at once.

use std::sync::atomic::Ordering::Relaxed;

use queue_core::{StorePath, UploadErrorKind, UploadWarning};

use super::NixUploader;
use crate::brings::ToCopy;
use crate::call::CallError;
use crate::chunks::calls;
use crate::copy_args::{self, Objects, Route};
use crate::destination::{Place, is_binary_cache, is_cache_elsewhere};
use crate::memory::Memory;
use crate::parts::{self, Costs, Round};
use crate::{ClosureType, Nix, UploadOptions, queries, several, sizes};

impl NixUploader {
    fn route(&self) -> Result<Route, CallError> {
        Ok(match self.options.place() {
            Place::Argument(uri) => Route::To(uri.to_owned()),
            Place::Setting(_) => Route::From(queries::store(&self.nix)?),
        })
    }

    /// Copies with this Nix.
    fn copy(
        &self,
        nix: &Nix,
        route: &Route,
        objects: Objects,
        paths: &[String],
    ) -> Result<(), CallError> {
        let memory = Memory::of_a_copy(nix, self.options.destination.uri());
        let arguments = copy_args::copy(&self.options, route, &memory, objects, paths);
        let nix = memory.nix(nix);
        self.with_call(&nix, &self.options.timeouts, |call| call.run(&arguments))?;
        Ok(())
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
        if let Some(rounds) = self.several_rounds(&paths)
            && self.opens_for_several(&rounds)?
        {
            match self.copy_rounds(&route, &rounds) {
                Err(error) if self.may_be_for_their_number(&error) => {
                    tracing::debug!(%error, "several copies at once failed: one copy");
                }
                copied => return copied.map(|()| warnings),
            }
        }
        self.copy_rounds(&route, &[vec![paths]])?;
        Ok(warnings)
    }

    fn copy_rounds(&self, route: &Route, rounds: &[Round]) -> Result<(), CallError> {
        rounds.iter().try_for_each(|round| {
            several::at_once(&self.nix, round, |nix, part| {
                let mut calls = calls(nix, part);
                calls.try_for_each(|(objects, paths)| self.copy(nix, route, objects, &paths))
            })
        })
    }

    /// A store that was never used is initialised by whoever opens it first. Several
    /// at once fail over that, and if one of them is ended in the middle of it the
    /// store is broken for good (seen with 2.26.3 and 2.34.8: `…/db/schema' is
    /// corrupt`). So one question goes first, unless one copy does. Whether several may
    /// go: not where it cannot be asked. An error where the destination is to blame.
    fn opens_for_several(&self, rounds: &[Round]) -> Result<bool, CallError> {
        use UploadErrorKind::{Cancelled, Stalled, TimedOut, Unavailable};
        let Some([first, _, ..]) = rounds.first().map(Vec::as_slice) else {
            return Ok(true);
        };
        if is_binary_cache(self.options.destination.uri()) || self.is_open.load(Relaxed) {
            return Ok(true);
        }
        let UploadOptions {
            timeouts, nix_opts, ..
        } = &self.options;
        let any = first.first().cloned();
        match self.absent(timeouts, nix_opts, any.as_slice()) {
            Ok(_) => {
                self.is_open.store(true, Relaxed);
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
    /// connections. A binary cache elsewhere takes any number.
    fn may_be_for_their_number(&self, error: &CallError) -> bool {
        use UploadErrorKind::{Refused, Unavailable, Unclear};
        let is_unclear = matches!(error.kind(), Refused | Unavailable | Unclear);
        let exited = matches!(error, CallError::Failed { signal: None, .. });
        exited && is_unclear && !is_cache_elsewhere(self.options.destination.uri())
    }

    /// What it takes to know is asked only where several are wanted. Where there is
    /// no answer one copy does.
    fn several_rounds(&self, paths: &[StorePath]) -> Option<Vec<Round>> {
        let UploadOptions {
            jobs, closure_type, ..
        } = self.options;
        if !parts::are_wanted(paths.len(), jobs) || closure_type == ClosureType::Bare {
            return None;
        }
        match sizes::closure(&self.nix, paths) {
            Ok(objects) => {
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
