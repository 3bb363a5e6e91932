//! What kind of store a destination is.

use camino::{Utf8Path, Utf8PathBuf};

/// A store, by what can be known of it without writing to it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// A binary cache in a directory of this machine. Nix makes what is missing of it when it is
    /// opened (2.8.0, `local-binary-cache-store.cc`, `init`).
    Directory(Utf8PathBuf),
    /// A store with a database, below a directory of this machine. The same (`local-store.cc`).
    Chroot(Utf8PathBuf),
    /// A binary cache at `http(s)://` or `s3://`.
    Cache,
    /// What `nix-store --serve` takes, `ssh://`: signatures are not looked at.
    Serve,
    /// What a daemon takes.
    Daemon,
    /// What this program does not know.
    Other,
}

impl Place {
    /// Of a store URI.
    pub(crate) fn of(uri: &str) -> Self {
        let (store, _) = uri.split_once('?').unwrap_or((uri, ""));
        let begins = |schemes: &[&str]| schemes.iter().any(|scheme| store.starts_with(scheme));
        if let Some(path) = store.strip_prefix("file://") {
            return Self::Directory(path.into());
        }
        if store.starts_with('/') {
            return Self::Chroot(store.into());
        }
        if matches!(store, "local" | "local://") {
            return parameter(uri, "root").map_or(Self::Other, |root| Self::Chroot(root.into()));
        }
        if begins(&["http://", "https://", "s3://"]) {
            return Self::Cache;
        }
        match begins(&["ssh-ng://", "unix://"]) || matches!(store, "daemon" | "auto") {
            true => Self::Daemon,
            false if begins(&["ssh://"]) => Self::Serve,
            false => Self::Other,
        }
    }

    /// Where it is on this machine, if it is.
    pub(super) fn directory(&self) -> Option<&Utf8Path> {
        match self {
            Self::Directory(path) | Self::Chroot(path) => Some(path),
            Self::Cache | Self::Serve | Self::Daemon | Self::Other => None,
        }
    }

    /// Whether it checks signatures when something is copied to it.
    pub(super) fn checks_signatures(&self) -> bool {
        matches!(self, Self::Chroot(_) | Self::Daemon)
    }
}

/// The value of a parameter of a store URI.
pub(crate) fn parameter<'u>(uri: &'u str, name: &str) -> Option<&'u str> {
    let (_, parameters) = uri.split_once('?')?;
    let pairs = parameters
        .split('&')
        .filter_map(|pair| pair.split_once('='));
    let mut values = pairs.filter_map(|(known, value)| (known == name).then_some(value));
    values.next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_store_is_told_by_its_uri() {
        for (uri, place) in [
            (
                "file:///srv/c?compression=zstd",
                Place::Directory("/srv/c".into()),
            ),
            (
                "/srv/store?require-sigs=false",
                Place::Chroot("/srv/store".into()),
            ),
            ("local?store=/x&root=/mnt", Place::Chroot("/mnt".into())),
            ("local", Place::Other),
            ("https://c.example.org", Place::Cache),
            ("s3://bucket", Place::Cache),
            ("ssh://host", Place::Serve),
            ("ssh-ng://host", Place::Daemon),
            ("daemon?root=/x", Place::Daemon),
            ("x://y", Place::Other),
        ] {
            assert_eq!(Place::of(uri), place, "{uri}");
        }
    }
}
