//! The one error of all ports.

use std::error::Error;

/// What a port could not do, on which object, and why.
///
/// The message is the fragment `failed to {action} {object}`; the cause is the
/// error's [`source`](Error::source) and is not repeated in it.
///
/// ```
/// use std::io;
/// let error = queue_core::PortError::new("create the link", "/q/x", io::Error::other("no space left"));
/// assert_eq!(error.to_string(), "failed to create the link /q/x");
/// ```
#[derive(Debug, thiserror::Error)]
#[error("failed to {action} {object}")]
pub struct PortError {
    action: String,
    object: String,
    hint: Option<String>,
    source: Box<dyn Error + Send + Sync>,
}

impl PortError {
    /// `action` is a verb with its object's kind (`create the link`), `object`
    /// names it (a path, a program).
    pub fn new(
        action: impl Into<String>,
        object: impl ToString,
        source: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> Self {
        Self {
            action: action.into(),
            object: object.to_string(),
            hint: None,
            source: source.into(),
        }
    }

    /// Says what the user can do about it.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// What the user can do about it, where that is known.
    #[must_use]
    pub fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// The message with all its causes, in one line.
    #[must_use]
    pub fn chain(&self) -> String {
        chain(self)
    }
}

/// An error and its causes, joined by `: `.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    text
}
