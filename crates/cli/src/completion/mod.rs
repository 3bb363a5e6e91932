//! Completing a command line in a shell: what its script asks for, and is answered.
//!
//! `completions SHELL` prints a script that knows nothing of commands and options. On each Tab it
//! calls `nix-post-build-push __complete SHELL …` with the words of the line up to the cursor. The
//! first line of the answer says what follows: `values` or `replace` (candidates, the latter even
//! where they do not begin with what was typed), `files` or `directories` (which the shell knows
//! best itself), `nothing`. Then comes a candidate a line, in the form that the shell wants; behind
//! `files`, what may be given besides.
//!
//! Whoever presses Tab wants to know nothing of a configuration that is broken or of a queue that
//! cannot be read. So nothing is ever said but an answer, no Nix is started, and nothing is written.

mod candidates;
mod entries;
mod place;
mod scripts;
mod shell;
mod words;

use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

use camino::Utf8PathBuf;

use crate::args::OwnOptions;
use crate::cli;
use crate::exit_codes;

pub(crate) use scripts::script;

use shell::Shell;

#[cfg(test)]
pub(crate) use shell::answer_to_anything;

/// What a script calls. No command of the command line, so that none of its rules hold: the words
/// behind it are what somebody is about to type.
const CALL: &str = "__complete";

/// What may stand at the cursor: a whole word, and what it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Candidate {
    /// The whole word, as the program would be given it.
    pub word: String,
    /// A line on what it is; may be empty.
    pub meaning: String,
}

/// What a script is answered.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// These words.
    Words(Vec<Candidate>),
    /// Whatever file the shell finds, and these words.
    Files(Vec<Candidate>),
    /// Whatever directory the shell finds.
    Directories,
    /// Nothing is known.
    Nothing,
}

/// Answers a script, if it is one that calls; `arguments` are those of the process, without its name.
#[must_use]
pub(crate) fn answered(arguments: &[OsString]) -> Option<ExitCode> {
    let (call, rest) = arguments.split_first()?;
    if call != CALL {
        return None;
    }
    // Nor does a bug belong into somebody's prompt.
    std::panic::set_hook(Box::new(|_| {}));
    let answered = std::panic::catch_unwind(|| answer(rest));
    let Ok(Some(text)) = answered else {
        return Some(exit_codes::USAGE.into());
    };
    // A shell that is gone needs no answer.
    let _ = std::io::stdout().write_all(text.as_bytes());
    Some(ExitCode::SUCCESS)
}

fn answer(arguments: &[OsString]) -> Option<String> {
    let (shell, words) = arguments.split_first()?;
    let shell: Shell = shell.to_str()?.parse().ok()?;
    let words: Option<Vec<_>> = words.iter().map(|word| word.to_str()).collect();
    let home = std::env::var("HOME").ok();
    let line = shell.line(&words?, home.as_deref())?;
    let command = cli::unbuilt_command();
    let own = OwnOptions::of(&command);
    let place = place::find(&command, &own, &line.before, &line.current);
    let cwd = std::env::current_dir().ok()?;
    let cwd = Utf8PathBuf::from_path_buf(cwd).ok()?;
    let answer = candidates::answer(&command, &place, &line.current, &cwd);
    Some(shell.text(&answer, &line))
}
