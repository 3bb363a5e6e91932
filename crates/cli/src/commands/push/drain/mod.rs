//! Pushing until the queues are empty.

mod arguments;
mod drained;
mod words;

use std::time::Instant;

use nix_post_build_push_config::QueueSettings;
use queue_core::{DrainReport, Plan, plan};

pub(super) use self::arguments::{deadline, refuse_what_does_not_fit};
use self::drained::Drained;
use super::Work;
use super::observer::Narrator;
use super::queue::with_push;
use super::summary::Told;
use super::waiting::Waiting;
use crate::adapters::{OpenQueue, push_options, retry_policy};
use crate::commands::queues;
use crate::error::CommandError;
use crate::exit_codes::Exit;
use crate::session::{Session, destination, now};

/// Drains all selected queues at the same time.
pub(super) fn all(work: &Work<'_>, deadline: Option<Instant>, session: &mut Session) -> Exit {
    let Work { config, store, .. } = *work;
    let mut told = Told::new(work.args.json.json);
    let drain = |settings: &QueueSettings| one(work, settings, deadline);
    let exit = queues::each_at_once(config, work.exit, drain, |settings, drained| {
        let Some(drained) = drained else {
            told.nothing_queued(settings, session);
            return Exit::Done;
        };
        words::tell(&drained, settings);
        let line = words::line(&drained, settings);
        let outcome = drained.outcome();
        told.drained(&drained.report, outcome, &line, settings, store, session);
        drained.exit()
    });
    told.finish(config, session);
    exit
}

/// `None` when the queue does not exist, and so is empty.
fn one(
    work: &Work<'_>,
    settings: &QueueSettings,
    deadline: Option<Instant>,
) -> Result<Option<Drained>, CommandError> {
    let Work { store, stop, .. } = *work;
    let Some(queue) = queues::open(store, settings)? else {
        return Ok(None);
    };
    let options = push_options(settings, work.args.force, fastrand::u64(..));
    let waiting = Waiting::new(&settings.queue_dir.value, deadline, stop);
    let mut narrator = Narrator::new(settings, &store.dir);
    let DrainReport { push, end } = with_push(store, settings, &queue, stop, |push| {
        push.drain(&options, &waiting, &mut narrator)
    })?;
    let (left, destination_failed) = left(&queue, settings)?;
    Ok(Some(Drained::new(push, end, left, destination_failed)))
}

/// What is in the queue now, which the last push need not have seen; and whether the destination
/// failed and did not answer since, whatever the time was up in the midst of.
fn left(queue: &OpenQueue, settings: &QueueSettings) -> Result<(Plan, bool), CommandError> {
    let entries = queue.list()?.entries;
    // If it is damaged, the push has said so.
    let mut ledger = queue.ledger()?.unwrap_or_default();
    if let Some(destination) = destination(settings) {
        ledger.forget_other_destinations(&destination);
    }
    let policy = retry_policy(settings);
    let left = plan(&entries, &ledger, now(), &policy, false);
    Ok((left, ledger.destination().is_some()))
}
