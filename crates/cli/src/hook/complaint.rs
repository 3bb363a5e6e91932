//! Something that went wrong in a hook, and whom it is about.

use std::fmt;

use queue_core::{StoreDir, StorePath};

/// One line to tell, with what a journal can be asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complaint {
    /// What failed, on which object, why, and what to do about it.
    pub line: String,
    /// The queue's name, if it is about one.
    pub queue: Option<String>,
    /// The full path of the first path that it is about, if it is about any.
    pub store_path: Option<String>,
}

impl Complaint {
    pub(super) fn of_queue(name: &str, line: impl Into<String>) -> Self {
        Self {
            queue: Some(name.to_owned()),
            ..Self::from(line.into())
        }
    }

    pub(super) fn about(mut self, path: &StorePath, store: &StoreDir) -> Self {
        self.store_path = Some(store.join(path).into_string());
        self
    }
}

impl From<String> for Complaint {
    fn from(line: String) -> Self {
        Self {
            line,
            queue: None,
            store_path: None,
        }
    }
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.line)
    }
}
