//! What a copy may remember of its destination: nothing from before.
//!
//! Nix remembers for weeks what a binary cache has
//! (`~/.cache/nix/binary-cache-v*.sqlite`), and copies nothing that it remembers
//! there: after a deletion at the destination the entry would leave the queue
//! undelivered. Only the stores of `http(s)://` and `s3://` do that (2.8.0,
//! 2.26.3, 2.34.8: `getNarInfoDiskCache` in `http-binary-cache-store.cc` and
//! `s3-binary-cache-store.cc`).
//!
//! `narinfo-cache-positive-ttl 0` is no good for that: it also makes a copy forget
//! at once what it was just told, whatever store that is about, and ask the
//! destination anew for every reference of every path (`bench/study/FINDINGS.md`),
//! and the local database for every path some times. With an empty cache directory
//! of its own a copy remembers what it was told itself, and nothing else.

use std::ffi::OsStr;
use std::fs::Permissions;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::{Nix, StoreKind};

/// What a Nix that copies remembers of the destination.
#[derive(Debug)]
pub(crate) enum Memory {
    /// What it is told itself: of such a destination Nix keeps nothing for later.
    OfTheProcess,
    /// The same: what Nix keeps, it keeps here. The directory is removed with this.
    OfItsOwn(TempDir),
    /// Nothing, not even what it is told itself, since there is no directory for it.
    Forbidden,
}

impl Memory {
    /// For a copy to `uri`. Where a directory cannot be made the copy goes
    /// without; it takes longer then.
    pub(crate) fn of_a_copy(nix: &Nix, uri: &str) -> Self {
        if !StoreKind::of(uri).is_cache_elsewhere() {
            return Self::OfTheProcess;
        }
        let place = place(nix);
        directory(&place)
            .map(Self::OfItsOwn)
            .unwrap_or_else(|error| {
                tracing::warn!(
                    "failed to make a cache directory for nix copy in {}: {error}; \
                 the copy goes on without one, and may ask the destination for the same path again \
                 and again (TMPDIR names a directory to use instead)",
                    place.display()
                );
                Self::Forbidden
            })
    }

    /// The Nix that copies with it.
    pub(crate) fn nix(&self, nix: &Nix) -> Nix {
        let nix = nix.clone();
        match self {
            // Where both are known, the latter wins (2.26.3, 2.34.8).
            Self::OfItsOwn(dir) => nix.with_variables(
                ["XDG_CACHE_HOME", "NIX_CACHE_HOME"].map(|name| (name, dir.path().as_os_str())),
            ),
            Self::OfTheProcess | Self::Forbidden => nix,
        }
    }

    /// Whether Nix has to be told to believe nothing that it remembers.
    pub(crate) fn is_forbidden(&self) -> bool {
        matches!(self, Self::Forbidden)
    }
}

/// Where the children have their temporary files.
fn place(nix: &Nix) -> PathBuf {
    let named = nix.variable("TMPDIR").map(Path::new);
    named
        .filter(|dir| dir.is_absolute())
        .unwrap_or(Path::new("/tmp"))
        .to_owned()
}

/// Nobody else's: Nix notes the destination's URI there, with what is secret in it.
fn directory(place: &Path) -> io::Result<TempDir> {
    let prefix: &OsStr = "nix-post-build-push-".as_ref();
    tempfile::Builder::new()
        .prefix(prefix)
        .permissions(Permissions::from_mode(0o700))
        .tempdir_in(place)
}

#[cfg(test)]
mod tests {
    use queue_core::StoreDir;

    use super::*;

    fn nix(tmpdir: &str) -> Nix {
        let variables = vec![("TMPDIR".into(), tmpdir.into())];
        Nix::new(StoreDir::new("/s").unwrap(), variables)
    }

    fn entries(dir: &Path) -> usize {
        std::fs::read_dir(dir).unwrap().count()
    }

    #[test]
    fn a_binary_cache_elsewhere_is_copied_to_with_an_empty_directory_that_is_gone_afterwards() {
        let dir = tempfile::tempdir().unwrap();
        let nix = nix(dir.path().to_str().unwrap());
        for uri in ["http://h", "https://h/x", "s3://bucket"] {
            let memory = Memory::of_a_copy(&nix, uri);
            let with = memory.nix(&nix);
            let own = Path::new(with.variable("XDG_CACHE_HOME").unwrap());
            assert_eq!(with.variable("NIX_CACHE_HOME"), Some(own.as_os_str()));
            assert_eq!(own.parent(), Some(dir.path()));
            assert_eq!(entries(own), 0);
            let mode = own.metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o700);
            assert!(!memory.is_forbidden());
            drop(memory);
            assert_eq!(entries(dir.path()), 0);
        }
    }

    #[test]
    fn of_other_stores_nix_keeps_nothing_anyway() {
        let dir = tempfile::tempdir().unwrap();
        let nix = nix(dir.path().to_str().unwrap());
        for uri in ["file:///c", "/c", "ssh-ng://h", "ssh://h", "daemon"] {
            let memory = Memory::of_a_copy(&nix, uri);
            assert!(matches!(memory, Memory::OfTheProcess), "{uri}");
            assert_eq!(entries(dir.path()), 0, "{uri}");
        }
    }

    #[test]
    fn without_a_place_for_it_nothing_is_remembered() {
        let nix = nix("/nowhere");
        let memory = Memory::of_a_copy(&nix, "https://h");
        assert!(memory.is_forbidden());
        assert_eq!(memory.nix(&nix).variable("XDG_CACHE_HOME"), None);
    }

    #[test]
    fn a_place_depends_on_no_current_directory() {
        assert_eq!(place(&nix("here")), Path::new("/tmp"));
        assert_eq!(place(&nix("")), Path::new("/tmp"));
        assert_eq!(place(&nix("/here")), Path::new("/here"));
    }
}
