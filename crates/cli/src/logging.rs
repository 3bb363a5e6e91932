//! Messages on standard error, or in the journal.

pub(crate) mod journal;
mod text;

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use nix_post_build_push_config::Environment;
use tracing_subscriber::filter::{EnvFilter, ParseError};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry, fmt};

use crate::cli::{LogFormat, OutputArgs};
use crate::error::CommandError;
use crate::exit_codes::Exit;
use crate::terminal::{JsonStderr, TextStderr};

const FILTER: &str = "NIX_POST_BUILD_PUSH_LOG";
const FORMAT: &str = "NIX_POST_BUILD_PUSH_LOG_FORMAT";

/// The parts of the program whose messages `-v` and `-q` are about.
const OURS: [&str; 4] = [
    "nix_post_build_push",
    "nix_post_build_push_config",
    "nix_copy",
    "queue_core",
];

/// Whether messages go to the journal itself.
static NATIVE: AtomicBool = AtomicBool::new(false);

/// Whether a message is seen as one entry of a journal and not as lines.
pub(crate) fn is_native() -> bool {
    NATIVE.load(Relaxed)
}

/// Whether the journal takes standard output as well: what is told in a message is not told there.
pub(crate) fn takes_stdout() -> bool {
    is_native() && journal::takes(std::io::stdout())
}

/// Has all messages arrive before the process ends.
pub(crate) fn settle() {
    if is_native() {
        // Nobody is left to be told.
        let _ = journal::settle();
    }
}

/// Sets up the messages of this process, once.
///
/// # Errors
///
/// If the filter or the format cannot be understood, or the journal not be reached. Then
/// messages are lines of text.
pub(crate) fn init(args: OutputArgs, environment: &Environment) -> Result<(), CommandError> {
    let chosen = filter(args, environment).and_then(|filter| {
        Ok(layer(format(args, environment)?)?
            .with_filter(filter)
            .boxed())
    });
    let (layer, result) = match chosen {
        Ok(layer) => (layer, Ok(())),
        Err(error) => (text_layer().with_filter(by_level(args)).boxed(), Err(error)),
    };
    // Only a second call could fail, and then the first one's messages go on.
    let _ = Registry::default().with(layer).try_init();
    result
}

fn layer(format: LogFormat) -> Result<Box<dyn Layer<Registry> + Send + Sync>, CommandError> {
    match format {
        LogFormat::Auto if journal::is_stderr() => Ok(native().unwrap_or_else(|_| text_layer())),
        LogFormat::Auto | LogFormat::Text => Ok(text_layer()),
        LogFormat::Json => Ok(fmt::layer()
            .json()
            .flatten_event(true)
            .with_writer(|| JsonStderr)
            .boxed()),
        LogFormat::Journald => native().map_err(|error| no_journal(&error)),
    }
}

fn native() -> std::io::Result<Box<dyn Layer<Registry> + Send + Sync>> {
    let layer = journal::layer(crate::cli::NAME)?;
    NATIVE.store(true, Relaxed);
    Ok(layer.boxed())
}

fn no_journal(error: &std::io::Error) -> CommandError {
    CommandError::new(Exit::Config, "failed to reach the journal")
        .caused_by(error)
        .hint("use --log-format text or json where no journald runs")
}

fn text_layer() -> Box<dyn Layer<Registry> + Send + Sync> {
    fmt::layer()
        .event_format(text::Lines::new())
        .with_writer(|| TextStderr)
        .boxed()
}

/// How messages are written.
///
/// # Errors
///
/// If the variable says something else.
pub(crate) fn format(
    args: OutputArgs,
    environment: &Environment,
) -> Result<LogFormat, CommandError> {
    use clap::ValueEnum;
    let variable = || {
        environment
            .get(FORMAT)
            .map(|word| LogFormat::from_str(word, false))
    };
    match args.log_format.map(Ok).or_else(variable) {
        None => Ok(LogFormat::Auto),
        Some(Ok(format)) => Ok(format),
        Some(Err(_)) => Err(CommandError::new(
            Exit::Config,
            format!("variable {FORMAT}: unknown format"),
        )
        .hint("allowed are auto, text, json, journald")),
    }
}

fn filter(args: OutputArgs, environment: &Environment) -> Result<EnvFilter, CommandError> {
    match environment.get(FILTER) {
        None => Ok(by_level(args)),
        Some(directives) => parse_filter(directives).map_err(|error| {
            CommandError::new(Exit::Config, format!("variable {FILTER}: not a filter"))
                .caused_by(&error)
                .hint("write it such as `debug` or `nix_copy=trace,info`")
        }),
    }
}

/// A filter for some targets says nothing of the others: their errors are written. A level without a
/// target, such as `off`, replaces this one.
pub(crate) fn parse_filter(directives: &str) -> Result<EnvFilter, ParseError> {
    // With a blank before a directive, tracing-subscriber 0.3.23 counts its letters from the wrong
    // one, and panics where that is within a letter.
    let trimmed = directives.split(',').map(str::trim);
    let all: Vec<_> = std::iter::once("error").chain(trimmed).collect();
    EnvFilter::try_new(all.join(","))
}

fn by_level(args: OutputArgs) -> EnvFilter {
    let level = match i16::from(args.verbose) - i16::from(args.quiet) {
        ..=-2 => "error",
        -1 => "warn",
        0 => "info",
        1 => "debug",
        2.. => "trace",
    };
    let ours = OURS.map(|target| format!("{target}={level}"));
    EnvFilter::new(format!("warn,{}", ours.join(",")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_around_the_parts_of_a_filter_mean_nothing() {
        let (blanks, none) = (" nix_copy=trace , info ", "nix_copy=trace,info");
        let shown = |text| parse_filter(text).unwrap().to_string();
        assert_eq!(shown(blanks), shown(none));
        let _ = parse_filter(" 0\u{1f8b0}=");
    }

    #[test]
    fn without_a_journal_the_configuration_is_wrong_and_a_hint_says_what_to_do() {
        let refused = no_journal(&std::io::ErrorKind::NotFound.into());
        assert_eq!(refused.exit, Exit::Config);
        let [message] = refused.messages.as_slice() else {
            panic!("{:?}", refused.messages);
        };
        assert_eq!(message.text, "failed to reach the journal");
        assert_eq!(message.causes, ["entity not found"]);
        assert!(
            message.hints[0].contains("--log-format text"),
            "{message:?}"
        );
    }
}
