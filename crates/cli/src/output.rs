//! Standard output: results, and nothing else.

use std::fmt::Display;
use std::io::{self, BufWriter, ErrorKind, IsTerminal, Stdout, Write};

use rustix::fs::{FileType, fstat};
use serde::Serialize;

use crate::error::CommandError;
use crate::exit_codes::Exit;
use crate::lines::Line;
use crate::progress::{above, beside};
use crate::terminal::{Escaped, escaped_json, wants_colours, width};

/// Writes results. Once the reader has gone away nothing is written any more and nothing is
/// said: a push goes on without its audience.
#[derive(Debug)]
pub(crate) struct Output {
    stdout: BufWriter<Stdout>,
    to: To,
    failure: Option<io::Error>,
}

impl Default for Output {
    fn default() -> Self {
        Self {
            stdout: BufWriter::new(io::stdout()),
            to: To::of_stdout(),
            failure: None,
        }
    }
}

/// What standard output is.
#[derive(Debug, Clone, Copy)]
enum To {
    /// It may be the one that bars are drawn on.
    Terminal,
    /// Whoever reads there may write to that terminal.
    Process,
    File,
}

impl To {
    fn of_stdout() -> Self {
        if io::stdout().is_terminal() {
            return Self::Terminal;
        }
        let status = fstat(io::stdout());
        match status.map(|status| FileType::from_raw_mode(status.st_mode)) {
            Ok(FileType::Fifo | FileType::Socket) => Self::Process,
            _ => Self::File,
        }
    }
}

impl Output {
    /// Writes one line, with control characters escaped.
    pub(crate) fn line(&mut self, line: impl Display) {
        self.attempt(|out| writeln!(out, "{}", Escaped(line)));
    }

    /// Writes a line in colours, where they are wanted, and broken where it does not fit.
    pub(crate) fn styled(&mut self, line: &Line) {
        let stdout = io::stdout();
        let (colours, width) = (wants_colours(&stdout), width(&stdout));
        self.text(&(line.printed(colours, width) + "\n"));
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

    /// Writes a value as JSON in one line.
    pub(crate) fn json_line(&mut self, value: &impl Serialize) {
        self.attempt(|out| {
            let json = serde_json::to_string(value)?;
            writeln!(out, "{}", escaped_json(&json))
        });
    }

    /// Writes values as [`json`](Self::json) writes a list of them, one at a time: a long list is
    /// never in memory as a whole.
    pub(crate) fn json_list(&mut self, values: impl IntoIterator<Item = impl Serialize>) {
        self.attempt(|out| write_list(out, values));
    }

    /// Whether nothing can be written any more: the reader went away, or the disk is full.
    pub(crate) fn has_failed(&self) -> bool {
        self.failure.is_some()
    }

    /// Lets the reader see what was written so far.
    pub(crate) fn flush(&mut self) {
        self.attempt(Write::flush);
    }

    fn attempt(&mut self, write: impl FnOnce(&mut BufWriter<Stdout>) -> io::Result<()>) {
        if self.failure.is_none() {
            let stdout = &mut self.stdout;
            let written = match self.to {
                To::Terminal => above(|| write(stdout)),
                To::Process => beside(|| write(stdout)),
                To::File => write(stdout),
            };
            self.failure = written.err();
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

fn write_list(
    out: &mut impl Write,
    values: impl IntoIterator<Item = impl Serialize>,
) -> io::Result<()> {
    let mut before = "[\n  ";
    for value in values {
        let json = serde_json::to_string_pretty(&value)?;
        // No string in it has a line end as such.
        let indented = escaped_json(&json).replace('\n', "\n  ");
        write!(out, "{before}{indented}")?;
        before = ",\n  ";
    }
    let end = if before.starts_with('[') { "[]" } else { "\n]" };
    writeln!(out, "{end}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_looks_the_same_one_value_at_a_time() {
        for list in [&[][..], &["a"], &["a\nb\u{9b}", "s3://me:pa55word@b"]] {
            let rows: Vec<_> = list.iter().map(|text| [text, text]).collect();
            let mut written = Vec::new();
            write_list(&mut written, &rows).unwrap();
            let whole = escaped_json(&serde_json::to_string_pretty(&rows).unwrap());
            assert_eq!(String::from_utf8(written).unwrap(), whole + "\n");
        }
    }
}
