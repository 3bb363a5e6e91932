//! `status`

mod ago;
mod held;
mod limits;
mod text;

use std::time::SystemTime;

use nix_post_build_push_config::{Need, QueueSettings};
use queue_core::EntryState;

use self::held::Held;
use super::queues;
use crate::adapters::{OpenQueue, Store};
use crate::cli::JsonArgs;
use crate::error::CommandError;
use crate::exit_codes::Exit;
use crate::json::{CountsJson, FailureJson, LastPushJson, RememberedJson, StatusJson, time};
use crate::session::{Configured, Session, destination, now};
use crate::view::{EntryView, Look, QueueView};

pub(super) fn run(args: JsonArgs, session: &mut Session) -> Result<Exit, CommandError> {
    let Configured { config, exit } = session.configure(Need::Enqueue)?;
    let store = session.store(&config)?;
    let now = now();
    let mut rows = Vec::new();
    let exit = queues::each(&config, exit, |settings| {
        let queue = queues::open(&store, settings)?;
        let view = QueueView::of(&store, settings, queue.as_ref(), now, Look::ObjectAndRoot)?;
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
    StatusJson {
        queue: settings.name.clone(),
        destination: destination(settings),
        queue_dir: settings.queue_dir.value.to_string(),
        closure_type: settings.closure_type.value.to_string(),
        counts: counts(view),
        limited: limits::limited(settings, queue, view, held, now),
        remembered: remembered(store, settings, view, now),
    }
}

fn counts(view: &QueueView) -> CountsJson {
    let entries = &view.entries;
    let count =
        |wanted: fn(&EntryView) -> bool| entries.iter().filter(|entry| wanted(entry)).count();
    CountsJson {
        entries: entries.len(),
        ready: count(|entry| matches!(entry.state, EntryState::Ready)),
        backing_off: count(|entry| matches!(entry.state, EntryState::BackingOff { .. })),
        parked: count(|entry| matches!(entry.state, EntryState::Parked { .. })),
        unrooted: count(|entry| entry.rooted == Some(false)),
        absent: count(EntryView::is_absent),
        foreign: view.foreign,
        oldest: entries.first().map(|entry| time(entry.entry.enqueued_at)),
    }
}

fn remembered(
    store: &Store,
    settings: &QueueSettings,
    view: &QueueView,
    now: SystemTime,
) -> RememberedJson {
    let last = view.ledger.last_push();
    let destination = view.ledger.destination();
    let failures = view.entries.iter().filter_map(|entry| {
        let failures = view.ledger.entry(&entry.entry.path)?;
        let path = store.dir.join(&entry.entry.path).into_string();
        Some(FailureJson::new(Some(path), failures))
    });
    RememberedJson {
        last_push: last.map(LastPushJson::from),
        last_success: last.and_then(|last| last.last_success).map(time),
        destination_failure: destination.map(|failures| FailureJson {
            next_try: view.plan(settings, now, false).destination_until.map(time),
            ..FailureJson::new(None, failures)
        }),
        failures: failures.collect(),
    }
}
