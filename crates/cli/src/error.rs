//! The error that ends a command.

use std::error::Error;

use nix_post_build_push_config::ConfigError;
use queue_core::PortError;

use crate::exit_codes::Exit;
use crate::message::Message;

/// Why a command ended, and with which exit code.
#[derive(Clone, Debug)]
pub(crate) struct CommandError {
    /// The exit code.
    pub exit: Exit,
    /// What to tell; several for a configuration with several problems.
    pub messages: Vec<Message>,
}

impl CommandError {
    /// With one message.
    pub(crate) fn new(exit: Exit, text: impl Into<String>) -> Self {
        Self {
            exit,
            messages: vec![Message::new(text)],
        }
    }

    /// Adds an error and its causes to the last message.
    #[must_use]
    pub(crate) fn caused_by(self, error: &(dyn Error + 'static)) -> Self {
        self.map_last(|message| message.caused_by(error))
    }

    /// Adds a hint to the last message.
    #[must_use]
    pub(crate) fn hint(self, hint: impl Into<String>) -> Self {
        self.map_last(|message| message.hint(hint))
    }

    fn map_last(mut self, change: impl FnOnce(Message) -> Message) -> Self {
        let last = self.messages.pop().unwrap_or_default();
        self.messages.push(change(last));
        self
    }

    /// All of it in one line, without the hints.
    pub(crate) fn text(&self) -> String {
        let one = |message: &Message| {
            let parts = std::iter::once(&message.text).chain(&message.causes);
            parts.cloned().collect::<Vec<_>>().join(": ")
        };
        self.messages.iter().map(one).collect::<Vec<_>>().join("; ")
    }

    /// Tells the user.
    pub(crate) fn report(&self) {
        self.messages.iter().for_each(Message::error);
    }
}

impl From<PortError> for CommandError {
    fn from(error: PortError) -> Self {
        Self {
            exit: Exit::Failed,
            messages: vec![Message::from(&error)],
        }
    }
}

impl From<ConfigError> for CommandError {
    fn from(error: ConfigError) -> Self {
        Self {
            exit: Exit::Config,
            messages: error.problems.iter().map(Message::from).collect(),
        }
    }
}
