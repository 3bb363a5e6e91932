//! Pushing the queues.

use nix_post_build_push_config::QueueSettings;
use queue_core::{PortError, Push, PushReport};

use super::observer::Narrator;
use super::ports::Pushed;
use super::summary::{self, Told};
use super::{Work, metrics};
use crate::adapters::{OpenQueue, push_options};
use crate::commands::queues;
use crate::error::CommandError;
use crate::exit_codes::Exit;
use crate::progress::Watched;
use crate::session::Session;

/// Pushes all selected queues at the same time.
pub(super) fn all(work: &Work<'_>, session: &mut Session) -> Exit {
    let Work { config, store, .. } = *work;
    let mut told = Told::new(work.args.json.json);
    let push = |settings| move || one(work, settings);
    let exit = queues::each_at_once(config, work.exit, push, |settings, (report, exit)| {
        let Some(report) = report else {
            told.nothing_queued(settings, session);
            return exit;
        };
        summary::report_outcome(&report, settings);
        told.report(&report, settings, store, session);
        exit.max(summary::exit(&report))
    });
    told.finish(config, session);
    exit
}

/// Also how it ends at best. `None` when the queue does not exist, and so is empty.
fn one(
    work: &Work<'_>,
    settings: &QueueSettings,
) -> Result<(Option<PushReport>, Exit), CommandError> {
    let pushed = push(work, settings);
    let exit = metrics::write_after(&pushed, work.store, settings);
    Ok((pushed?, exit))
}

fn push(work: &Work<'_>, settings: &QueueSettings) -> Result<Option<PushReport>, CommandError> {
    let store = work.store;
    let Some(queue) = queues::open(store, settings)? else {
        return Ok(None);
    };
    let options = push_options(settings, work.args.force, fastrand::u64(..));
    let watched = work.watch.queue(&settings.name);
    let report = with_push(work, settings, &queue, &watched, |push| {
        push.run(&options, &mut Narrator::new(settings, &store.dir, &watched))
    })?;
    Ok(Some(report))
}

/// Does something with all that a push of this queue works with.
pub(super) fn with_push<T>(
    work: &Work<'_>,
    settings: &QueueSettings,
    queue: &OpenQueue,
    watched: &Watched,
    push: impl FnOnce(&Push<'_>) -> Result<T, PortError>,
) -> Result<T, CommandError> {
    let store = work.store;
    let state = queue.push_state()?;
    let leaving = queue.leaving(store, &state)?;
    let pushed = Pushed {
        queue: queue.queue(),
        leaving: leaving.queue(),
        collector: &store.collector,
        state: &state,
    };
    pushed.with_push(work, settings, watched, push)
}
