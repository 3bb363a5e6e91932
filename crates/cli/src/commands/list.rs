//! `list`

use nix_post_build_push_config::Need;

use super::queues;
use crate::cli::JsonArgs;
use crate::error::CommandError;
use crate::exit_codes::Exit;
use crate::json::EntryJson;
use crate::session::{Configured, Session, now};
use crate::view::QueueView;

pub(super) fn run(args: JsonArgs, session: &mut Session) -> Result<Exit, CommandError> {
    let Configured { config, exit } = session.configure(Need::Enqueue)?;
    let store = session.store(&config)?;
    let mut rows = Vec::new();
    let exit = queues::each(&config, exit, |settings| {
        let queue = queues::open(&store, settings)?;
        let view = QueueView::of(&store, settings, queue.as_ref(), now())?;
        rows.extend(view.entries.iter().map(|entry| {
            let path = store.dir.join(&entry.entry.path);
            EntryJson::new(&settings.name, path.into_string(), entry)
        }));
        Ok(Exit::Done)
    });
    if args.json {
        session.out.json(&rows);
    } else {
        rows.iter().for_each(|row| session.out.line(&row.path));
    }
    Ok(exit)
}
