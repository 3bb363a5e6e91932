//! Store URIs, which may carry secrets.

use std::fmt;

use crate::redact;

/// A store URI as Nix takes it, never shown with its secrets.
///
/// `Display` and `Debug` hide user information and every parameter that is not one of Nix's
/// own harmless settings. What could not be told apart with certainty is hidden too.
///
/// ```
/// use nix_post_build_push_config::StoreUri;
///
/// let uri = StoreUri::new("https://me:pa55word@cache.example.org/x?compression=zstd&token=abc");
/// assert_eq!(uri.to_string(), "https://***@cache.example.org/x?compression=zstd&token=***");
/// assert_eq!(uri.redact("401 for me:pa55word@"), "401 for ***@");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct StoreUri(String);

/// Why a text cannot be a store URI. It does not repeat the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreUriError {
    /// It is empty.
    #[error("the destination is empty")]
    Empty,
    /// It has several lines.
    #[error("the destination has more than one line")]
    Lines,
    /// It has a blank or a control character.
    #[error("the destination has a blank or a control character in it")]
    Blank,
    /// It would be taken for an option.
    #[error("the destination begins with a dash")]
    Dash,
    /// It names a directory, and does not say from the root on which.
    #[error("`file://` wants an absolute path behind it")]
    Relative,
    /// It has no scheme, and is neither an absolute path nor a word that Nix knows.
    #[error("not a store URI")]
    NoStore,
}

impl StoreUri {
    /// Takes any text; [`StoreUri::check`] says whether it can be a store URI.
    pub fn new(uri: impl Into<String>) -> Self {
        Self(uri.into())
    }

    /// The URI with its secrets, for Nix only.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this can be a store URI.
    ///
    /// # Errors
    /// If it is empty, begins with a dash, has blanks or control characters, or is none of
    /// `SCHEME://…` (with `file` that of an absolute path), an absolute path, `auto`, `daemon`, `local`.
    pub fn check(&self) -> Result<(), StoreUriError> {
        let blank = |c: char| c.is_whitespace() || c.is_control();
        match self.as_str() {
            "" => Err(StoreUriError::Empty),
            uri if uri.contains(['\n', '\r']) => Err(StoreUriError::Lines),
            uri if uri.contains(blank) => Err(StoreUriError::Blank),
            uri if uri.starts_with('-') => Err(StoreUriError::Dash),
            uri if !names_a_store(uri) => Err(StoreUriError::NoStore),
            uri if names_a_relative_file(uri) => Err(StoreUriError::Relative),
            _ => Ok(()),
        }
    }

    /// Hides in another text, such as what Nix prints, this URI's secrets: the URI as it
    /// stands, its user information, its password, and hidden parameters. Secrets of fewer
    /// than four characters are hidden only where they stand in the URI.
    pub fn redact(&self, text: &str) -> String {
        redact::secrets(&self.0)
            .into_iter()
            .fold(text.to_owned(), |text, (secret, shown)| {
                text.replace(&secret, &shown)
            })
    }
}

/// Nix takes some other texts too, such as a relative path. None of them is meant to be where
/// a queue is pushed to, and a forgotten scheme looks like that.
fn names_a_store(uri: &str) -> bool {
    let (store, _) = uri.split_once('?').unwrap_or((uri, ""));
    let is_scheme = |scheme: &str| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"+.-".contains(&byte))
    };
    let scheme = store.split_once("://").map(|(scheme, _)| scheme);
    store.starts_with('/')
        || matches!(store, "auto" | "daemon" | "local")
        || scheme.is_some_and(is_scheme)
}

/// Where each Nix looks for it is another place: below its working directory, or nowhere (2.34.8).
fn names_a_relative_file(uri: &str) -> bool {
    uri.strip_prefix("file://")
        .is_some_and(|path| !path.starts_with('/'))
}

impl fmt::Display for StoreUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&redact::shown(&self.0))
    }
}

impl fmt::Debug for StoreUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoreUri({:?})", redact::shown(&self.0))
    }
}

impl<T: Into<String>> From<T> for StoreUri {
    fn from(uri: T) -> Self {
        Self::new(uri)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_has_a_scheme_or_is_a_path_or_a_word_of_nix() {
        for uri in [
            "ssh-ng://cache.example.org",
            "s3://bucket?region=eu&endpoint=https://x",
            "file:///srv/cache",
            "http+x.y://host",
            "unix://",
            "/srv/store",
            "/srv/store?require-sigs=false",
            "auto",
            "daemon?root=/x",
            "local?root=/mnt",
        ] {
            assert_eq!(StoreUri::new(uri).check(), Ok(()), "{uri}");
        }
        for text in [
            "cache.example.org",
            "me:hunter2@host",
            "s3:bucket",
            "s3:/bucket",
            "://host",
            "3s://host",
            "a_b://host",
            "./store",
            "srv/store",
            "~/store",
            "daemons",
            "Daemon",
            "?root=/x",
            "x?endpoint=https://y",
        ] {
            let expected = Err(StoreUriError::NoStore);
            assert_eq!(StoreUri::new(text).check(), expected, "{text}");
        }
        for text in ["file://srv/cache", "file://./cache", "file://"] {
            let expected = Err(StoreUriError::Relative);
            assert_eq!(StoreUri::new(text).check(), expected, "{text}");
        }
    }
}
