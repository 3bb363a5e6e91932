//! `nix store verify`: which store objects differ from what was registered.

use std::process::ExitStatus;

use queue_core::{StoreDir, StorePath};

use crate::call::{Call, CallError};
use crate::copy_args::Objects;
use crate::log::Log;

/// Bits of its exit code (`src/nix/verify.cc`; 2 is for what nobody vouches
/// for, which `--no-trust` leaves out).
const MODIFIED: i32 = 1;
const UNREAD: i32 = 4;

/// What a call found out about its paths.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// They differ from what was registered. A path that was registered
    /// without a hash, by a very old Nix, does as well: its narinfo would have
    /// that of nothing.
    pub(crate) modified: Vec<StorePath>,
    /// Set where some could not be read, or are not valid: what Nix said last.
    /// Which they are it does not tell (2.34.8 names files as `/f`).
    pub(crate) unread: Option<String>,
}

/// Compares `paths` with what was registered, all of one kind; with
/// `recursive` all that they refer to as well.
///
/// # Errors
///
/// When it was not done for all of them.
pub(crate) fn verify(
    call: &Call<'_>,
    objects: Objects,
    recursive: bool,
    paths: &[String],
) -> Result<Verdict, CallError> {
    let finished = call.finish(&arguments(objects, recursive, paths))?;
    match finished.stopped {
        None => verdict(finished.status, &finished.log, call.nix.store_dir()),
        Some(_) if finished.status.success() => Some(Verdict::default()),
        Some(_) => None,
    }
    .ok_or_else(|| call.failure(&finished))
}

/// With `--derivation` an output stands for its derivation, so kinds are never
/// mixed: 2.8.0, 2.26.3 and 2.34.8 would call a damaged output sound.
fn arguments(objects: Objects, recursive: bool, paths: &[String]) -> Vec<String> {
    let mut words = vec!["store", "verify", "--no-trust"];
    words.extend(recursive.then_some("--recursive"));
    words.extend((objects == Objects::Derivations).then_some("--derivation"));
    let words = words.into_iter().map(str::to_owned);
    words.chain(paths.iter().cloned()).collect()
}

/// `None` when this is no answer: Nix failed as a whole, or in a way that is
/// not known here. An exit code of 1 is also that of every failure.
pub(crate) fn verdict(status: ExitStatus, log: &Log, store_dir: &StoreDir) -> Option<Verdict> {
    let code = status.code()?;
    let known = code & !(MODIFIED | UNREAD) == 0;
    let modified = log
        .corrupted()
        .iter()
        .map(|path| store_dir.parse(path).ok());
    let modified: Vec<StorePath> = modified.collect::<Option<_>>()?;
    let is_answer = known
        && (code & MODIFIED == 0) == modified.is_empty()
        // With 1 alone an error is one of the whole call.
        && (code & UNREAD != 0 || !log.has_nix_error());
    is_answer.then(|| Verdict {
        unread: (code & UNREAD != 0).then(|| log.last_error().unwrap_or_default()),
        modified,
    })
}

#[cfg(test)]
mod tests;
