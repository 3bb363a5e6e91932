//! One line for each thing that went wrong.

use nix_post_build_push_config::Resolution;
use ownership::quoted;
use queue_core::{PortError, QueueReport, StoreDir, StorePath};

use super::Complaint;
use crate::adapters::refusal_hint;

/// The problems of the configuration in one line: the first, and where to read
/// the rest.
pub(super) fn problems(resolution: &Resolution) -> Vec<Complaint> {
    let problems = &resolution.problems;
    let Some(first) = problems.first() else {
        return Vec::new();
    };
    let mut line = with_hint(first.to_string(), first.hint.as_deref());
    if problems.len() > 1 {
        let more = problems.len() - 1;
        line += &format!("; and {more} more: run `nix-post-build-push config check`");
    }
    vec![line.into()]
}

/// An error in one line, its causes and hint included.
pub(super) fn port_error(error: &PortError) -> String {
    with_hint(error.chain(), error.hint())
}

/// Nix did not name the outputs of a derivation. No push makes up for it, since nobody else knows
/// that they are wanted: the hint queues them.
pub(super) fn outputs_unknown(
    derivation: &StorePath,
    error: &PortError,
    store: &StoreDir,
) -> Complaint {
    let path = store.join(derivation);
    let line = format!("the outputs of {path} are not queued: {}", error.chain());
    let quoted = quoted(path.as_str());
    let mend = format!("`DRV_PATH={quoted} nix-post-build-push enqueue` queues them");
    let hint = match error.hint() {
        Some(first) => format!("{first} Then {mend}"),
        None => mend,
    };
    Complaint::from(with_hint(line, Some(&hint))).about(derivation, store)
}

/// An error about one queue.
pub(super) fn queue_error(queue: &str, error: &PortError) -> Complaint {
    Complaint::of_queue(queue, format!("queue {queue}: {}", port_error(error)))
}

/// What did not work in one queue: at most one line for each sort of failure.
pub(super) fn queue_report(queue: &str, report: &QueueReport, store: &StoreDir) -> Vec<Complaint> {
    let of = |path: &StorePath, line: String| Complaint::of_queue(queue, line).about(path, store);
    let mut lines = Vec::new();
    if let Some(path) = report.absent.first() {
        let more = more(report.absent.len());
        let line = format!(
            "queue {queue}: {} is not in the store{more}",
            store.join(path)
        );
        lines.push(of(path, line));
    }
    if let Some((path, error)) = report.failed.first() {
        let (more, why) = (more(report.failed.len()), port_error(error));
        let line = format!(
            "queue {queue}: {} is not safely queued{more}: {why}",
            store.join(path)
        );
        lines.push(of(path, line));
    }
    if let Some((path, why)) = report.refused.first().zip(report.refused_because.as_ref()) {
        let more = more(report.refused.len());
        let line = format!(
            "queue {queue}: {} is not queued{more}: {why}",
            store.join(path)
        );
        lines.push(of(path, with_hint(line, Some(refusal_hint(report)))));
    }
    if let Some(error) = &report.not_durable {
        lines.push(queue_error(queue, error));
    }
    lines
}

/// What the limits of a queue did that is no failure.
pub(super) fn limits(queue: &str, report: &QueueReport, store: &StoreDir) -> Vec<Complaint> {
    let mut lines = Vec::new();
    if let Some(path) = report.dropped.first() {
        let more = match report.dropped.len() - 1 {
            0 => String::new(),
            more => format!(", and so were {more} more"),
        };
        let line = format!(
            "queue {queue}: {} was dropped undelivered to make room{more}",
            store.join(path)
        );
        lines.push(Complaint::of_queue(queue, line).about(path, store));
    }
    let problems = report.problems.iter();
    lines.extend(problems.map(|error| queue_error(queue, error)));
    lines
}

fn more(count: usize) -> String {
    if count > 1 {
        format!(", nor {} more", count - 1)
    } else {
        String::new()
    }
}

fn with_hint(mut line: String, hint: Option<&str>) -> String {
    if let Some(hint) = hint {
        line += &format!(" (hint: {hint})");
    }
    line
}
