//! The paths that a command is given: as arguments, on standard input, by Nix to its hook.

use nix_post_build_push_config::parse_switch;
use queue_core::{StorePath, derivation};

use crate::adapters::Store;
use crate::cli::PathArgs;
use crate::error::CommandError;
use crate::exit_codes::Exit;
use crate::message::Message;
use crate::session::Session;
use crate::store_argument;

const SWITCH: &str = "NIX_POST_BUILD_PUSH_INCLUDE_OUT_PATHS";
const OUT_PATHS: &str = "OUT_PATHS";
const DRV_PATH: &str = "DRV_PATH";

/// What a command is given.
#[derive(Default)]
pub(super) struct Given {
    /// The store paths, each once, in the order given.
    pub(super) paths: Vec<StorePath>,
    /// What the hook's outputs were built from.
    pub(super) deriver: Option<StorePath>,
    /// How many arguments led to no store path; they were reported.
    pub(super) refused: usize,
}

impl Given {
    /// Whether there was nothing, good or bad.
    pub(super) fn is_nothing(&self) -> bool {
        self.paths.is_empty() && self.refused == 0
    }

    /// Adds arguments; reports those that lead to no store path.
    pub(super) fn add(&mut self, arguments: &[String], session: &Session, store: &Store) {
        for argument in arguments {
            match store_argument::resolve(argument, &session.cwd, &store.dir) {
                Ok(path) => self.add_path(path),
                Err(error) => {
                    let shown = store_argument::shown(argument);
                    self.refuse(
                        &Message::new(format!("no store path: `{shown}`")).caused_by(&error),
                    );
                }
            }
        }
    }

    /// Adds what Nix tells its hook.
    pub(super) fn add_from_hook(&mut self, session: &Session, store: &Store) {
        if session.environment.not_utf8().any(|name| name == OUT_PATHS) {
            self.refuse(&Message::new("variable OUT_PATHS is not UTF-8"));
        }
        let drv = session.environment.get(DRV_PATH);
        self.deriver = drv.and_then(|drv| match store.dir.parse(drv) {
            Ok(path) => Some(path),
            Err(error) => {
                self.refuse(&Message::new("variable DRV_PATH is no store path").caused_by(&error));
                None
            }
        });
        match (session.environment.get(OUT_PATHS), self.deriver.clone()) {
            (Some(paths), _) => {
                let words: Vec<_> = paths.split_whitespace().map(str::to_owned).collect();
                self.add(&words, session, store);
            }
            // Nix 2.8.0 passes OUT_PATHS empty (NixOS/nix#6446).
            (None, Some(drv)) => self.add_outputs(&drv, store),
            (None, None) => {}
        }
    }

    fn add_outputs(&mut self, drv: &StorePath, store: &Store) {
        let file = store.dir.join(drv);
        let failed = || Message::new(format!("failed to read the outputs of {file}"));
        let text = match std::fs::read(&file) {
            Ok(text) => text,
            Err(error) => return self.refuse(&failed().caused_by(&error)),
        };
        match derivation::outputs(&text, &store.dir) {
            Err(error) => self.refuse(&failed().caused_by(&error)),
            // The file does not name the outputs of a floating derivation.
            Ok(outputs) if outputs.iter().any(|output| output.path.is_none()) => {
                match store.database().outputs(drv) {
                    Ok(outputs) => outputs.into_iter().for_each(|path| self.add_path(path)),
                    Err(error) => self.refuse(&Message::from(&error)),
                }
            }
            Ok(outputs) => {
                outputs
                    .into_iter()
                    .filter_map(|output| output.path)
                    .for_each(|p| self.add_path(p));
            }
        }
    }

    fn add_path(&mut self, path: StorePath) {
        if !self.paths.contains(&path) {
            self.paths.push(path);
        }
    }

    fn refuse(&mut self, message: &Message) {
        message.error();
        self.refused += 1;
    }
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
