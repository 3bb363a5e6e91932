//! `status`

mod held;
mod limits;
mod text;

use std::time::SystemTime;

use nix_post_build_push_config::{Need, QueueSettings};
use queue_core::{EntryState, LimitAction};

use self::held::Held;
use super::queues;
use crate::adapters::{OpenQueue, Store};
use crate::cli::JsonArgs;
use crate::error::CommandError;
use crate::exit_codes::Exit;
use crate::json::{FailureJson, LastPushJson, StatusJson, time};
use crate::session::{Configured, Session, destination, now};
use crate::view::QueueView;

pub(super) fn run(args: JsonArgs, session: &mut Session) -> Result<Exit, CommandError> {
    let Configured { config, exit } = session.configure(Need::Enqueue)?;
    let store = session.store(&config)?;
    let now = now();
    let mut rows = Vec::new();
    let exit = queues::each(&config, exit, |settings| {
        let queue = queues::open(&store, settings)?;
        let view = QueueView::of(&store, settings, queue.as_ref(), now)?;
        rows.push(status(&store, settings, queue.as_ref(), &view, now));
        Ok(Exit::Done)
    });
    if args.json {
        session.out.json(&rows);
    } else {
        text::print(&rows, now, &mut session.out);
    }
    Ok(exit)
}

fn status(
    store: &Store,
    settings: &QueueSettings,
    queue: Option<&OpenQueue>,
    view: &QueueView,
    now: SystemTime,
) -> StatusJson {
    let held = Held::by(view, store);
    held.warn(settings);
    let entries = &view.entries;
    let count =
        |wanted: fn(&EntryState) -> bool| entries.iter().filter(|e| wanted(&e.state)).count();
    let failures = entries.iter().filter_map(|entry| {
        let path = store.dir.join(&entry.entry.path).into_string();
        entry
            .failures
            .as_ref()
            .map(|failures| FailureJson::new(Some(path), failures))
    });
    let last = view.ledger.last_push();
    let mut destination_failure = view
        .ledger
        .destination()
        .map(|failures| FailureJson::new(None, failures));
    if let Some(failure) = &mut destination_failure {
        failure.next_try = view.plan(settings, now, false).destination_until.map(time);
    }
    StatusJson {
        queue: settings.name.clone(),
        destination: destination(settings),
        queue_dir: settings.queue_dir.value.to_string(),
        closure_type: settings.closure_type.value.to_string(),
        entries: entries.len(),
        ready: count(|state| matches!(state, EntryState::Ready)),
        backing_off: count(|state| matches!(state, EntryState::BackingOff { .. })),
        parked: count(|state| matches!(state, EntryState::Parked { .. })),
        unrooted: entries
            .iter()
            .filter(|entry| entry.rooted == Some(false))
            .count(),
        absent: entries.iter().filter(|entry| entry.is_absent()).count(),
        oldest: entries.first().map(|entry| time(entry.entry.enqueued_at)),
        limits: limits::rows(settings, view, &held, now),
        pinned_bytes: held.bytes,
        pinned_error: held.error,
        store_bytes: held.file_system,
        closed: limits::closed(queue),
        refused: limits::tally(queue, LimitAction::Refused),
        dropped: limits::tally(queue, LimitAction::Dropped),
        last_push: last.map(LastPushJson::from),
        last_success: last.and_then(|last| last.last_success).map(time),
        destination_failure,
        failures: failures.collect(),
    }
}
