//! What is wrong with one value, before it is known where the value stood.

/// A complaint about a value: the caller adds its subject and its place.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
}

impl Fault {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            hint: None,
        }
    }

    pub(crate) fn hint(self, hint: impl Into<String>) -> Self {
        Self {
            hint: Some(hint.into()),
            ..self
        }
    }

    /// Hints at this, unless there is a better hint.
    pub(crate) fn or_hint(self, hint: impl FnOnce() -> String) -> Self {
        Self {
            hint: Some(self.hint.unwrap_or_else(hint)),
            ..self
        }
    }
}

/// A value as a message may repeat it. Only what looks like a plain word is shown: somebody
/// may have put a store URI with a password behind the wrong key.
pub(crate) fn shown(text: &str) -> String {
    let harmless = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | ' ');
    if text.is_empty() {
        "an empty value".to_owned()
    } else if text.chars().count() <= 24 && text.chars().all(harmless) {
        format!("`{text}`")
    } else {
        "this value".to_owned()
    }
}
