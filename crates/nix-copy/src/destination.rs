//! Where paths are copied to.

use std::fmt;

/// A store URI as Nix takes it, and what may be shown of it.
///
/// The URI itself goes to Nix's command line, where every user of the machine
/// can read it; nowhere else. All texts of Nix, and its arguments, pass
/// [`redact`](Self::redact) before they leave this crate.
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

    pub(crate) fn uri(&self) -> &str {
        &self.uri
    }
}

impl fmt::Debug for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Destination({})", self.shown())
    }
}
