//! Something that went wrong in a hook, and what it is about.

use std::fmt;

use queue_core::{PortError, StoreDir, StorePath};

use crate::subject;

/// One line to tell, with what a journal can be asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complaint {
    /// What failed, on which object, and why.
    pub text: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// What sort of error it is: a word that the manual lists.
    pub kind: &'static str,
    /// The queue's name, if it is about one.
    pub queue: Option<String>,
    /// The full path of the first path that it is about, if it is about any.
    pub store_path: Option<String>,
}

impl Complaint {
    pub(super) fn new(kind: &'static str, text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            hint: None,
            kind,
            queue: None,
            store_path: None,
        }
    }

    pub(super) fn hint(self, hint: Option<impl Into<String>>) -> Self {
        Self {
            hint: hint.map(Into::into),
            ..self
        }
    }

    pub(super) fn of_queue(mut self, name: &str) -> Self {
        self.queue = Some(name.to_owned());
        self
    }

    pub(super) fn about(mut self, path: &StorePath, store: &StoreDir) -> Self {
        self.store_path = Some(store.join(path).into_string());
        self
    }
}

/// Its causes included.
impl From<&PortError> for Complaint {
    fn from(error: &PortError) -> Self {
        Self::new(subject::LOCAL, error.chain()).hint(error.hint())
    }
}

/// All in one line.
impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)?;
        match &self.hint {
            Some(hint) => write!(f, " (hint: {hint})"),
            None => Ok(()),
        }
    }
}
