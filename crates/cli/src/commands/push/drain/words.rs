//! What is said of a drain when it is over.

use nix_post_build_push_config::QueueSettings;
use queue_core::{DrainEnd, PushReport};

use super::drained::Drained;
use crate::commands::push::summary;
use crate::json::time;
use crate::message::Message;
use crate::session::destination;

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

/// The line of summary.
pub(super) fn line(drained: &Drained, settings: &QueueSettings) -> String {
    let report = &drained.report;
    let to = destination(settings).unwrap_or_default();
    let copied = format!("{} copied to {to}", report.uploaded.len());
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
pub(super) fn tell(drained: &Drained, settings: &QueueSettings) {
    let Drained { report, end, .. } = drained;
    // That the time ended the last push is said below.
    if *end != DrainEnd::OutOfTime || drained.ended().is_none() {
        summary::report_end(report, settings, true);
    }
    if drained.number_left() == 0 || *end == DrainEnd::Stopped {
        return;
    }
    let why = match end {
        DrainEnd::OutOfTime => " when the time was over",
        DrainEnd::NextTryTooLate => "; the next try does not fit into what is left of the time",
        _ => "",
    };
    let text = format!("{}{why}", what_is_left(report));
    let hint = what_to_do(report, &settings.name);
    let mut message = Message::of_queue(&settings.name, text).hint(hint);
    // Where it is the outcome, it was said.
    let cause = drained.ended().and_then(|(_, error, _)| error);
    message.causes.extend(cause.map(str::to_owned));
    message.error();
}

fn what_to_do(report: &PushReport, queue: &str) -> String {
    let next = report.next_try.time().map(time);
    let next = next.map(|at| format!("a push after {at} tries again; "));
    let parked = match report.parked {
        0 => "",
        _ => "; for what is parked mend the cause, then `retry`, or `drop` it",
    };
    let next = next.unwrap_or_default();
    format!("{next}`status --queue {queue}` says more{parked}")
}
