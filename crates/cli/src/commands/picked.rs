//! The entries that `retry` and `drop` are about.

use nix_post_build_push_config::Config;
use queue_core::StorePath;

use super::queues;
use crate::adapters::{OpenQueue, Store};
use crate::cli::PickArgs;
use crate::error::CommandError;
use crate::exit_codes::Exit;
use crate::message::Message;
use crate::patterns::{Pattern, Pick};
use crate::session::Session;
use crate::view::warn_of_foreign;

/// Reads the arguments; all that are wrong are reported at once.
fn read(args: &PickArgs, session: &Session, store: &Store) -> Result<Pick, CommandError> {
    if args.all {
        return Ok(Pick::All);
    }
    let mut wrong = CommandError {
        exit: Exit::Usage,
        messages: Vec::new(),
    };
    let mut patterns = Vec::new();
    for text in &args.entries {
        match Pattern::parse(text, &session.cwd, &store.dir) {
            Ok(pattern) => patterns.push(pattern),
            Err(error) => wrong.messages.extend(error.messages),
        }
    }
    if wrong.messages.is_empty() {
        Ok(Pick::Some(patterns))
    } else {
        Err(wrong)
    }
}

/// Does something with the picked entries of every queue that exists. A pattern that fits
/// no entry of any of them is an error, reported beforehand; the others are worked on.
pub(super) fn each(
    args: &PickArgs,
    session: &Session,
    config: &Config,
    store: &Store,
    exit: Exit,
    mut visit: impl FnMut(&OpenQueue, &[StorePath]) -> Result<Exit, CommandError>,
) -> Result<Exit, CommandError> {
    let pick = read(args, session, store)?;
    let mut all = Vec::new();
    let mut work = Vec::new();
    let exit = queues::each(config, exit, |settings| {
        let Some(queue) = queues::open(store, settings)? else {
            return Ok(Exit::Done);
        };
        let listing = queue.list()?;
        listing
            .foreign
            .iter()
            .for_each(|foreign| warn_of_foreign(&settings.name, foreign));
        let paths: Vec<_> = listing
            .entries
            .into_iter()
            .map(|entry| entry.path)
            .collect();
        let picked: Vec<_> = paths
            .iter()
            .filter(|path| pick.picks(path))
            .cloned()
            .collect();
        all.extend(paths);
        work.push((settings.name.clone(), queue, picked));
        Ok(Exit::Done)
    });
    let idle = pick.idle(&all);
    for pattern in &idle {
        Message::new(format!("nothing that is queued fits `{}`", pattern.text))
            .hint("`list` shows what is queued")
            .error();
    }
    let exit = exit.max(if idle.is_empty() {
        Exit::Done
    } else {
        Exit::Usage
    });
    Ok(queues::each(config, exit, |settings| {
        match work.iter().find(|(name, ..)| *name == settings.name) {
            Some((_, queue, picked)) if args.all || !picked.is_empty() => visit(queue, picked),
            _ => Ok(Exit::Done),
        }
    }))
}
