//! The commands, one per file.

mod closure;
mod completions;
mod config;
mod drop;
mod enqueue;
mod given;
mod help;
mod list;
mod man;
mod picked;
mod push;
mod queues;
mod retry;
mod roots_queue;
mod status;

#[cfg(test)]
pub(crate) use {enqueue::read_paths, given::Line};

use crate::cli::{Command, NAME};
use crate::doctor;
use crate::error::CommandError;
use crate::exit_codes::Exit;
use crate::session::Session;

/// Runs a command to its end.
///
/// # Errors
///
/// What kept it from its work. What went wrong with single paths or queues was reported,
/// and shows in the exit code.
pub(crate) fn run(command: Command, session: &mut Session) -> Result<Exit, CommandError> {
    match command {
        Command::Enqueue(args) => enqueue::run(&args, session),
        Command::Push(args) => push::run(&args, session),
        Command::List(args) => list::run(&args, session),
        Command::Closure(args) => closure::run(&args, session),
        Command::Status(args) => status::run(&args, session),
        Command::Retry(args) => retry::run(&args, session),
        Command::Drop(args) => drop::run(&args, session),
        Command::Doctor(args) => doctor::run(&args, session),
        Command::Config(command) => config::run(&command, session),
        Command::Completions { shell } => completions::run(shell, session),
        Command::Man { page } => man::run(page, session),
        Command::Help(args) => help::run(&args, session),
        Command::Version => {
            session
                .out
                .line(format_args!("{NAME} {}", env!("CARGO_PKG_VERSION")));
            Ok(Exit::Done)
        }
    }
}
