//! `drop`

use nix_post_build_push_config::Need;
use queue_core::remove;

use super::picked;
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
        let report = remove(queue.queue(), paths);
        for (path, error) in &report.failed {
            let text = format!("{}: failed to drop {path}", queue.name());
            Message::new(text).caused_by_port(error).error();
        }
        if let Some(error) = &report.not_durable {
            let text = format!(
                "{}: what was dropped may be back after a power cut",
                queue.name()
            );
            Message::new(text).caused_by_port(error).warning();
        }
        dropped.extend(report.removed);
        Ok(if report.failed.is_empty() {
            Exit::Done
        } else {
            Exit::Failed
        })
    })?;
    dropped
        .iter()
        .for_each(|path| session.out.line(store.dir.join(path)));
    Ok(exit)
}
