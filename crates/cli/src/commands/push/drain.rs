//! Pushing until the queues are empty.

use std::time::Instant;

use nix_copy::Cancel;
use nix_post_build_push_config::{Config, QueueSettings};
use queue_core::{DrainEnd, DrainReport, Outcome, Plan, PushReport, plan};

use super::observer::Narrator;
use super::queue::with_push;
use super::summary::{self, Told};
use super::waiting::Waiting;
use crate::adapters::{OpenQueue, Store, push_options, retry_policy};
use crate::cli::PushArgs;
use crate::commands::queues;
use crate::error::CommandError;
use crate::exit_codes::Exit;
use crate::json::time;
use crate::message::Message;
use crate::session::{Session, destination, now};

/// What ends the work: what did before, and the deadline, which is given as well.
pub(super) fn deadline(
    args: &PushArgs,
    asked: &Cancel,
) -> Result<(Cancel, Option<Instant>), CommandError> {
    let Some(time) = args.deadline else {
        return Ok((asked.clone(), None));
    };
    let fail = |text: &str| CommandError::new(Exit::Usage, format!("--deadline: {text}"));
    let at = Instant::now()
        .checked_add(time)
        .ok_or_else(|| fail("too long"))?;
    let stop = asked
        .or_after(time)
        .map_err(|error| fail("no timer can be had").caused_by(&error))?;
    Ok((stop, Some(at)))
}

/// # Errors
///
/// If the command line asks for something else as well.
pub(super) fn refuse_what_does_not_fit(
    args: &PushArgs,
    has_paths: bool,
) -> Result<(), CommandError> {
    let refuse = |text: &str, hint: &str| {
        let text = format!("--until-empty does not go with {text}");
        Err(CommandError::new(Exit::Usage, text).hint(hint))
    };
    if args.dry_run {
        return refuse(
            "--dry-run: it copies and waits, and that does neither",
            "`push --dry-run` tells what would go now, `status` what comes when",
        );
    }
    if has_paths {
        return refuse(
            "given paths: it empties queues, and those go without any",
            "`enqueue` them first, or leave out --until-empty (and see --no-include-out-paths)",
        );
    }
    Ok(())
}

/// A queue after its drain.
struct Drained {
    report: PushReport,
    end: DrainEnd,
    destination_failed: bool,
}

/// Drains all selected queues at the same time.
pub(super) fn all(
    config: &Config,
    store: &Store,
    args: &PushArgs,
    session: &mut Session,
    stop: &Cancel,
    deadline: Option<Instant>,
    exit: Exit,
) -> Exit {
    let mut told = Told::new(args.json.json);
    let drain = |settings: &QueueSettings| one(store, settings, args.force, stop, deadline);
    let exit = queues::each_at_once(config, exit, drain, |settings, drained| {
        let Some(drained) = drained else {
            told.nothing_queued(settings, session);
            return Exit::Done;
        };
        tell(&drained, settings);
        let line = line(&drained, settings);
        let outcome = drained.outcome();
        told.drained(&drained.report, outcome, &line, settings, store, session);
        drained.exit()
    });
    told.finish(config, session);
    exit
}

/// `None` when the queue does not exist, and so is empty.
fn one(
    store: &Store,
    settings: &QueueSettings,
    force: bool,
    stop: &Cancel,
    deadline: Option<Instant>,
) -> Result<Option<Drained>, CommandError> {
    let Some(queue) = queues::open(store, settings)? else {
        return Ok(None);
    };
    let options = push_options(settings, force, fastrand::u64(..));
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
    ledger.forget_other_destinations(&destination(settings).unwrap_or_default());
    let policy = retry_policy(settings);
    let left = plan(&entries, &ledger, now(), &policy, false);
    Ok((left, ledger.destination().is_some()))
}

impl Drained {
    fn new(report: PushReport, end: DrainEnd, left: Plan, destination_failed: bool) -> Self {
        let report = PushReport {
            backing_off: left.backing_off.len(),
            parked: left.parked.len(),
            left: left.ready.len() + left.again.len(),
            next_try: left.next_try,
            ..report
        };
        Self {
            report,
            end,
            destination_failed,
        }
    }

    fn number_left(&self) -> usize {
        self.report.left + self.report.backing_off + self.report.parked
    }

    /// What left undelivered counts as what is left, and so does what did not work besides.
    fn exit(&self) -> Exit {
        let is_spotless = self.report.dropped.is_empty() && self.report.problems.is_empty();
        let unavailable = self.destination_failed
            || matches!(
                self.report.outcome,
                Outcome::BackingOff { .. } | Outcome::Unavailable { .. }
            );
        match self.end {
            DrainEnd::Stopped => Exit::Stopped,
            _ if self.number_left() == 0 && is_spotless => Exit::Done,
            _ if self.number_left() > 0 && unavailable => Exit::Unavailable,
            _ => Exit::Failed,
        }
    }

    /// The word for its outcome, where that of the last push does not tell.
    fn outcome(&self) -> Option<&'static str> {
        let is_told = matches!(
            self.report.outcome,
            Outcome::BackingOff { .. } | Outcome::Unavailable { .. }
        );
        (self.end == DrainEnd::OutOfTime && !is_told).then_some("out-of-time")
    }
}

/// `3 left: 1 ready, 2 parked`
fn what_is_left(report: &PushReport) -> String {
    let parts = [
        (report.left, "ready"),
        (report.backing_off, "backing off"),
        (report.parked, "parked"),
    ];
    let parts = parts.iter().filter(|(number, _)| *number > 0);
    let parts: Vec<_> = parts
        .map(|(number, what)| format!("{number} {what}"))
        .collect();
    let number = report.left + report.backing_off + report.parked;
    format!("{number} left: {}", parts.join(", "))
}

fn line(drained: &Drained, settings: &QueueSettings) -> String {
    let (name, report) = (&settings.name, &drained.report);
    let to = destination(settings).unwrap_or_default();
    let copied = format!("{name}: {} copied to {to}", report.uploaded.len());
    let parts = [
        (report.invalid.len(), "no longer valid"),
        (report.dropped.len(), "dropped undelivered"),
    ];
    let parts = parts.iter().filter(|(number, _)| *number > 0);
    let gone: String = parts
        .map(|(number, what)| format!(", {number} {what}"))
        .collect();
    match drained.number_left() {
        0 => format!("{copied}{gone}, nothing is left"),
        _ => format!("{copied}{gone}, {}", what_is_left(report)),
    }
}

/// Reports what is left and why.
fn tell(drained: &Drained, settings: &QueueSettings) {
    let Drained { report, end, .. } = drained;
    if *end != DrainEnd::OutOfTime || drained.outcome().is_none() {
        summary::report_end(report, settings, true);
    }
    if drained.number_left() == 0 || *end == DrainEnd::Stopped {
        return;
    }
    let why = match end {
        DrainEnd::OutOfTime => " when the time was over",
        _ => "",
    };
    let text = format!("{}: {}{why}", settings.name, what_is_left(report));
    let message = Message::new(text);
    let next = report.next_try.map(|at| {
        let at = time(at);
        format!("a push after {at} tries again; ")
    });
    let parked = match report.parked {
        0 => "",
        _ => "; for what is parked mend the cause, then `retry`, or `drop` it",
    };
    let next = next.unwrap_or_default();
    message
        .hint(format!(
            "{next}`status --queue {}` says more{parked}",
            settings.name
        ))
        .error();
}
