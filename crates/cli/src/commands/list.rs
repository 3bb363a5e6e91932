//! `list`

use nix_post_build_push_config::Need;

use super::{queues, roots_queue};
use crate::cli::JsonArgs;
use crate::error::CommandError;
use crate::exit_codes::Exit;
use crate::json::EntryJson;
use crate::session::{Configured, Session, now};
use crate::view::{Look, QueueView};

pub(super) fn run(args: JsonArgs, session: &mut Session) -> Result<Exit, CommandError> {
    let Configured { config, exit } = session.configure(Need::Enqueue)?;
    roots_queue::warn(&config);
    let store = session.store(&config)?;
    // Only JSON tells more than the path.
    let look = match args.json {
        true => Look::ObjectAndRoot,
        false => Look::Nothing,
    };
    let mut views = Vec::new();
    let exit = queues::each(&config, exit, |settings| {
        let queue = queues::open(&store, settings)?;
        let view = QueueView::of(&store, settings, queue.as_ref(), now(), look)?;
        views.push((settings.name.clone(), view));
        Ok(Exit::Done)
    });
    let store_dir = &store.dir;
    let entries = views.iter().flat_map(|(name, view)| {
        let entries = view.entries.iter();
        entries.map(move |entry| (name, view, entry, store_dir.join(&entry.entry.path)))
    });
    if args.json {
        session
            .out
            .json_list(entries.map(|(queue, view, entry, path)| {
                let failures = view.ledger.entry(&entry.entry.path);
                EntryJson::new(queue, path.into_string(), entry, failures)
            }));
    } else {
        entries.for_each(|(.., path)| session.out.line(path));
    }
    Ok(exit)
}
