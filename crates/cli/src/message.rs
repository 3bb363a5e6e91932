//! A message: what, why, and what to do about it.

use std::error::Error;

use nix_post_build_push_config::{Problem, redact_uris};
use queue_core::{PortError, UploadError};

/// Something to tell the user, in parts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Message {
    /// What failed on which object: a lowercase fragment.
    pub text: String,
    /// Why, from the outermost cause to the innermost.
    pub causes: Vec<String>,
    /// What to do about it.
    pub hints: Vec<String>,
    /// All that another program said, in lines.
    pub details: String,
}

impl Message {
    /// Without a cause yet.
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            ..Self::default()
        }
    }

    /// Adds an error and its causes.
    #[must_use]
    pub(crate) fn caused_by(mut self, error: &(dyn Error + 'static)) -> Self {
        let mut cause = Some(error);
        while let Some(error) = cause {
            self.causes.push(error.to_string());
            cause = error.source();
        }
        self
    }

    /// Adds a hint.
    #[must_use]
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// An error of a port as the cause of something of ours.
    #[must_use]
    pub(crate) fn caused_by_port(self, error: &PortError) -> Self {
        let message = self.caused_by(error);
        match error.hint() {
            Some(hint) => message.hint(hint),
            None => message,
        }
    }

    /// A failed upload as the cause.
    #[must_use]
    pub(crate) fn caused_by_upload(mut self, error: &UploadError) -> Self {
        self.causes.push(error.message.clone());
        self.hints.extend(error.hint.clone());
        let details = error.details.trim();
        if details.strip_prefix("error: ").unwrap_or(details) != error.message {
            details.clone_into(&mut self.details);
        }
        self
    }

    /// Reports it as an error.
    pub(crate) fn error(&self) {
        let Parts {
            causes,
            hints,
            details,
        } = self.parts();
        tracing::error!(causes, hints, details, "{}", redact_uris(&self.text));
    }

    /// Reports it as a warning.
    pub(crate) fn warning(&self) {
        let Parts {
            causes,
            hints,
            details,
        } = self.parts();
        tracing::warn!(causes, hints, details, "{}", redact_uris(&self.text));
    }

    /// The journal takes them as they are, so what is secret in a URI goes here already.
    fn parts(&self) -> Parts {
        let shown = |text: &str| (!text.is_empty()).then(|| redact_uris(text).into_owned());
        Parts {
            causes: shown(&self.causes.join("\n")),
            hints: shown(&self.hints.join("\n")),
            details: shown(&self.details),
        }
    }
}

/// As fields of an event: several lines in one field.
struct Parts {
    causes: Option<String>,
    hints: Option<String>,
    details: Option<String>,
}

impl From<&(dyn Error + 'static)> for Message {
    fn from(error: &(dyn Error + 'static)) -> Self {
        let message = Self::new(error.to_string());
        match error.source() {
            Some(source) => message.caused_by(source),
            None => message,
        }
    }
}

impl From<&PortError> for Message {
    fn from(error: &PortError) -> Self {
        let message = Self::from(error as &(dyn Error + 'static));
        match error.hint() {
            Some(hint) => message.hint(hint),
            None => message,
        }
    }
}

impl From<&Problem> for Message {
    fn from(problem: &Problem) -> Self {
        let message = Self::new(problem.to_string());
        match &problem.hint {
            Some(hint) => message.hint(hint),
            None => message,
        }
    }
}
