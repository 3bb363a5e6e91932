//! Messages as lines for people.

use std::fmt::{self, Debug, Write};

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::fmt::FmtContext;
use tracing_subscriber::fmt::format::{FormatEvent, FormatFields, Writer};
use tracing_subscriber::registry::LookupSpan;

use super::journal;
use crate::subject;
use crate::terminal::{Escaped, wants_colours};

/// `error: what failed`, `  caused by: why`, `hint: what to do`.
pub(super) struct Lines {
    colours: bool,
    /// The journal takes the priority of a line from a number before it: sd-daemon(3).
    priorities: bool,
}

impl Lines {
    pub(super) fn new() -> Self {
        Self {
            colours: wants_colours(&std::io::stderr()),
            priorities: journal::is_stderr(),
        }
    }

    fn priority(&self, level: Level) -> &'static str {
        match level {
            _ if !self.priorities => "",
            Level::ERROR => "<3>",
            Level::WARN => "<4>",
            Level::INFO => "<6>",
            Level::DEBUG | Level::TRACE => "<7>",
        }
    }

    fn label(&self, level: Level) -> String {
        let (word, colour) = match level {
            Level::ERROR => ("error:", "1;31"),
            Level::WARN => ("warning:", "1;33"),
            Level::INFO => ("info:", "1"),
            Level::DEBUG => ("debug:", "2"),
            Level::TRACE => ("trace:", "2"),
        };
        match self.colours {
            true => format!("\x1b[{colour}m{word}\x1b[0m"),
            false => word.to_owned(),
        }
    }
}

impl<S, N> FormatEvent<S, N> for Lines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        _: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let level = *event.metadata().level();
        let (priority, label) = (self.priority(level), self.label(level));
        write!(writer, "{priority}{label} {}", Escaped(&fields.message))?;
        writeln!(writer, "{}", Escaped(&fields.others))?;
        let mut lines = |before: &str, text: &str| {
            text.lines()
                .try_for_each(|line| writeln!(writer, "{priority}{before}{}", Escaped(line)))
        };
        lines("  caused by: ", &fields.causes)?;
        lines("  | ", &fields.details)?;
        lines("hint: ", &fields.hints)
    }
}

#[derive(Default)]
struct Fields {
    message: String,
    causes: String,
    hints: String,
    details: String,
    others: String,
}

impl Fields {
    fn record(&mut self, field: &Field, value: impl fmt::Display) -> fmt::Result {
        match field.name() {
            "message" => write!(self.message, "{value}"),
            "causes" => write!(self.causes, "{value}"),
            "hints" => write!(self.hints, "{value}"),
            "details" => write!(self.details, "{value}"),
            // They stand in the message.
            name if subject::FIELDS.contains(&name) => Ok(()),
            name => write!(self.others, " {name}={value}"),
        }
    }
}

// Writing to a string cannot fail.
impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        let _ = self.record(field, value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let _ = self.record(field, format_args!("{value:?}"));
    }
}
