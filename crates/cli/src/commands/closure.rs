//! `closure`

use std::collections::BTreeSet;

use nix_post_build_push_config::{Need, QueueSettings};
use queue_core::{StorePath, UploadError, UploadErrorKind};

use super::given::{Given, takes_out_paths};
use super::queues;
use crate::adapters::{self, Store};
use crate::cli::ClosureArgs;
use crate::error::CommandError;
use crate::exit_codes::Exit;
use crate::json::ClosureJson;
use crate::message::Message;
use crate::session::{Configured, Session};
use crate::signals;

pub(super) fn run(args: &ClosureArgs, session: &mut Session) -> Result<Exit, CommandError> {
    let Configured { config, exit } = session.configure(Need::Enqueue)?;
    let store = session.stoppable_store(&config, &signals::listen()?)?;
    let mut given = Given::default();
    given.add(&args.paths.paths, session, &store);
    if takes_out_paths(&args.paths, session, false)? {
        given.add_from_hook(session, &store);
    }
    if given.paths.is_empty() && given.refused > 0 {
        return Ok(Exit::Usage);
    }
    let mut rows = Vec::new();
    let exit = queues::each(&config, exit.max(given.exit()), |settings| {
        rows.extend(closure(&given.paths, &store, settings)?);
        Ok(Exit::Done)
    });
    print(&rows, args.json.json, session);
    Ok(exit)
}

/// What a queue would copy of these paths; without any, of its entries.
fn closure(
    given: &[StorePath],
    store: &Store,
    settings: &QueueSettings,
) -> Result<Vec<ClosureJson>, CommandError> {
    let paths = match given {
        [] => queued(store, settings)?,
        _ => given.to_vec(),
    };
    if paths.is_empty() {
        return Ok(Vec::new());
    }
    let closure = adapters::closure(store, settings, &paths).map_err(|error| refused(&error))?;
    let row = |path: &StorePath| ClosureJson {
        queue: settings.name.clone(),
        path: store.dir.join(path).into_string(),
    };
    Ok(closure.iter().map(row).collect())
}

fn queued(store: &Store, settings: &QueueSettings) -> Result<Vec<StorePath>, CommandError> {
    let queue = queues::open(store, settings)?;
    let listing = queue.map(|queue| queue.list()).transpose()?;
    let entries = listing.unwrap_or_default().entries;
    Ok(entries.into_iter().map(|entry| entry.path).collect())
}

fn refused(error: &UploadError) -> CommandError {
    let message = Message::new("failed to ask Nix for the closure").caused_by_upload(error);
    let stopped = error.kind == UploadErrorKind::Cancelled;
    CommandError {
        exit: if stopped { Exit::Stopped } else { Exit::Failed },
        messages: vec![message],
    }
}

/// As text, each path once, however many queues would copy it.
fn print(rows: &[ClosureJson], json: bool, session: &mut Session) {
    if json {
        return session.out.json(&rows);
    }
    let mut seen = BTreeSet::new();
    for row in rows.iter().filter(|row| seen.insert(&row.path)) {
        session.out.line(&row.path);
    }
}
