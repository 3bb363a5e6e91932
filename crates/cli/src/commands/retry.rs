//! `retry`

use nix_post_build_push_config::Need;
use queue_core::{StorePath, retry_entries};

use super::{picked, roots_queue};
use crate::adapters::OpenQueue;
use crate::cli::PickArgs;
use crate::error::CommandError;
use crate::exit_codes::Exit;
use crate::message::Message;
use crate::session::Session;

pub(super) fn run(args: &PickArgs, session: &mut Session) -> Result<Exit, CommandError> {
    let configured = session.configure(Need::Enqueue)?;
    roots_queue::warn(&configured.config);
    let store = session.store(&configured.config)?;
    // What a killed push put aside has no failures: the next one judges it anew.
    let nothing: picked::Besides<'_> = &|_| Ok(Vec::new());
    let mut forgotten = Vec::new();
    let exit = picked::each(
        args,
        session,
        &configured,
        &store,
        nothing,
        |queue, paths| {
            forgotten.extend(retry(queue, paths)?);
            Ok(Exit::Done)
        },
    )?;
    forgotten
        .iter()
        .for_each(|path| session.out.line(store.dir.join(path)));
    Ok(exit)
}

/// Gives the entries that had failed.
fn retry(queue: &OpenQueue, paths: &[StorePath]) -> Result<Vec<StorePath>, CommandError> {
    let name = queue.name();
    let Some(report) = retry_entries(&queue.push_state()?, paths)? else {
        let text = "a push is running, which would write its own memory over this";
        return Err(CommandError::new(Exit::Failed, text).hint("try again when it has ended"));
    };
    if let Some(error) = &report.ledger_lost {
        let text = "the memory of failures is lost, so all is tried again";
        Message::of_queue(name, text)
            .caused_by(error)
            .hint(error.hint())
            .warning();
    }
    if report.destination_forgotten {
        Message::of_queue(name, "the next push asks the destination again").info();
    }
    if report.forgotten.is_empty() {
        Message::of_queue(name, "none of these entries had failed").info();
    }
    Ok(report.forgotten)
}
