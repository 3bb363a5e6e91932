//! Standard output: results, and nothing else.

use std::fmt::Display;
use std::io::{self, BufWriter, ErrorKind, Stdout, Write};

use serde::Serialize;

use crate::error::CommandError;
use crate::exit_codes::Exit;
use crate::terminal::{Escaped, escaped_json};

/// Writes results. Once the reader has gone away nothing is written any more and nothing is
/// said: a push goes on without its audience.
#[derive(Debug)]
pub(crate) struct Output {
    stdout: BufWriter<Stdout>,
    failure: Option<io::Error>,
}

impl Default for Output {
    fn default() -> Self {
        Self {
            stdout: BufWriter::new(io::stdout()),
            failure: None,
        }
    }
}

impl Output {
    /// Writes one line, with control characters escaped.
    pub(crate) fn line(&mut self, line: impl Display) {
        self.attempt(|out| writeln!(out, "{}", Escaped(line)));
    }

    /// Writes a text of our own as it is.
    pub(crate) fn text(&mut self, text: &str) {
        self.attempt(|out| out.write_all(text.as_bytes()));
    }

    /// Writes a value as JSON, for people to read as well.
    pub(crate) fn json(&mut self, value: &impl Serialize) {
        self.attempt(|out| {
            let json = serde_json::to_string_pretty(value)?;
            writeln!(out, "{}", escaped_json(&json))
        });
    }

    /// Lets the reader see what was written so far.
    pub(crate) fn flush(&mut self) {
        self.attempt(Write::flush);
    }

    fn attempt(&mut self, write: impl FnOnce(&mut BufWriter<Stdout>) -> io::Result<()>) {
        if self.failure.is_none() {
            self.failure = write(&mut self.stdout).err();
        }
    }

    /// Flushes, and tells whether everything was written.
    ///
    /// # Errors
    ///
    /// If something was not written, unless the reader just went away.
    pub(crate) fn finish(&mut self) -> Result<(), CommandError> {
        self.flush();
        match self.failure.take() {
            Some(error) if error.kind() != ErrorKind::BrokenPipe => {
                let message = "failed to write to standard output";
                Err(CommandError::new(Exit::Failed, message).caused_by(&error))
            }
            _ => Ok(()),
        }
    }
}
