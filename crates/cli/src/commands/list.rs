//! `list`

mod table;

use nix_post_build_push_config::Need;
use queue_core::StoreDir;

use super::{queues, roots_queue};
use crate::cli::ListArgs;
use crate::error::CommandError;
use crate::exit_codes::Exit;
use crate::json::EntryJson;
use crate::session::{Configured, Session, now};
use crate::view::{EntryView, Look, QueueView};

/// A queue's name, and what is in it.
type Queue = (String, QueueView);

pub(super) fn run(args: &ListArgs, session: &mut Session) -> Result<Exit, CommandError> {
    let Configured { config, exit } = session.configure(Need::Enqueue)?;
    roots_queue::warn(&config);
    let store = session.store(&config)?;
    // Only JSON tells of them.
    let look = match args.json.json {
        true => Look::ObjectAndRoot,
        false => Look::Nothing,
    };
    let now = now();
    let mut views = Vec::new();
    let exit = queues::each(&config, exit, |settings| {
        let queue = queues::open(&store, settings)?;
        let view = QueueView::of(&store, settings, queue.as_ref(), now, look)?;
        views.push((settings.name.clone(), view));
        Ok(Exit::Done)
    });
    let entries = entries(&views, &store.dir);
    if args.json.json {
        session
            .out
            .json_list(entries.map(|(queue, view, entry, path)| {
                let failures = view.ledger.entry(&entry.entry.path);
                EntryJson::new(queue, path, entry, failures)
            }));
    } else if args.long {
        let rows = entries.map(|(queue, view, entry, path)| {
            let failures = view.ledger.entry(&entry.entry.path);
            table::row(queue, path, entry, failures, now)
        });
        let rows: Vec<_> = rows.collect();
        table::lines(&rows).for_each(|line| session.out.line(line));
    } else {
        entries.for_each(|(.., path)| session.out.line(path));
    }
    Ok(exit)
}

/// Each with its queue and its full path.
fn entries<'v>(
    views: &'v [Queue],
    store: &'v StoreDir,
) -> impl Iterator<Item = (&'v str, &'v QueueView, &'v EntryView, String)> {
    views.iter().flat_map(move |(name, view)| {
        let entries = view.entries.iter();
        entries.map(move |entry| {
            let path = store.join(&entry.entry.path).into_string();
            (name.as_str(), view, entry, path)
        })
    })
}
