//! The one error of all ports.

use std::error::Error;
use std::io;

use rustix::io::Errno;

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
        let cause = || self.source.downcast_ref::<io::Error>();
        self.hint
            .as_deref()
            .or_else(|| cause().and_then(hint_at_the_machine))
    }

    /// The message with all its causes, in one line.
    #[must_use]
    pub fn chain(&self) -> String {
        chain(self)
    }
}

/// What to do where it is the machine that fails, whatever was tried.
fn hint_at_the_machine(error: &io::Error) -> Option<&'static str> {
    Some(match Errno::from_io_error(error)? {
        Errno::NOSPC => "make room on that file system: `df -h` and `df -i` tell what is full",
        Errno::DQUOT => "the quota there is used up: make room, or raise it",
        Errno::ROFS => "make that file system writable: see `findmnt`, and the kernel's log",
        Errno::IO => "the disk may be failing: see the kernel's log",
        Errno::MFILE => "raise the limit of open files: `ulimit -n`, or LimitNOFILE= of the unit",
        Errno::NFILE => "the machine has too many open files: see fs.file-max of sysctl",
        _ => return None,
    })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_the_machine_fails_a_hint_says_what_to_do_unless_there_is_a_better_one() {
        let full = || PortError::new("create the entry", "/q/x", io::Error::from(Errno::NOSPC));
        assert!(full().hint().is_some_and(|hint| hint.contains("df -i")));
        assert_eq!(full().with_hint("better").hint(), Some("better"));
        let other = PortError::new("create the entry", "/q/x", io::Error::from(Errno::EXIST));
        assert_eq!(other.hint(), None);
    }
}
