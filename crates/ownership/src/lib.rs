//! Whose a file is, and who else may write it.
//!
//! What the queue and the configuration both have to know to decide whom they trust: which files
//! are root's, why one is not believed, and the command that mends it, as somebody pastes it.

mod distrust;
#[cfg(test)]
mod fuzz;
mod judge;
mod root;

use std::borrow::Cow;

pub use distrust::{Account, Distrust};
pub use judge::{judge_owner, judge_passage, judge_writers};
pub use root::is_root;

/// A path as a shell takes it, in quotes where it needs them.
///
/// ```
/// assert_eq!(ownership::quoted("/srv/q"), "/srv/q");
/// assert_eq!(ownership::quoted("/srv/my queue"), "'/srv/my queue'");
/// ```
#[must_use]
pub fn quoted(path: &str) -> Cow<'_, str> {
    shell_words::quote(path)
}
