//! Where paths are copied to.

use std::fmt;
use std::num::NonZeroUsize;

use crate::StoreKind;

/// How many uploads at once a binary cache elsewhere gets by default, and from how
/// many copies at most: 32 are faster still on a line with 50 ms, at more CPU and
/// memory (`bench/study/FINDINGS.md`).
const UPLOADS: usize = 16;
const MOST_COPIES: usize = 8;
/// How many copies by default go to the other end of an `ssh` at once.
const CONNECTIONS: usize = 4;

/// A store URI as Nix takes it, and what may be shown of it.
///
/// The URI itself goes to Nix and nowhere else: on its command line, where every
/// user of the machine can read it; or, if it is not shown as it stands, in the
/// environment, which is open to root and the same account alone. All texts of
/// Nix, and its arguments, pass [`redact`](Self::redact) before they leave this
/// crate.
///
/// ```
/// let destination = nix_copy::Destination::new("https://user:pw@cache.example.org")
///     .with_redaction(|text| text.replace("user:pw@", ""));
/// assert_eq!(destination.shown(), "https://cache.example.org");
/// assert!(!format!("{destination:?}").contains("pw"));
/// ```
pub struct Destination {
    uri: String,
    redact: Box<dyn Fn(&str) -> String + Send + Sync>,
}

impl Destination {
    /// A destination without secrets.
    #[must_use]
    pub fn new(uri: impl Into<String>) -> Self {
        Self {
            uri: uri.into(),
            redact: Box::new(str::to_owned),
        }
    }

    /// Shows of every text only what `redact` makes of it.
    #[must_use]
    pub fn with_redaction(
        mut self,
        redact: impl Fn(&str) -> String + Send + Sync + 'static,
    ) -> Self {
        self.redact = Box::new(redact);
        self
    }

    /// What may be shown of a text that may hold the URI or parts of it.
    #[must_use]
    pub fn redact(&self, text: &str) -> String {
        (self.redact)(text)
    }

    /// What may be shown of the URI.
    #[must_use]
    pub fn shown(&self) -> String {
        self.redact(&self.uri)
    }

    /// How many copies to it may pay at once, where Nix believes in so many cores. To
    /// a binary cache elsewhere (`http(s)://`, `s3://`) `nix copy` uploads as many
    /// paths at once as there are cores and waits three round trips for each: as
    /// many copies as make 16 uploads, at most eight. Over `ssh://` it waits for each
    /// path, over `ssh-ng://` it sends one stream, which does not fill a long line:
    /// four, of the latter for what is large. To all others one.
    ///
    /// ```
    /// let jobs = |uri, cores| {
    ///     let cores = std::num::NonZeroUsize::new(cores).expect("not zero");
    ///     nix_copy::Destination::new(uri).default_jobs(cores).get()
    /// };
    /// assert_eq!(jobs("https://cache.example.org", 1), 8);
    /// assert_eq!(jobs("https://cache.example.org", 6), 3);
    /// assert_eq!(jobs("https://cache.example.org", 16), 1);
    /// assert_eq!(jobs("ssh-ng://builder.example.org", 16), 4);
    /// assert_eq!(jobs("ssh://builder.example.org", 16), 4);
    /// assert_eq!(jobs("file:///cache", 1), 1);
    /// ```
    #[must_use]
    pub fn default_jobs(&self, cores: NonZeroUsize) -> NonZeroUsize {
        let copies = match self.kind() {
            StoreKind::Http | StoreKind::S3 => UPLOADS.div_ceil(cores.get()).min(MOST_COPIES),
            StoreKind::Ssh | StoreKind::SshNg => CONNECTIONS,
            _ => 1,
        };
        NonZeroUsize::new(copies).unwrap_or(NonZeroUsize::MIN)
    }

    /// What sort of store it is.
    #[must_use]
    pub fn kind(&self) -> StoreKind<'_> {
        StoreKind::of(&self.uri)
    }

    pub(crate) fn uri(&self) -> &str {
        &self.uri
    }

    pub(crate) fn has_secret(&self) -> bool {
        self.shown() != self.uri
    }

    /// Where Nix finds the URI, unless an option of the caller interferes.
    pub(crate) fn place(&self) -> Place<'_> {
        // In a line of settings, behind it would be a comment.
        let fits = !self.uri.contains(['#', '\n']);
        match fits && self.has_secret() {
            true => Place::Setting(&self.uri),
            false => Place::Argument(&self.uri),
        }
    }
}

/// Why a secret in the URI of a destination stands on Nix's command line, where every user of the
/// machine can read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exposure {
    /// The URI has a `#`, behind which a line of settings would be a comment.
    Comment,
    /// An option of the caller names a store, and would win over the environment.
    Options,
}

/// Where Nix finds the URI of a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place<'a> {
    /// On the command line.
    Argument(&'a str),
    /// In the environment: `NIX_CONFIG` sets `store`, the store that is worked
    /// on where the command line names none (2.8.0, 2.26.3, 2.34.8; it wins over
    /// `nix.conf` and `NIX_REMOTE`).
    Setting(&'a str),
}

impl<'a> Place<'a> {
    /// The value of `NIX_CONFIG`, if the URI goes there.
    pub(crate) fn setting(self) -> Option<String> {
        match self {
            Self::Argument(_) => None,
            Self::Setting(uri) => Some(format!("store = {uri}")),
        }
    }

    /// The arguments that name the store which is asked.
    pub(crate) fn asked(self) -> impl Iterator<Item = &'a str> {
        let arguments = match self {
            Self::Argument(uri) => Some(["--store", uri]),
            Self::Setting(_) => None,
        };
        arguments.into_iter().flatten()
    }
}

impl fmt::Debug for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Destination({})", self.shown())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_uri_that_is_not_shown_as_it_stands_goes_to_the_environment() {
        let open = Destination::new("https://cache");
        assert_eq!(open.place(), Place::Argument("https://cache"));
        let hidden = |uri| Destination::new(uri).with_redaction(|text| text.replace("pw", "***"));
        assert_eq!(
            hidden("https://me:pw@cache").place().setting().as_deref(),
            Some("store = https://me:pw@cache")
        );
        let cut_short = "https://me:pw#@cache";
        assert_eq!(hidden(cut_short).place(), Place::Argument(cut_short));
    }
}
