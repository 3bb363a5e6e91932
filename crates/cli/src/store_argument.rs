//! What somebody means by a path: a store path, an out link, a path inside a store path.

use std::collections::VecDeque;
use std::io;

use camino::{Utf8Path, Utf8PathBuf};
use nix_post_build_push_config::StoreUri;
use queue_core::{ParseStorePathError, StoreDir, StorePath};

/// As many links as the kernel follows.
const MOST_LINKS: usize = 40;

/// Why an argument leads to no store path.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StoreArgumentError {
    /// It cannot be followed.
    #[error("failed to follow {path}")]
    Follow {
        /// How far it was followed.
        path: Utf8PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It was followed to its end.
    #[error("it does not lead into the store directory {0}")]
    Outside(StoreDir),
    /// It leads into the store directory, but to nothing that can be a store path.
    #[error("it leads to {0}, which is no store path")]
    NoStorePath(Utf8PathBuf, #[source] ParseStorePathError),
}

/// An argument as a message may repeat it: somebody may give a destination with a password
/// where a path is wanted.
#[must_use]
pub(crate) fn shown(argument: &str) -> String {
    match argument.contains("://") {
        true => StoreUri::new(argument).to_string(),
        false => argument.to_owned(),
    }
}

/// Finds the store path that an argument stands for.
///
/// Symlinks are followed one at a time until the path lies in the store directory, and no
/// further: what is inside a store path may be a link to another one. What lies in the store
/// directory need not exist.
///
/// # Errors
///
/// If it leads elsewhere, or cannot be followed.
pub(crate) fn resolve(
    argument: &str,
    cwd: &Utf8Path,
    store: &StoreDir,
) -> Result<StorePath, StoreArgumentError> {
    let mut walk = Walk::new(&cwd.join(argument), store);
    for _ in 0..=MOST_LINKS {
        if let Some(found) = walk.in_store()? {
            return Ok(found);
        }
        match walk.follow_next_link()? {
            Some(leads_to) => walk = Walk::new(&leads_to, store),
            // No link is left: it may still be the store directory under another name.
            None => {
                return walk
                    .in_store()?
                    .ok_or_else(|| StoreArgumentError::Outside(store.clone()));
            }
        }
    }
    Err(walk.failed(rustix::io::Errno::LOOP.into()))
}

use StoreArgumentError::Follow;

struct Walk<'s> {
    store: &'s StoreDir,
    /// The store directory without links, for those who come from its other side.
    physical: Option<Utf8PathBuf>,
    /// Followed: no links in it.
    done: Utf8PathBuf,
    ahead: VecDeque<String>,
}

impl<'s> Walk<'s> {
    fn new(path: &Utf8Path, store: &'s StoreDir) -> Self {
        let parts = path
            .as_str()
            .split('/')
            .filter(|part| !matches!(*part, "" | "."));
        Self {
            store,
            physical: store.as_path().canonicalize_utf8().ok(),
            done: Utf8PathBuf::from("/"),
            ahead: parts.map(str::to_owned).collect(),
        }
    }

    /// The whole path, followed as far as it was.
    fn whole(&self) -> Utf8PathBuf {
        self.ahead
            .iter()
            .fold(self.done.clone(), |path, part| path.join(part))
    }

    /// The store path, once the whole path spells one.
    fn in_store(&self) -> Result<Option<StorePath>, StoreArgumentError> {
        if self.ahead.iter().any(|part| part == "..") {
            return Ok(None);
        }
        let whole = self.whole();
        let dirs = [Some(self.store.as_path()), self.physical.as_deref()];
        let inside = dirs
            .into_iter()
            .flatten()
            .find_map(|dir| whole.strip_prefix(dir).ok());
        let Some(first) = inside.and_then(|inside| inside.components().next()) else {
            return Ok(None);
        };
        match first.as_str().parse() {
            Ok(path) => Ok(Some(path)),
            Err(error) => Err(StoreArgumentError::NoStorePath(whole, error)),
        }
    }

    /// Goes on to the next link, and gives where the path leads with that link replaced;
    /// `None` at the end of the path. Stops at once when the path ahead has lost its `..`.
    fn follow_next_link(&mut self) -> Result<Option<Utf8PathBuf>, StoreArgumentError> {
        while let Some(part) = self.ahead.pop_front() {
            if part == ".." {
                self.done.pop();
                if self.in_store()?.is_some() {
                    return Ok(Some(self.whole()));
                }
                continue;
            }
            let here = self.done.join(&part);
            let read = std::fs::symlink_metadata(&here);
            let is_link = match read {
                Ok(found) => found.is_symlink(),
                Err(error) => {
                    self.done = here;
                    return Err(self.failed(error));
                }
            };
            if is_link {
                let read = here.read_link_utf8();
                let leads_to = read.map_err(|source| Follow { path: here, source })?;
                let from_there = self.done.join(leads_to);
                return Ok(Some(
                    self.ahead
                        .iter()
                        .fold(from_there, |path, part| path.join(part)),
                ));
            }
            self.done = here;
        }
        Ok(None)
    }

    fn failed(&self, source: io::Error) -> StoreArgumentError {
        StoreArgumentError::Follow {
            path: self.done.clone(),
            source,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    const BASE: &str = "v3ygr25lms4hdmxwa8h14sjv6km1l8cz-x";

    struct World {
        _keep: tempfile::TempDir,
        root: Utf8PathBuf,
        store: StoreDir,
    }

    impl World {
        fn new() -> Self {
            let keep = tempfile::tempdir().unwrap();
            let root = Utf8PathBuf::try_from(keep.path().to_owned()).unwrap();
            let root = root.canonicalize_utf8().unwrap();
            std::fs::create_dir_all(root.join("store").join(BASE).join("bin")).unwrap();
            let store = StoreDir::new(root.join("store")).unwrap();
            Self {
                _keep: keep,
                root,
                store,
            }
        }

        fn link(&self, from: &str, to: &str) {
            symlink(to, self.root.join(from)).unwrap();
        }

        fn resolve(&self, argument: &str) -> Result<String, String> {
            let found = resolve(argument, &self.root, &self.store);
            found
                .map(|path| path.to_string())
                .map_err(|error| error.to_string())
        }
    }

    #[test]
    fn store_paths_and_paths_inside_them_are_what_they_spell() {
        let world = World::new();
        for argument in [
            format!("store/{BASE}"),
            format!("./store//{BASE}/bin/../bin/"),
            format!("{}/store/{BASE}/not/there", world.root),
        ] {
            assert_eq!(world.resolve(&argument).as_deref(), Ok(BASE), "{argument}");
        }
    }

    #[test]
    fn links_are_followed_into_the_store_and_no_further() {
        let world = World::new();
        world.link("result", &format!("{}/store/{BASE}", world.root));
        world.link("relative", &format!("store/{BASE}"));
        world.link("far", "result/bin");
        world.link(&format!("store/{BASE}/out"), "/etc");
        for argument in [
            "result",
            "relative",
            "far",
            "result/bin",
            "far/..",
            "result/out/passwd",
        ] {
            assert_eq!(world.resolve(argument).as_deref(), Ok(BASE), "{argument}");
        }
    }

    #[test]
    fn a_store_behind_a_link_is_found_from_both_sides() {
        let world = World::new();
        world.link("other", "store");
        let store = StoreDir::new(world.root.join("other")).unwrap();
        for argument in [format!("store/{BASE}/bin"), format!("other/{BASE}")] {
            let found = resolve(&argument, &world.root, &store).unwrap();
            assert_eq!(found.base_name(), BASE);
        }
    }

    #[test]
    fn what_leads_elsewhere_is_refused_with_its_reason() {
        let world = World::new();
        world.link("loop", "loop");
        world.link("dangling", "nowhere");
        let refused = |argument| world.resolve(argument).unwrap_err();
        assert!(refused("/").contains("does not lead into the store"));
        assert!(refused("store").contains("does not lead into the store"));
        assert!(refused("store/junk").contains("which is no store path"));
        assert!(
            refused("dangling").ends_with("/nowhere"),
            "{}",
            refused("dangling")
        );
        assert!(refused("loop").starts_with("failed to follow"));
        assert!(refused("").contains("does not lead into the store"));
        assert!(refused(&format!("store/{BASE}/../..")).contains("does not lead"));
    }

    #[test]
    fn a_password_is_not_repeated() {
        assert!(!shown("https://me:hunter22@example.org").contains("hunter22"));
    }
}
