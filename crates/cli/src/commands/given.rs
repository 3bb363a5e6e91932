//! The paths that a command is given: as arguments, on standard input, by Nix to its hook.

use std::collections::BTreeSet;

use nix_post_build_push_config::parse_switch;
use queue_core::StorePath;

use crate::adapters::Store;
use crate::cli::PathArgs;
use crate::error::CommandError;
use crate::exit_codes::Exit;
use crate::message::Message;
use crate::session::Session;
use crate::store_argument;

const SWITCH: &str = "NIX_POST_BUILD_PUSH_INCLUDE_OUT_PATHS";

/// Most bytes of a path on standard input; the system takes 4096.
pub(super) const LONGEST_LINE: usize = 64 * 1024;

/// A line of standard input, or what stands between two NULs.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// Meant as a path.
    Path(Vec<u8>),
    /// Longer than [`LONGEST_LINE`].
    TooLong,
}

/// What a command is given.
#[derive(Default)]
pub(super) struct Given {
    /// The store paths, each once, in the order given.
    pub(super) paths: Vec<StorePath>,
    /// The same, to find them again.
    seen: BTreeSet<StorePath>,
    /// What the hook's outputs were built from.
    pub(super) derivation: Option<StorePath>,
    /// How many arguments led to no store path; they were reported.
    pub(super) refused: usize,
}

impl Given {
    /// Whether there was nothing, good or bad.
    pub(super) fn is_nothing(&self) -> bool {
        self.paths.is_empty() && self.refused == 0
    }

    /// How a command ends at best that worked on what is good.
    pub(super) fn exit(&self) -> Exit {
        match self.refused {
            0 => Exit::Done,
            _ => Exit::Failed,
        }
    }

    /// Adds arguments; reports those that lead to no store path.
    pub(super) fn add(&mut self, arguments: &[String], session: &Session, store: &Store) {
        for argument in arguments {
            self.add_one(argument, session, store);
        }
    }

    /// Adds a line of an input; reports one that leads to no store path, or is no text.
    pub(super) fn add_line(&mut self, line: Line, session: &Session, store: &Store) {
        let Line::Path(path) = line else {
            let text = format!("no store path: a path of more than {LONGEST_LINE} bytes");
            return self.refuse(&Message::new(text));
        };
        match String::from_utf8(path) {
            Ok(argument) => self.add_one(&argument, session, store),
            Err(error) => {
                let escaped = error.as_bytes().escape_ascii().to_string();
                self.refuse(&no_store_path(&escaped).caused_by(&error.utf8_error()));
            }
        }
    }

    fn add_one(&mut self, argument: &str, session: &Session, store: &Store) {
        match store_argument::resolve(argument, &session.cwd, &store.dir) {
            Ok(path) => self.add_path(path),
            Err(error) => self.refuse(&no_store_path(argument).caused_by(&error)),
        }
    }

    /// Adds what Nix tells its hook; reports what is wrong with it.
    pub(super) fn add_from_hook(&mut self, session: &Session, store: &Store) {
        let mut built = session.hook.read(store);
        if let Err(error) = built.ask_nix(store) {
            self.refuse(&Message::from(&error));
        }
        for error in built.errors {
            self.refuse(&Message::new(error));
        }
        built
            .outputs
            .into_iter()
            .for_each(|path| self.add_path(path));
        self.derivation = built.derivation;
    }

    fn add_path(&mut self, path: StorePath) {
        if self.seen.insert(path.clone()) {
            self.paths.push(path);
        }
    }

    fn refuse(&mut self, message: &Message) {
        message.error();
        self.refused += 1;
    }
}

fn no_store_path(argument: &str) -> Message {
    let shown = store_argument::shown(argument);
    Message::new(format!("no store path: `{shown}`"))
}

/// Whether to look at `OUT_PATHS`: what the command line says, else the variable, else what
/// the command does by itself.
pub(super) fn takes_out_paths(
    args: &PathArgs,
    session: &Session,
    by_itself: bool,
) -> Result<bool, CommandError> {
    if let Some(said) = args.takes_out_paths() {
        return Ok(said);
    }
    match session.environment.get(SWITCH) {
        None => Ok(by_itself),
        Some(word) => parse_switch(word).ok_or_else(|| {
            CommandError::new(
                Exit::Config,
                format!("variable {SWITCH}: neither true nor false"),
            )
            .hint("allowed are 1, true, yes, on, 0, false, no, off")
        }),
    }
}
