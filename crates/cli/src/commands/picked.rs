//! The entries that `retry` and `drop` are about.

use std::collections::BTreeSet;

use nix_post_build_push_config::QueueSettings;
use queue_core::{Listing, StorePath};

use super::queues;
use crate::adapters::{OpenQueue, Store};
use crate::cli::PickArgs;
use crate::error::CommandError;
use crate::exit_codes::Exit;
use crate::message::Message;
use crate::patterns::{Pattern, Pick};
use crate::session::{Configured, Session};
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

/// What besides its entries may be picked in a queue.
pub(super) type Besides<'a> = &'a dyn Fn(&OpenQueue) -> Result<Vec<StorePath>, CommandError>;

/// Does something with the picked entries of every queue that exists. A pattern that fits
/// no entry of any of them is an error, reported beforehand; the others are worked on.
pub(super) fn each(
    args: &PickArgs,
    session: &Session,
    Configured { config, exit }: &Configured,
    store: &Store,
    besides: Besides<'_>,
    mut visit: impl FnMut(&OpenQueue, &[StorePath]) -> Result<Exit, CommandError>,
) -> Result<Exit, CommandError> {
    let pick = read(args, session, store)?;
    let mut all = Vec::new();
    let mut work = Vec::new();
    let exit = queues::each(config, *exit, |settings| {
        let mut exit = Exit::Done;
        if let Some((queue, mut paths)) = open(settings, store)? {
            match besides(&queue) {
                Ok(more) => paths.extend(more),
                Err(error) => exit = queues::report(error, settings),
            }
            let mut seen = BTreeSet::new();
            paths.retain(|path| seen.insert(path.clone()));
            let picked: Vec<_> = paths
                .iter()
                .filter(|path| pick.picks(path))
                .cloned()
                .collect();
            work.push((settings.name.clone(), queue, picked));
            all.extend(paths);
        }
        Ok(exit)
    });
    let exit = exit.max(report_idle(&pick, &all));
    Ok(queues::each(config, exit, |settings| {
        match work.iter().find(|(name, ..)| *name == settings.name) {
            Some((_, queue, picked)) if args.all || !picked.is_empty() => visit(queue, picked),
            _ => Ok(Exit::Done),
        }
    }))
}

/// A queue that exists and its entries.
fn open(
    settings: &QueueSettings,
    store: &Store,
) -> Result<Option<(OpenQueue, Vec<StorePath>)>, CommandError> {
    let Some(queue) = queues::open(store, settings)? else {
        return Ok(None);
    };
    let Listing { entries, foreign } = queue.list()?;
    for foreign in &foreign {
        warn_of_foreign(&settings.name, foreign);
    }
    let paths = entries.into_iter().map(|entry| entry.path).collect();
    Ok(Some((queue, paths)))
}

/// Reports the patterns that fit nothing.
fn report_idle(pick: &Pick, all: &[StorePath]) -> Exit {
    let idle = pick.idle(all);
    for pattern in &idle {
        Message::new(format!("nothing that is queued fits `{}`", pattern.text))
            .hint("`list` shows what is queued")
            .error();
    }
    match idle.is_empty() {
        true => Exit::Done,
        false => Exit::Usage,
    }
}
