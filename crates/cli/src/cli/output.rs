//! Options about what is printed.

use clap::{ArgAction, Args, ValueEnum};

const HEADING: &str = "Messages";

/// `-v`, `-q`, `--log-format`
#[derive(Args, Clone, Copy)]
pub(crate) struct OutputArgs {
    /// Say more; twice, still more
    #[arg(short, long, action = ArgAction::Count, global = true, help_heading = HEADING)]
    pub verbose: u8,
    /// Say less; twice, only errors
    #[arg(short, long, action = ArgAction::Count, global = true, help_heading = HEADING)]
    pub quiet: u8,
    /// How messages are written [default: auto]
    #[arg(
        long,
        value_name = "FORMAT",
        global = true,
        help_heading = HEADING,
        hide_short_help = true
    )]
    pub log_format: Option<LogFormat>,
}

/// How messages are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// To the journal, as `journald`, where standard error goes there; else as `text`
    Auto,
    /// Lines for people, on standard error
    Text,
    /// One JSON object a line, on standard error
    Json,
    /// To the journal itself, with fields and levels; nothing to standard error
    Journald,
}
