//! A message: what, why, and what to do about it.

use std::error::Error;
use std::fmt::Write;

use nix_post_build_push_config::{Problem, redact_uris};
use queue_core::{PortError, UploadError};
use tracing::Level;

use crate::logging;
use crate::subject::{self, PushEnd, Subject};
use crate::terminal::Escaped;

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
    /// What it is about.
    pub about: Subject,
}

impl Message {
    /// Without a cause yet.
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            ..Self::default()
        }
    }

    /// About a queue, with whose name it begins.
    pub(crate) fn of_queue(queue: &str, text: impl std::fmt::Display) -> Self {
        Self::new(format!("{queue}: {text}")).about_queue(queue)
    }

    /// Says which queue it is about, where the text does so already.
    #[must_use]
    pub(crate) fn about_queue(mut self, queue: &str) -> Self {
        self.about.queue = Some(queue.to_owned());
        self
    }

    /// Says which store path it is about.
    #[must_use]
    pub(crate) fn about_path(mut self, store_path: impl Into<String>) -> Self {
        self.about.store_path = Some(store_path.into());
        self
    }

    /// Says which destination it is about: as it may be shown.
    #[must_use]
    pub(crate) fn about_destination(mut self, destination: impl Into<String>) -> Self {
        self.about.destination = Some(destination.into());
        self
    }

    /// Says which attempt failed.
    #[must_use]
    pub(crate) fn about_attempt(mut self, attempt: u32) -> Self {
        self.about.attempt = Some(attempt);
        self
    }

    /// Says what sort of error it is, with a word of [`subject::KINDS`].
    #[must_use]
    pub(crate) fn of_kind(mut self, kind: &'static str) -> Self {
        self.about.error_kind = Some(kind);
        self
    }

    /// Says how a push ended.
    #[must_use]
    pub(crate) fn about_push(mut self, push: PushEnd) -> Self {
        self.about.push = Some(push);
        self
    }

    /// Adds an error and its causes.
    #[must_use]
    pub(crate) fn caused_by(mut self, error: &(dyn Error + 'static)) -> Self {
        self.causes.extend(chain(error));
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
        let message = self.caused_by(error).of_kind(subject::LOCAL);
        match error.hint() {
            Some(hint) => message.hint(hint),
            None => message,
        }
    }

    /// A failed upload as the cause.
    #[must_use]
    pub(crate) fn caused_by_upload(mut self, error: &UploadError) -> Self {
        self.about.error_kind = Some(subject::of_upload(error.kind));
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
        self.report(Level::ERROR);
    }

    /// Reports it as a warning.
    pub(crate) fn warning(&self) {
        self.report(Level::WARN);
    }

    /// Reports it as worth knowing.
    pub(crate) fn info(&self) {
        self.report(Level::INFO);
    }

    /// Reports it to whoever wants to know in detail.
    pub(crate) fn debug(&self) {
        self.report(Level::DEBUG);
    }

    fn report(&self, level: Level) {
        let Self { about, .. } = self;
        let joined = |lines: &[String]| shown(&lines.join("\n"));
        let (causes, hints) = (joined(&self.causes), joined(&self.hints));
        let details = shown(&self.details);
        let text = match logging::is_native() {
            true => self.whole(),
            false => redact_uris(&self.text).into_owned(),
        };
        let push = about.push.as_ref();
        let number = |of: fn(&PushEnd) -> usize| push.map(of);
        // The level of an event is a constant.
        macro_rules! event {
            ($level:ident) => {
                tracing::event!(
                    Level::$level,
                    queue = about.queue.as_deref(),
                    store_path = about.store_path.as_deref(),
                    destination = about.destination.as_deref(),
                    attempt = about.attempt,
                    error_kind = about.error_kind,
                    outcome = push.map(|push| push.outcome),
                    uploaded = number(|push| push.uploaded),
                    failed = number(|push| push.failed),
                    invalid = number(|push| push.invalid),
                    dropped = number(|push| push.dropped),
                    backing_off = number(|push| push.backing_off),
                    parked = number(|push| push.parked),
                    left = number(|push| push.left),
                    causes,
                    hints,
                    details,
                    "{text}"
                )
            };
        }
        match level {
            Level::ERROR => event!(ERROR),
            Level::WARN => event!(WARN),
            Level::INFO => event!(INFO),
            _ => event!(DEBUG),
        }
    }

    /// In lines, as they stand on standard error: a journal shows nothing else of a message, unless
    /// it is asked for its fields.
    fn whole(&self) -> String {
        let mut whole = Escaped(&self.text).to_string();
        let parts = [
            ("  caused by: ", &self.causes.join("\n")),
            ("  | ", &self.details),
            ("hint: ", &self.hints.join("\n")),
        ];
        for (before, text) in parts {
            for line in text.lines() {
                // Writing to a string cannot fail.
                let _ = write!(whole, "\n{before}{}", Escaped(line));
            }
        }
        whole
    }
}

/// An error and its causes, from the outermost to the innermost.
pub(crate) fn chain(error: &(dyn Error + 'static)) -> Vec<String> {
    let mut causes = vec![error.to_string()];
    let mut cause = error.source();
    while let Some(inner) = cause {
        causes.push(inner.to_string());
        cause = inner.source();
    }
    causes
}

/// The journal and JSON take fields as they are, so what is secret in a URI goes here already.
fn shown(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| redact_uris(text).into_owned())
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
        let message = Self::from(error as &(dyn Error + 'static)).of_kind(subject::LOCAL);
        match error.hint() {
            Some(hint) => message.hint(hint),
            None => message,
        }
    }
}

impl From<&Problem> for Message {
    fn from(problem: &Problem) -> Self {
        let mut message = Self::new(problem.to_string()).of_kind(subject::CONFIG);
        message.about.queue = problem.queue().map(str::to_owned);
        match &problem.hint {
            Some(hint) => message.hint(hint),
            None => message,
        }
    }
}
