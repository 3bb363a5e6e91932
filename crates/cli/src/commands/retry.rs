//! `retry`

use nix_post_build_push_config::Need;
use queue_core::{Ledger, PushState, StorePath};

use super::picked;
use crate::adapters::OpenQueue;
use crate::cli::PickArgs;
use crate::error::CommandError;
use crate::exit_codes::Exit;
use crate::message::Message;
use crate::session::{Configured, Session};

pub(super) fn run(args: &PickArgs, session: &mut Session) -> Result<Exit, CommandError> {
    let Configured { config, exit } = session.configure(Need::Enqueue)?;
    let store = session.store(&config)?;
    let mut forgotten = Vec::new();
    let exit = picked::each(args, session, &config, &store, exit, |queue, paths| {
        forgotten.extend(forget(queue, paths)?);
        Ok(Exit::Done)
    })?;
    forgotten
        .iter()
        .for_each(|path| session.out.line(store.dir.join(path)));
    Ok(exit)
}

/// Forgets the failures of these entries, and the destination's: it would hold them back.
/// Gives the entries that had any.
fn forget(queue: &OpenQueue, paths: &[StorePath]) -> Result<Vec<StorePath>, CommandError> {
    let name = queue.name();
    let state = queue.push_state()?;
    let Some(_lock) = state.try_lock()? else {
        let text = "a push is running, which would write its own memory over this";
        return Err(CommandError::new(Exit::Failed, text).hint("try again when it has ended"));
    };
    let Some(text) = state.load_ledger()? else {
        return Ok(Vec::new());
    };
    let mut ledger = Ledger::from_text(&text).unwrap_or_else(|error| {
        let text = format!("{name}: the memory of failures is lost, so all is tried again");
        Message::new(text).caused_by(&error).warning();
        Ledger::default()
    });
    if ledger.forget_destination() {
        tracing::info!("{name}: the next push asks the destination again");
    }
    let had_failed: Vec<_> = paths
        .iter()
        .filter(|path| ledger.forget(path))
        .cloned()
        .collect();
    if had_failed.is_empty() {
        tracing::info!("{name}: none of these entries had failed");
    }
    state.save_ledger(&ledger.to_text())?;
    Ok(had_failed)
}
