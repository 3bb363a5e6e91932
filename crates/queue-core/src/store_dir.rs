//! The directory that holds the store objects.

use std::fmt;

use camino::{Utf8Component, Utf8Path, Utf8PathBuf};

use crate::{ParseStorePathError, StorePath};

/// A store directory: absolute, in its plain form (no `.`, `..`, empty
/// component, trailing slash or control character), and not `/`.
///
/// Usually `/nix/store`, but a store can live anywhere, so nothing in this
/// crate assumes that.
///
/// ```
/// use queue_core::StoreDir;
/// let store = StoreDir::new("/nix/store")?;
/// let path = store.parse("/nix/store/v3ygr25lms4hdmxwa8h14sjv6km1l8cz-hello").unwrap();
/// assert_eq!(store.join(&path), "/nix/store/v3ygr25lms4hdmxwa8h14sjv6km1l8cz-hello");
/// assert!(store.parse("/etc/passwd").is_err());
/// # Ok::<(), queue_core::StoreDirError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct StoreDir(Utf8PathBuf);

/// A path that cannot be a store directory.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an absolute path in its plain form")]
pub struct StoreDirError(String);

impl StoreDir {
    /// # Errors
    ///
    /// When the path is not absolute and plain, or is `/`.
    pub fn new(path: impl AsRef<str>) -> Result<Self, StoreDirError> {
        let text = path.as_ref();
        let plain = is_plain(text) && text.len() > 1;
        plain
            .then(|| Self(Utf8PathBuf::from(text)))
            .ok_or_else(|| StoreDirError(text.to_owned()))
    }

    /// The directory's path.
    #[must_use]
    pub fn as_path(&self) -> &Utf8Path {
        &self.0
    }

    /// The full path of a store object.
    #[must_use]
    pub fn join(&self, path: &StorePath) -> Utf8PathBuf {
        join(&self.0, path.base_name())
    }

    /// Reads the full path of a store object.
    ///
    /// # Errors
    ///
    /// When it is not `<this directory>/<hash>-<name>`, nothing behind it.
    pub fn parse(&self, text: &str) -> Result<StorePath, ParseStorePathError> {
        let inside = self.strip(text)?;
        if inside.contains('/') {
            return Err(ParseStorePathError::InsideStorePath(text.to_owned()));
        }
        inside.parse()
    }

    /// Reads the full path of a store object or of anything inside one, and
    /// gives the object.
    ///
    /// # Errors
    ///
    /// As [`parse`](Self::parse), but a path inside a store object is fine.
    /// A path with `..` in it is not: it may lead elsewhere.
    pub fn enclosing(&self, text: &str) -> Result<StorePath, ParseStorePathError> {
        let inside = self.strip(text)?;
        let leaves = Utf8Path::new(inside)
            .components()
            .any(|c| c == Utf8Component::ParentDir);
        if leaves {
            return Err(self.not_in_store(text));
        }
        inside.split('/').next().unwrap_or_default().parse()
    }

    fn strip<'t>(&self, text: &'t str) -> Result<&'t str, ParseStorePathError> {
        text.strip_prefix(self.0.as_str())
            .and_then(|rest| rest.strip_prefix('/'))
            .ok_or_else(|| self.not_in_store(text))
    }

    fn not_in_store(&self, text: &str) -> ParseStorePathError {
        ParseStorePathError::NotInStore {
            path: text.to_owned(),
            store_dir: self.0.to_string(),
        }
    }
}

/// What `Utf8Path::join` comes to for the name of a file, which takes two allocations and goes through
/// the whole path: this is done some times for each path that is queued.
pub(crate) fn join(dir: &Utf8Path, name: &str) -> Utf8PathBuf {
    let dir = dir.as_str();
    let mut full = String::with_capacity(dir.len() + 1 + name.len());
    full.push_str(dir);
    if !dir.ends_with('/') {
        full.push('/');
    }
    full.push_str(name);
    full.into()
}

/// Absolute, with no component that is empty, `.` or `..`, and without control characters.
pub(crate) fn is_plain(text: &str) -> bool {
    let Some(inside) = text.strip_prefix('/') else {
        return false;
    };
    let is_name = |part: &str| !matches!(part, "" | "." | "..");
    (inside.is_empty() || inside.split('/').all(is_name)) && !text.contains(char::is_control)
}

impl fmt::Display for StoreDir {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for StoreDir {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoreDir({})", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HASH: &str = "v3ygr25lms4hdmxwa8h14sjv6km1l8cz";

    proptest! {
        #[test]
        fn a_full_path_parses_back(
            dir in "(/[a-z]{1,8}){1,4}",
            base in "[0-9abcdfghijklmnpqrsvwxyz]{32}-[a-z][a-z.-]{0,30}",
        ) {
            let store = StoreDir::new(&dir).unwrap();
            let path: StorePath = base.parse().unwrap();
            let full = store.join(&path);
            prop_assert_eq!(store.parse(full.as_str()).unwrap(), path.clone());
            prop_assert_eq!(store.enclosing(&format!("{full}/bin/x")).unwrap(), path);
        }
    }

    #[test]
    fn a_name_is_joined_as_a_path_would_be() {
        for dir in ["/", "/q", "/q/", "/a/b"] {
            let dir = Utf8Path::new(dir);
            assert_eq!(join(dir, "x").as_str(), dir.join("x").as_str());
        }
    }

    #[test]
    fn only_plain_absolute_paths_are_store_directories() {
        for bad in [
            "",
            "/",
            "nix/store",
            "/nix/store/",
            "/nix//store",
            "/nix/./store",
            "/nix/../x",
            "/a\nb",
        ] {
            assert!(StoreDir::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_path_inside_a_store_path_is_not_a_store_path() {
        let store = StoreDir::new("/s").unwrap();
        let inside = format!("/s/{HASH}-x/bin");
        assert_eq!(
            store.parse(&inside),
            Err(ParseStorePathError::InsideStorePath(inside))
        );
    }

    #[test]
    fn nothing_leads_out_of_the_store() {
        let store = StoreDir::new("/s").unwrap();
        for foreign in [
            "/s",
            "/s/",
            "/sx/a",
            "/etc",
            "",
            &format!("/s/{HASH}-x/../../etc"),
        ] {
            assert!(store.enclosing(foreign).is_err(), "{foreign}");
            assert!(store.parse(foreign).is_err(), "{foreign}");
        }
    }
}
