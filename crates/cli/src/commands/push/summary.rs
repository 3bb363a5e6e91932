//! How a push ended: its exit code, its messages, its line of summary.

use std::time::SystemTime;

use nix_post_build_push_config::{Config, QueueSettings};
use queue_core::{Outcome, PushReport, StorePath};

use crate::adapters::Store;
use crate::exit_codes::Exit;
use crate::json::{FailedJson, PushJson, time};
use crate::logging;
use crate::message::Message;
use crate::session::{Session, destination};
use crate::subject::{PushEnd, UNAVAILABLE};

/// The exit code of one push.
pub(super) fn exit(report: &PushReport) -> Exit {
    let some_failed = !report.failed.is_empty() || !report.problems.is_empty();
    match &report.outcome {
        Outcome::BackingOff { .. } | Outcome::Unavailable { .. } => Exit::Unavailable,
        Outcome::Cancelled => Exit::Stopped,
        Outcome::Broken(_) => Exit::Failed,
        _ if some_failed => Exit::Failed,
        _ => Exit::Done,
    }
}

/// Reports an end that came before the end of the queue, and what waits for somebody.
pub(super) fn report_outcome(report: &PushReport, settings: &QueueSettings) {
    report_end(report, settings, true);
    report_parked(report.parked, settings);
}

/// Reports what waits for somebody.
fn report_parked(parked: usize, settings: &QueueSettings) {
    if parked > 0 {
        let text = format!("{parked} parked: they failed too often, or are damaged");
        Message::of_queue(&settings.name, text)
            .hint("`status` says why; `retry` tries again, `drop` gives up")
            .error();
    }
}

/// Reports an early end of an upload without a queue: nothing is kept, nothing tried again.
pub(super) fn report_direct_outcome(report: &PushReport, settings: &QueueSettings) {
    report_end(report, settings, false);
}

pub(super) fn report_end(report: &PushReport, settings: &QueueSettings, queued: bool) {
    let to = destination(settings).unwrap_or_default();
    let say = |text: &str| Message::of_queue(&settings.name, text).about_destination(&to);
    match &report.outcome {
        Outcome::AlreadyRunning => say("another push is at work on this queue").debug(),
        Outcome::Cancelled if queued => {
            say("asked to stop; the rest stays queued").warning();
        }
        Outcome::Cancelled => say("asked to stop; the rest was not copied").warning(),
        Outcome::BackingOff { until, error } => {
            let until = time(*until);
            let mut message =
                say(&format!("{to} is not asked before {until}")).of_kind(UNAVAILABLE);
            message.causes.push(error.clone());
            message.hint("to ask it now: push --force").warning();
        }
        Outcome::Unavailable { error, until } => {
            let mut message = say(&format!("{to} is unavailable")).caused_by_upload(error);
            message.hints.extend(again(*until, report, queued));
            match queued {
                true => message.warning(),
                false => message.error(),
            }
        }
        Outcome::Broken(error) => {
            say("nothing can be copied from here")
                .caused_by_upload(error)
                .error();
        }
        _ => {}
    }
}

/// What becomes of what a destination did not take.
fn again(until: SystemTime, report: &PushReport, queued: bool) -> Option<String> {
    let again = format!("it is asked again after {}", time(until));
    match report.dropped.is_empty() {
        true => queued.then(|| format!("all is kept; {again}")),
        false => queued.then_some(again),
    }
}

/// Tells the results: on standard output a line as each queue ends, or JSON at the end; in the
/// journal an entry for each queue.
pub(super) struct Told {
    json: Option<Vec<PushJson>>,
}

impl Told {
    pub(super) fn new(json: bool) -> Self {
        Self {
            json: json.then(Vec::new),
        }
    }

    pub(super) fn nothing_queued(&mut self, settings: &QueueSettings, session: &mut Session) {
        self.line(
            "nothing is queued",
            PushEnd::of_nothing(),
            settings,
            session,
        );
        if let Some(rows) = &mut self.json {
            rows.push(json_of_nothing(settings));
        }
    }

    pub(super) fn report(
        &mut self,
        report: &PushReport,
        settings: &QueueSettings,
        store: &Store,
        session: &mut Session,
    ) {
        let to = destination(settings).unwrap_or_default();
        let line = line(report, &to);
        self.ended(report, None, &line, settings, store, session);
    }

    /// The same with a line and an end of its own.
    pub(super) fn ended(
        &mut self,
        report: &PushReport,
        own_end: Option<Ended<'_>>,
        line: &str,
        settings: &QueueSettings,
        store: &Store,
        session: &mut Session,
    ) {
        let ended = own_end.unwrap_or_else(|| ended(&report.outcome));
        self.line(line, push_end(ended.0, report), settings, session);
        if let Some(rows) = &mut self.json {
            rows.push(with_end(json(report, settings, store), ended));
        }
    }

    fn line(&self, line: &str, end: PushEnd, settings: &QueueSettings, session: &mut Session) {
        let message = Message::of_queue(&settings.name, line)
            .about_destination(destination(settings).unwrap_or_default())
            .about_push(end);
        if logging::is_native() {
            message.info();
        }
        if self.json.is_none() && !logging::takes_stdout() {
            session.confirm(message.text);
        }
    }

    /// The queues ended in any order; JSON has them in that of the configuration.
    pub(super) fn finish(self, config: &Config, session: &mut Session) {
        if let Some(mut rows) = self.json {
            let place = |row: &PushJson| config.queues.iter().position(|q| q.name == row.queue);
            rows.sort_by_key(place);
            session.out.json(&rows);
        }
    }
}

fn line(report: &PushReport, destination: &str) -> String {
    if matches!(report.outcome, Outcome::AlreadyRunning) {
        return "another push is at work".to_owned();
    }
    let parts = [
        (report.failed.len(), "failed"),
        (report.invalid.len(), "no longer valid"),
        (report.dropped.len(), "dropped"),
        (report.backing_off, "backing off"),
        (report.parked, "parked"),
        (report.left, "left"),
    ];
    let copied = report.uploaded.len();
    if copied == 0 && parts.iter().all(|(number, _)| *number == 0) {
        return "nothing is queued".to_owned();
    }
    let parts = parts.iter().filter(|(number, _)| *number > 0);
    let parts: String = parts
        .map(|(number, what)| format!(", {number} {what}"))
        .collect();
    format!("{copied} copied to {destination}{parts}")
}

fn json(report: &PushReport, settings: &QueueSettings, store: &Store) -> PushJson {
    let full = |path: &StorePath| store.dir.join(path).into_string();
    PushJson {
        uploaded: report.uploaded.iter().map(full).collect(),
        invalid: report.invalid.iter().map(full).collect(),
        dropped: report.dropped.iter().map(full).collect(),
        closed: report.closed.clone(),
        failed: report
            .failed
            .iter()
            .map(|f| FailedJson::new(full(&f.path), f))
            .collect(),
        backing_off: report.backing_off,
        parked: report.parked,
        left: report.left,
        foreign: report.foreign,
        next_try: report.next_try.time().map(time),
        ..json_of_nothing(settings)
    }
}

fn push_end(outcome: &'static str, report: &PushReport) -> PushEnd {
    PushEnd {
        outcome,
        uploaded: report.uploaded.len(),
        failed: report.failed.len(),
        invalid: report.invalid.len(),
        dropped: report.dropped.len(),
        backing_off: report.backing_off,
        parked: report.parked,
        left: report.left,
    }
}

/// The word for an end, its cause, and when the destination is asked again.
pub(super) type Ended<'a> = (&'static str, Option<&'a str>, Option<SystemTime>);

fn with_end(row: PushJson, (outcome, error, until): Ended<'_>) -> PushJson {
    PushJson {
        outcome,
        error: error.map(str::to_owned),
        until: until.map(time),
        ..row
    }
}

fn ended(outcome: &Outcome) -> Ended<'_> {
    match outcome {
        Outcome::AlreadyRunning => ("already-running", None, None),
        Outcome::Cancelled => ("cancelled", None, None),
        Outcome::BackingOff { until, error } => ("backing-off", Some(error), Some(*until)),
        Outcome::Unavailable { error, until } => {
            ("unavailable", Some(&error.message), Some(*until))
        }
        Outcome::Broken(error) => ("broken", Some(&error.message), None),
        _ => ("finished", None, None),
    }
}

fn json_of_nothing(settings: &QueueSettings) -> PushJson {
    PushJson {
        queue: settings.name.clone(),
        destination: destination(settings).unwrap_or_default(),
        outcome: "finished",
        error: None,
        until: None,
        uploaded: Vec::new(),
        invalid: Vec::new(),
        dropped: Vec::new(),
        closed: None,
        failed: Vec::new(),
        backing_off: 0,
        parked: 0,
        left: 0,
        foreign: 0,
        next_try: None,
    }
}
