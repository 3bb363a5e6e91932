//! What sort of store a URI names, and what that means for who copies to it.

use camino::Utf8Path;

/// A store, by its URI alone.
///
/// ```
/// use nix_copy::StoreKind;
///
/// let kind = StoreKind::of("s3://bucket?region=eu-west-1");
/// assert!(kind.is_binary_cache() && !kind.checks_signatures());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreKind<'u> {
    /// A binary cache in a directory of this machine: `file://`. Nix makes what is missing of it when
    /// it is opened (2.8.0, `local-binary-cache-store.cc`, `init`).
    Directory(&'u Utf8Path),
    /// A binary cache at `http://` or `https://`.
    Http,
    /// A binary cache at `s3://`.
    S3,
    /// A store with a database, below a directory of this machine. Nix makes it as it makes a
    /// `Directory` (`local-store.cc`).
    Chroot(&'u Utf8Path),
    /// The store of this machine, without its daemon: `local`.
    Local,
    /// What `nix-store --serve` takes: `ssh://`.
    Ssh,
    /// A daemon at the other end of an ssh: `ssh-ng://`.
    SshNg,
    /// The same, of which the files are mounted here: `mounted-ssh-ng://`.
    MountedSshNg,
    /// A daemon on this machine: `unix://`, `daemon`; and `auto`, which may be one.
    Daemon,
    /// Any other.
    Other,
}

impl<'u> StoreKind<'u> {
    /// Of a store URI.
    #[must_use]
    pub fn of(uri: &'u str) -> Self {
        let (store, _) = uri.split_once('?').unwrap_or((uri, ""));
        let (scheme, rest) = store.split_once("://").unwrap_or_default();
        match (scheme, store) {
            ("file", _) => Self::Directory(rest.into()),
            ("http" | "https", _) => Self::Http,
            ("s3", _) => Self::S3,
            ("ssh", _) => Self::Ssh,
            ("ssh-ng", _) => Self::SshNg,
            ("mounted-ssh-ng", _) => Self::MountedSshNg,
            ("unix", _) | (_, "daemon" | "auto") => Self::Daemon,
            (_, "local" | "local://") => match parameter(uri, "root") {
                Some(root) => Self::Chroot(root.into()),
                None => Self::Local,
            },
            (_, path) if path.starts_with('/') => Self::Chroot(path.into()),
            _ => Self::Other,
        }
    }

    /// Whether it is files, and no database.
    #[must_use]
    pub fn is_binary_cache(self) -> bool {
        self.is_cache_elsewhere() || matches!(self, Self::Directory(_))
    }

    /// Whether it is a binary cache that is spoken to over a network.
    #[must_use]
    pub fn is_cache_elsewhere(self) -> bool {
        matches!(self, Self::Http | Self::S3)
    }

    /// Whether an ssh leads to it.
    #[must_use]
    pub fn is_behind_ssh(self) -> bool {
        matches!(self, Self::Ssh | Self::SshNg | Self::MountedSshNg)
    }

    /// Whether it is spoken to in the daemon's protocol.
    #[must_use]
    pub fn is_behind_a_daemon(self) -> bool {
        matches!(self, Self::SshNg | Self::MountedSshNg | Self::Daemon)
    }

    /// Whether it looks at signatures when something is copied to it.
    #[must_use]
    pub fn checks_signatures(self) -> bool {
        matches!(self, Self::Chroot(_)) || self.is_behind_a_daemon()
    }

    /// The directory of this machine that it is in, as far as its URI tells.
    #[must_use]
    pub fn directory(self) -> Option<&'u Utf8Path> {
        match self {
            Self::Directory(path) | Self::Chroot(path) => Some(path),
            _ => None,
        }
    }
}

/// Whether a URI is a word by which Nix finds the store of this machine. With a parameter `local` may
/// be another one (`local?root=/mnt`).
#[must_use]
pub fn is_this_machines(uri: &str) -> bool {
    matches!(uri, "auto" | "daemon" | "local")
}

/// The value of a parameter of a store URI, as it stands there.
#[must_use]
pub fn parameter<'u>(uri: &'u str, name: &str) -> Option<&'u str> {
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

    fn properties(kind: StoreKind<'_>) -> String {
        let all = [
            ("cache", kind.is_binary_cache()),
            ("elsewhere", kind.is_cache_elsewhere()),
            ("ssh", kind.is_behind_ssh()),
            ("daemon", kind.is_behind_a_daemon()),
            ("signatures", kind.checks_signatures()),
        ];
        let names = all.into_iter().filter_map(|(name, is)| is.then_some(name));
        names.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn each_kind_of_store_is_told_by_its_uri_and_what_it_means_by_its_kind() {
        use StoreKind::{
            Chroot, Daemon, Directory, Http, Local, MountedSshNg, Other, S3, Ssh, SshNg,
        };
        for (uri, kind, means) in [
            ("file:///srv/c", Directory("/srv/c".into()), "cache"),
            (
                "file:///c?compression=zstd",
                Directory("/c".into()),
                "cache",
            ),
            ("http://c.example.org", Http, "cache elsewhere"),
            ("https://c.example.org/x?y=z", Http, "cache elsewhere"),
            ("s3://bucket?region=eu", S3, "cache elsewhere"),
            ("/srv/store", Chroot("/srv/store".into()), "signatures"),
            ("/s?require-sigs=false", Chroot("/s".into()), "signatures"),
            ("local?store=/x&root=/m", Chroot("/m".into()), "signatures"),
            ("local", Local, ""),
            ("local://?read-only=true", Local, ""),
            ("ssh://me@host", Ssh, "ssh"),
            ("ssh-ng://host?ssh-key=/k", SshNg, "ssh daemon signatures"),
            (
                "mounted-ssh-ng://host",
                MountedSshNg,
                "ssh daemon signatures",
            ),
            ("unix:///run/socket", Daemon, "daemon signatures"),
            ("daemon?root=/x", Daemon, "daemon signatures"),
            ("auto", Daemon, "daemon signatures"),
            ("x://y", Other, ""),
            ("s3:bucket", Other, ""),
            ("daemons", Other, ""),
            ("x?y=https://z", Other, ""),
            ("", Other, ""),
        ] {
            assert_eq!(StoreKind::of(uri), kind, "{uri}");
            assert_eq!(properties(kind), means, "{uri}");
        }
    }

    #[test]
    fn only_a_bare_word_is_certainly_this_machines() {
        assert!(
            ["auto", "daemon", "local"]
                .into_iter()
                .all(is_this_machines)
        );
        let others = ["local?root=/mnt", "daemon?x=y", "/nix/store", "unix://"];
        assert!(!others.into_iter().any(is_this_machines));
    }
}
