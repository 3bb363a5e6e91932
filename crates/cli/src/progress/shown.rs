//! How progress is shown: a pure decision.

use clap::ValueEnum;

use crate::cli::LogFormat;

/// What the command line asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Choice {
    /// Bars on a terminal, else a line for each batch
    #[default]
    Auto,
    /// Bars on a terminal with -q or --log-format json as well; else as auto
    Always,
    /// Only the results
    Never,
}

/// What it is shown on, and beside what.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Surroundings<'a> {
    /// Whether standard error is a terminal.
    pub is_terminal: bool,
    /// The variable TERM.
    pub term: Option<&'a str>,
    /// How messages are written.
    pub format: LogFormat,
    /// Whether only warnings and errors are wanted.
    pub quiet: bool,
}

/// How it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shown {
    /// A bar for each queue, while it is pushed.
    Bars,
    /// A message for each batch.
    Lines,
    /// Not at all.
    Nothing,
}

/// How it is shown. Lines are messages, so with -q they are not written, whatever is asked for.
pub(crate) fn shown(choice: Choice, around: Surroundings<'_>) -> Shown {
    let moves_its_cursor = around.term.is_some_and(|term| !matches!(term, "" | "dumb"));
    let takes_bars = around.is_terminal && moves_its_cursor;
    // Who reads JSON reads no bars between it.
    let suits_bars = around.format != LogFormat::Json;
    match choice {
        Choice::Never => Shown::Nothing,
        Choice::Always if takes_bars => Shown::Bars,
        _ if around.quiet => Shown::Nothing,
        Choice::Auto if takes_bars && suits_bars => Shown::Bars,
        Choice::Auto | Choice::Always => Shown::Lines,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TERMINAL: Surroundings<'_> = Surroundings {
        is_terminal: true,
        term: Some("xterm"),
        format: LogFormat::Text,
        quiet: false,
    };

    #[test]
    fn a_terminal_gets_bars_and_all_else_lines() {
        use Choice::Auto;
        let pipe = Surroundings {
            is_terminal: false,
            ..TERMINAL
        };
        assert_eq!(shown(Auto, TERMINAL), Shown::Bars);
        assert_eq!(shown(Auto, pipe), Shown::Lines);
        for term in [None, Some(""), Some("dumb")] {
            assert_eq!(shown(Auto, Surroundings { term, ..TERMINAL }), Shown::Lines);
        }
        let json = Surroundings {
            format: LogFormat::Json,
            ..TERMINAL
        };
        assert_eq!(shown(Auto, json), Shown::Lines);
        // Standard error has no messages then.
        let journal = Surroundings {
            format: LogFormat::Journald,
            ..TERMINAL
        };
        assert_eq!(shown(Auto, journal), Shown::Bars);
    }

    #[test]
    fn who_is_quiet_gets_nothing_unless_bars_are_asked_for() {
        let quiet = Surroundings {
            quiet: true,
            ..TERMINAL
        };
        assert_eq!(shown(Choice::Auto, quiet), Shown::Nothing);
        assert_eq!(shown(Choice::Always, quiet), Shown::Bars);
        let pipe = Surroundings {
            is_terminal: false,
            ..quiet
        };
        assert_eq!(shown(Choice::Always, pipe), Shown::Nothing);
    }

    #[test]
    fn always_means_bars_where_they_can_be_and_never_means_nothing() {
        let json = Surroundings {
            format: LogFormat::Json,
            ..TERMINAL
        };
        assert_eq!(shown(Choice::Always, json), Shown::Bars);
        let dumb = Surroundings {
            term: Some("dumb"),
            ..TERMINAL
        };
        assert_eq!(shown(Choice::Always, dumb), Shown::Lines);
        for around in [TERMINAL, json, dumb] {
            assert_eq!(shown(Choice::Never, around), Shown::Nothing);
        }
    }
}
