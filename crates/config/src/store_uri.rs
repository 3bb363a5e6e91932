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
    /// If it is empty, begins with a dash, or has blanks or control characters.
    pub fn check(&self) -> Result<(), StoreUriError> {
        let blank = |c: char| c.is_whitespace() || c.is_control();
        match self.as_str() {
            "" => Err(StoreUriError::Empty),
            uri if uri.contains(['\n', '\r']) => Err(StoreUriError::Lines),
            uri if uri.contains(blank) => Err(StoreUriError::Blank),
            uri if uri.starts_with('-') => Err(StoreUriError::Dash),
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
