//! Pushing until the queues are empty.

mod arguments;
mod drained;
mod left;
mod words;

use std::time::Instant;

use nix_post_build_push_config::QueueSettings;
use queue_core::{DrainReport, DrainTime, Outcome, PushEvent, PushObserver};

use self::arguments::no_means;
pub(super) use self::arguments::{deadline, refuse_what_does_not_fit};
use self::drained::Drained;
use self::left::{is_due, left};
use super::observer::Narrator;
use super::queue::with_push;
use super::summary::Told;
use super::together::{Member, Together};
use super::waiting::{self, Waiting};
use super::{Work, metrics};
use crate::adapters::{Store, push_options};
use crate::commands::queues;
use crate::error::CommandError;
use crate::exit_codes::Exit;
use crate::session::Session;

/// Drains all selected queues at the same time, until nothing is left in any of them.
///
/// # Errors
///
/// If the system lacks the means.
pub(super) fn all(
    work: &Work<'_>,
    deadline: Option<Instant>,
    session: &mut Session,
) -> Result<Exit, CommandError> {
    let Work { config, store, .. } = *work;
    let mut told = Told::new(work.args.json.json);
    let together = together(work, deadline)?;
    let together = &together;
    let drain = |settings, member| move || one(work, settings, deadline, member, together);
    let exit = queues::each_at_once(
        config,
        work.exit,
        |settings| drain(settings, together.member(&settings.name)),
        |settings, (drained, exit)| match drained {
            Some(drained) => exit.max(tell(&drained, settings, store, &mut told, session)),
            None => {
                told.nothing_queued(settings, session);
                exit
            }
        },
    );
    told.finish(config, session);
    Ok(exit)
}

fn tell(
    drained: &Drained,
    settings: &QueueSettings,
    store: &Store,
    told: &mut Told,
    session: &mut Session,
) -> Exit {
    words::tell(drained, settings);
    let line = words::line(drained, settings);
    let ended = drained.ended();
    told.ended(&drained.report, ended, &line, settings, store, session);
    drained.exit()
}

fn together<'w>(work: &Work<'w>, deadline: Option<Instant>) -> Result<Together<'w>, CommandError> {
    let Work { config, store, .. } = *work;
    let is_due = move |name: &str| {
        let mut queues = config.enabled();
        let queue = queues.find(|settings| settings.name == name);
        queue.is_some_and(|queue| is_due(store, queue, waiting::left(deadline)))
    };
    let names = config.enabled().map(|settings| settings.name.as_str());
    Together::new(names, is_due).map_err(|error| no_means("what wakes queues at rest", error))
}

/// Also how it ends at best. `None` when the queue does not exist, and so is empty.
fn one(
    work: &Work<'_>,
    settings: &QueueSettings,
    deadline: Option<Instant>,
    member: Member<'_>,
    together: &Together<'_>,
) -> Result<(Option<Drained>, Exit), CommandError> {
    let drained = drain(work, settings, deadline, member, together);
    let report = drained.as_ref().ok().and_then(Option::as_ref);
    let pinned = report.and_then(|drained| drained.report.pinned);
    let exit = metrics::write(work.store, settings, pinned);
    Ok((drained?, exit))
}

/// `None` when the queue does not exist, and so is empty.
fn drain(
    work: &Work<'_>,
    settings: &QueueSettings,
    deadline: Option<Instant>,
    member: Member<'_>,
    together: &Together<'_>,
) -> Result<Option<Drained>, CommandError> {
    let Work { store, stop, .. } = *work;
    // Watched before it is looked at.
    let waiting = || Waiting::new(&settings.queue_dir.value, deadline, stop, &member);
    let mut watched = waiting();
    let queue = loop {
        match queues::open(store, settings)? {
            Some(queue) => break queue,
            None if watched.more() => watched = waiting(),
            None => return Ok(None),
        }
    };
    let options = push_options(settings, work.args.force, fastrand::u64(..));
    let seen = work.watch.queue(&settings.name);
    let mut narrator = Narrator::new(settings, &store.dir, &seen);
    let mut observer = |event: &PushEvent<'_>| {
        narrator.notice(event);
        if let PushEvent::Waiting { why, .. } = event
            && !matches!(why, Outcome::AlreadyRunning)
        {
            // A failure is told, and shows in the exit code at the end.
            metrics::write(store, settings, None);
        }
    };
    let drained = with_push(work, settings, &queue, &seen, |push| {
        push.drain(&options, &watched, &mut observer)
    })?;
    drop(seen);
    // What is enqueued while others are at work is left as well.
    drop(member);
    waiting::for_all(together, stop);
    let (left, remembered) = left(&queue, settings)?;
    let DrainReport {
        push,
        end,
        unavailable,
    } = drained;
    let unavailable = unavailable.or(remembered);
    Ok(Some(Drained::new(push, end, left, unavailable)))
}
