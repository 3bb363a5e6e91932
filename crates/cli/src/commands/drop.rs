//! `drop`

use nix_post_build_push_config::Need;
use queue_core::{
    DropReport, FsLeaving, FsPushState, PortError, PushState, StorePath, drop_entries,
};

use super::{picked, roots_queue};
use crate::adapters::{OpenQueue, Store};
use crate::cli::PickArgs;
use crate::error::CommandError;
use crate::exit_codes::Exit;
use crate::message::Message;
use crate::session::Session;
use crate::view::warn_of_foreign;

pub(super) fn run(args: &PickArgs, session: &mut Session) -> Result<Exit, CommandError> {
    let configured = session.configure(Need::Enqueue)?;
    roots_queue::warn(&configured.config);
    let store = session.store(&configured.config)?;
    let aside: picked::Besides<'_> = &|queue| put_aside(queue, &store);
    let mut dropped = Vec::new();
    let exit = picked::each(args, session, &configured, &store, aside, |queue, paths| {
        let (removed, exit) = drop_from(queue, &store, paths);
        dropped.extend(removed);
        Ok(exit)
    })?;
    dropped
        .iter()
        .for_each(|path| session.out.line(store.dir.join(path)));
    Ok(exit)
}

/// What a killed push put aside. No queue shows it, but the next push brings it back if its path
/// is valid by then.
fn put_aside(queue: &OpenQueue, store: &Store) -> Result<Vec<StorePath>, CommandError> {
    // Where the push's room cannot be opened, `drop_from` tells of it.
    let Ok(Some((_, leaving))) = push_room(queue, store) else {
        return Ok(Vec::new());
    };
    let listing = leaving.queue().directory.list()?;
    for foreign in &listing.foreign {
        warn_of_foreign(queue.name(), foreign);
    }
    Ok(listing
        .entries
        .into_iter()
        .map(|entry| entry.path)
        .collect())
}

/// Gives what was taken out.
fn drop_from(queue: &OpenQueue, store: &Store, paths: &[StorePath]) -> (Vec<StorePath>, Exit) {
    let (room, not_opened) = match push_room(queue, store) {
        Ok(room) => (room, None),
        Err(error) => (None, Some(error)),
    };
    let (state, leaving) = room.unzip();
    let mut report = drop_entries(
        queue.queue(),
        leaving.as_ref().map(FsLeaving::queue),
        state.as_ref().map(|state| state as &dyn PushState),
        paths,
    );
    report.not_forgotten = report.not_forgotten.or(not_opened);
    let exit = tell(&report, queue.name(), store);
    (report.removed, exit)
}

/// What pushes keep beside the queue; `None` where no push was yet.
fn push_room(
    queue: &OpenQueue,
    store: &Store,
) -> Result<Option<(FsPushState, FsLeaving)>, PortError> {
    let Some(state) = queue.push_state_if_any()? else {
        return Ok(None);
    };
    let leaving = queue.leaving(store, &state)?;
    Ok(Some((state, leaving)))
}

fn tell(report: &DropReport, name: &str, store: &Store) -> Exit {
    let say = |text: &str, error: &PortError| Message::of_queue(name, text).caused_by_port(error);
    if let Some(error) = &report.not_forgotten {
        say("the failures of what is dropped are not forgotten", error).error();
    }
    for (path, error) in &report.failed {
        say(&format!("failed to drop {path}"), error)
            .about_path(store.dir.join(path))
            .error();
    }
    for error in &report.not_durable {
        say("what was dropped may be back after a power cut", error).warning();
    }
    if let Some(error) = &report.still_closed {
        say("nothing new is queued until the next push", error).warning();
    }
    let fine = report.failed.is_empty() && report.not_forgotten.is_none();
    if fine { Exit::Done } else { Exit::Failed }
}
