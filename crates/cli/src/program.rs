//! From the process's arguments to its exit code.

use std::ffi::OsString;
use std::io::Write;
use std::panic::{self, AssertUnwindSafe, PanicHookInfo};
use std::process::ExitCode;

use camino::Utf8PathBuf;
use clap::{FromArgMatches, Parser};
use nix_post_build_push_config::Environment;

use crate::args::{OwnOptions, Split};
use crate::cli::{self, Cli, LogFormat, NAME};
use crate::commands;
use crate::completion;
use crate::core_dumps;
use crate::error::CommandError;
use crate::exit_codes::{self, Exit};
use crate::hook_variables::HookVariables;
use crate::logging;
use crate::message::Message;
use crate::output::Output;
use crate::progress;
use crate::session::Session;
use crate::signals;
use crate::terminal::Escaped;

/// The command that hands options on to Nix.
const HANDS_ON: &str = "push";

/// Names under which options for Nix are accepted, and have no effect.
const IGNORE: [&str; 4] = [
    "closure",
    "show-closure",
    "enqueue-paths",
    "show-queued-paths",
];

/// Runs the program.
#[must_use]
pub fn main() -> ExitCode {
    core_dumps::forbid();
    telling_of_bugs(run)
}

/// Runs something; a fault of the program is told, and is its end.
fn telling_of_bugs(run: impl FnOnce() -> ExitCode) -> ExitCode {
    panic::set_hook(Box::new(tell_of_a_bug));
    // Unwinding first ends the children that are still at work.
    panic::catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|_| exit_codes::BUG.into())
}

fn run() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().skip(1).collect();
    if let Some(code) = completion::answered(&arguments) {
        return code;
    }
    // Never freed: that takes longer than all else that a push with nothing to do does.
    let command = Box::leak(Box::new(cli::unbuilt_command()));
    let cli = read_arguments(command, arguments).and_then(|split| {
        let arguments = std::iter::once(NAME.to_owned()).chain(split.for_clap());
        let cli = parse(command, split.command(), arguments.collect()).map_err(Refused::by_clap)?;
        Ok((cli, split))
    });
    match cli {
        Ok((cli, split)) => {
            let exit = run_command(cli, &split);
            if exit == Exit::Stopped {
                signals::end_by_it();
            }
            exit.into()
        }
        Err(refused) => refused.tell(),
    }
}

/// Parses a command line that calls this command. What is wrong with one, clap says with all commands
/// before its eyes.
fn parse(
    command: &mut clap::Command,
    called: Option<&str>,
    arguments: Vec<String>,
) -> Result<Cli, clap::Error> {
    let one = called.and_then(|called| cli::with_one_subcommand(command, called));
    match one.map(|mut one| parse_with(&mut one, &arguments)) {
        Some(Ok(cli)) => Ok(cli),
        _ => parse_or_refuse(command, &arguments),
    }
}

fn parse_with(command: &mut clap::Command, arguments: &[String]) -> Result<Cli, clap::Error> {
    let matches = command.try_get_matches_from_mut(arguments);
    matches.and_then(|mut matches| Cli::from_arg_matches_mut(&mut matches))
}

/// What clap says of a command line repeats its words as they are. So if one may not be printed as
/// it is, clap is told of the same words as they may be, with which just the same is wrong.
fn parse_or_refuse(command: &mut clap::Command, arguments: &[String]) -> Result<Cli, clap::Error> {
    parse_with(command, arguments).map_err(|error| {
        let shown: Vec<_> = arguments
            .iter()
            .map(|argument| Escaped(argument).to_string())
            .collect();
        if shown == arguments {
            return error;
        }
        let or_else = || cli::command().error(error.kind(), "the command line is not understood");
        Cli::try_parse_from(shown).err().unwrap_or_else(or_else)
    })
}

fn run_command(cli: Cli, split: &Split) -> Exit {
    let environment = Environment::new(std::env::vars_os());
    let logging = logging::init(cli.output, &environment);
    let mut session = session(&cli, split, environment);
    let result = logging.and_then(|()| {
        warn_of_what_is_ignored(&cli, split);
        commands::run(cli.command, &mut session)
    });
    let written = session.out.finish();
    let exit = result.unwrap_or_else(|error| {
        error.report();
        error.exit
    });
    let exit = match written {
        Ok(()) => exit,
        Err(error) => {
            error.report();
            exit.max(error.exit)
        }
    };
    logging::settle();
    exit
}

fn session(cli: &Cli, split: &Split, environment: Environment) -> Session {
    let cwd = std::env::current_dir()
        .ok()
        .and_then(|cwd| Utf8PathBuf::from_path_buf(cwd).ok());
    // Where the working directory has no usable name, the kernel still knows it.
    let cwd = cwd.unwrap_or_else(|| "/proc/self/cwd".into());
    let called = split.command().unwrap_or_default().to_owned();
    let for_nix = if IGNORE.contains(&called.as_str()) {
        &[][..]
    } else {
        &split.nix
    };
    Session {
        overrides: cli.settings.overrides(&cwd, for_nix),
        hook: HookVariables::of(|name| std::env::var_os(name)),
        cwd,
        called,
        quiet: cli.output.quiet > cli.output.verbose,
        // Where it is a wrong one, that is reported.
        log_format: logging::format(cli.output, &environment).unwrap_or(LogFormat::Text),
        environment,
        out: Output::default(),
    }
}

fn warn_of_what_is_ignored(cli: &Cli, split: &Split) {
    if cli.settings.xargs_bin.is_some() {
        Message::new("--xargs-bin has no effect any more").warning();
    }
    if let Some(called) = split.command().filter(|name| IGNORE.contains(name))
        && let Some(first) = split.nix.first()
    {
        let name = option_name(first);
        Message::new(format!(
            "`{called}` has no use for `{name}` and the options behind it"
        ))
        .warning();
    }
}

/// Tells our arguments from Nix's, and refuses the latter where they would have no effect.
fn read_arguments(command: &clap::Command, arguments: Vec<OsString>) -> Result<Split, Refused> {
    let arguments: Result<Vec<_>, _> = arguments.into_iter().map(utf8).collect();
    let arguments = arguments?;
    let split = Split::new(arguments, &OwnOptions::of(command));
    let Some((first, called)) = split.nix.first().zip(split.command()) else {
        return Ok(split);
    };
    let known = command.find_subcommand(called).map(clap::Command::get_name);
    let may_have = known == Some(HANDS_ON);
    if may_have || IGNORE.contains(&called) {
        return Ok(split);
    }
    let mut refused = refuse_option(first, called, &split);
    if known.is_some() {
        refused.hint = Some("only `push` hands options on to Nix");
    }
    Err(refused)
}

fn utf8(argument: OsString) -> Result<String, Refused> {
    argument.into_string().map_err(|argument| {
        let argument = argument.to_string_lossy();
        Refused::by_us(format!("an argument is not UTF-8: {argument}"))
    })
}

/// Clap knows best what is wrong with an option, and what may have been meant.
fn refuse_option(first: &str, called: &str, split: &Split) -> Refused {
    let mut arguments = vec![NAME.to_owned()];
    arguments.extend(split.words.iter().cloned().chain([first.to_owned()]));
    match parse_or_refuse(&mut cli::unbuilt_command(), &arguments) {
        Err(error) => Refused::by_clap(error),
        Ok(_) => {
            let name = option_name(first);
            Refused::by_us(format!("unexpected option `{name}` for `{called}`"))
        }
    }
}

/// Without its value, which may be a secret of Nix's (`--access-tokens=…`).
fn option_name(option: &str) -> &str {
    option.split_once('=').map_or(option, |(name, _)| name)
}

/// A command line that is not carried out.
struct Refused {
    error: Result<clap::Error, CommandError>,
    hint: Option<&'static str>,
}

impl Refused {
    /// By clap, which also "refuses" to go on when it was asked for help.
    fn by_clap(error: clap::Error) -> Self {
        Self {
            error: Ok(error),
            hint: None,
        }
    }

    fn by_us(text: String) -> Self {
        Self {
            error: Err(CommandError::new(Exit::Usage, text)),
            hint: None,
        }
    }

    fn tell(&self) -> ExitCode {
        let mut stderr = std::io::stderr();
        // There is nobody left to tell that standard error is gone.
        let (code, _) = match &self.error {
            Ok(error) => (
                u8::try_from(error.exit_code()).unwrap_or(exit_codes::USAGE),
                error.print(),
            ),
            Err(error) => {
                let text = error.messages.iter().map(|message| message.text.as_str());
                let text = Escaped(text.collect::<String>());
                (error.exit.code(), writeln!(stderr, "error: {text}"))
            }
        };
        if let Some(hint) = self.hint {
            let _ = writeln!(stderr, "hint: {hint}");
        }
        code.into()
    }
}

fn tell_of_a_bug(info: &PanicHookInfo<'_>) {
    progress::forsake();
    let payload = info.payload();
    let text = payload.downcast_ref::<&str>().map(ToString::to_string);
    let text = text
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_default();
    let place = info
        .location()
        .map(|place| format!(" at {place}"))
        .unwrap_or_default();
    let _ = writeln!(
        std::io::stderr(),
        "error: the program has a fault: {}{place}\n\
         hint: please report this, with the command line and this message; what is queued is safe",
        Escaped(text)
    );
}

#[cfg(test)]
mod tests;
