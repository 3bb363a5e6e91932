//! `drop`

use nix_post_build_push_config::Need;
use queue_core::{FsPushState, Ledger, PortError, PushLock, PushState, StorePath, remove};

use super::picked;
use crate::adapters::{OpenQueue, Store};
use crate::cli::PickArgs;
use crate::error::CommandError;
use crate::exit_codes::Exit;
use crate::message::Message;
use crate::session::{Configured, Session};

pub(super) fn run(args: &PickArgs, session: &mut Session) -> Result<Exit, CommandError> {
    let Configured { config, exit } = session.configure(Need::Enqueue)?;
    let store = session.store(&config)?;
    let mut dropped = Vec::new();
    let exit = picked::each(args, session, &config, &store, exit, |queue, paths| {
        let (removed, exit) = drop_from(queue, &store, paths);
        dropped.extend(removed);
        Ok(exit)
    })?;
    dropped
        .iter()
        .for_each(|path| session.out.line(store.dir.join(path)));
    Ok(exit)
}

/// Gives what was taken out. The push lock is held all the while, so that no push reads the
/// failures that are forgotten here. One that is at work already is no reason to wait: it
/// forgets by itself, when it ends, what is no longer queued.
fn drop_from(queue: &OpenQueue, store: &Store, paths: &[StorePath]) -> (Vec<StorePath>, Exit) {
    let mut exit = Exit::Done;
    let mut not_forgotten = |error: &PortError| {
        let text = format!(
            "{}: the failures of what is dropped are not forgotten",
            queue.name()
        );
        Message::new(text).caused_by_port(error).error();
        exit = Exit::Failed;
    };
    // Without a push there was no failure.
    let state = queue.push_state_if_any().unwrap_or_else(|error| {
        not_forgotten(&error);
        None
    });
    let lock = state.as_ref().and_then(|state| {
        state.try_lock().unwrap_or_else(|error| {
            not_forgotten(&error);
            None
        })
    });
    let mut report = remove(queue.queue(), paths);
    if let Some(state) = &state {
        report
            .failed
            .extend(drop_what_leaves(queue, store, state, paths));
    }
    reopen(queue);
    if let Some((state, lock)) = state.as_ref().zip(lock)
        && let Err(error) = forget(state, &report.removed, lock.as_ref())
    {
        not_forgotten(&error);
    }
    for (path, error) in &report.failed {
        let text = format!("{}: failed to drop {path}", queue.name());
        Message::new(text).caused_by_port(error).error();
        exit = Exit::Failed;
    }
    if let Some(error) = &report.not_durable {
        let text = format!(
            "{}: what was dropped may be back after a power cut",
            queue.name()
        );
        Message::new(text).caused_by_port(error).warning();
    }
    (report.removed, exit)
}

/// What is new is taken again: the next push judges anew whether there is room for it.
fn reopen(queue: &OpenQueue) {
    let limited = queue.queue().limits;
    if let Some(Err(error)) = limited.map(|limited| limited.state.set_closed(None)) {
        let text = format!(
            "{}: nothing new is queued until the next push",
            queue.name()
        );
        Message::new(text).caused_by_port(&error).warning();
    }
}

/// A push that was killed may have put them aside; the next one would bring them back.
fn drop_what_leaves(
    queue: &OpenQueue,
    store: &Store,
    state: &FsPushState,
    paths: &[StorePath],
) -> Vec<(StorePath, PortError)> {
    let leaving = match queue.leaving(store, state) {
        Ok(leaving) => leaving,
        Err(error) => return paths.iter().take(1).cloned().zip([error]).collect(),
    };
    let report = remove(leaving.queue(), paths);
    let failed = report.not_durable.into_iter();
    let failed = paths.iter().take(1).cloned().zip(failed);
    report.failed.into_iter().chain(failed).collect()
}

/// Forgets the failures of these entries. A memory that cannot be understood is left for the
/// next push, which begins a new one.
fn forget(
    state: &impl PushState,
    paths: &[StorePath],
    _held: &dyn PushLock,
) -> Result<(), PortError> {
    let text = state.load_ledger()?;
    let Some(mut ledger) = text.and_then(|text| Ledger::from_text(&text).ok()) else {
        return Ok(());
    };
    if paths.iter().filter(|path| ledger.forget(path)).count() > 0 {
        state.save_ledger(&ledger.to_text())?;
    }
    Ok(())
}
