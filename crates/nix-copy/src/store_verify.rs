//! `nix store verify`: which store objects differ from what was registered.
//!
//! An exit code of 0 without a word means that all was read and is as
//! registered. Tried on 2.8.0, 2.26.3 and 2.34.8, each sound and damaged:
//! content-addressed objects (text, flat, recursive, floating, rewritten, with
//! references to themselves), objects that are symlinks, executable bits, names
//! with `?`, `=` and a leading dot; paths that are not valid, are on the disk
//! only, are given twice; a database that is gone or not writable, closed and
//! full output. Anything that was not looked at made the exit code another one.
//! The one exception: without `--derivation` 2.8.0 takes a derivation for its
//! outputs, and says 0 for one that is damaged. It is always given here, and no
//! output ever goes with it.
//!
//! With `--derivation` 2.8.0 reads each derivation that is named before it
//! compares any: one that is gone or no derivation any more makes the whole call
//! fail, and one that is cut off makes it eat gigabytes for minutes.
//! `nix-store --verify-path` reads none, but names what it finds only in words.

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
    /// Set where Nix does not tell which of them are bad, so that each is to be
    /// asked about alone: what it said last. Some could not be read or are not
    /// valid (2.34.8 names files as `/f`), or several derivations were given and
    /// not all are as registered.
    pub(crate) unclear: Option<String>,
}

impl Verdict {
    /// Adds what another call found out.
    pub(crate) fn add(&mut self, other: Self) {
        self.modified.extend(other.modified);
        self.unclear = self.unclear.take().or(other.unclear);
    }
}

/// Compares `paths` with what was registered, all of one kind; with
/// `recursive` all that they refer to as well.
///
/// # Errors
///
/// When it was not done for all of them.
pub(crate) fn compare(
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

/// The same for derivations, whatever has become of them. Which of several
/// differ is unclear.
///
/// # Errors
///
/// When Nix ended in a way that says nothing.
pub(crate) fn compare_derivations(
    call: &Call<'_>,
    derivations: &[String],
) -> Result<Verdict, CallError> {
    let word = "--verify-path".to_owned();
    let words = [word].into_iter().chain(derivations.iter().cloned());
    let finished = call.finish(&words.collect::<Vec<_>>())?;
    match (&finished.stopped, finished.status.code()) {
        (None, Some(0)) => Some(Verdict::default()),
        (None, Some(1)) => differing(derivations, &finished.log, call.nix.store_dir()),
        _ => None,
    }
    .ok_or_else(|| call.failure(&finished))
}

fn differing(derivations: &[String], log: &Log, store_dir: &StoreDir) -> Option<Verdict> {
    let mut verdict = Verdict::default();
    match (log.last_error(), derivations) {
        (Some(error), _) if log.has_nix_error() => verdict.unclear = Some(error),
        _ if !log.text().contains(" was modified! ") => return None,
        (_, [alone]) => verdict.modified.push(store_dir.parse(alone).ok()?),
        _ => verdict.unclear = Some(String::new()),
    }
    Some(verdict)
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
        .corrupted()?
        .iter()
        .map(|path| store_dir.parse(path).ok());
    let modified: Vec<StorePath> = modified.collect::<Option<_>>()?;
    let is_answer = known
        && (code & MODIFIED == 0) == modified.is_empty()
        // With 1 alone an error is one of the whole call.
        && (code & UNREAD != 0 || !log.has_nix_error());
    is_answer.then(|| Verdict {
        unclear: (code & UNREAD != 0).then(|| log.last_error().unwrap_or_default()),
        modified,
    })
}

#[cfg(test)]
mod tests;
