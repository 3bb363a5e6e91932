//! One line for each thing that went wrong.

use nix_post_build_push_config::Resolution;
use ownership::quoted;
use queue_core::{PortError, QueueReport, StoreDir, StorePath};

use super::Complaint;
use crate::adapters::refusal_hint;
use crate::subject::{CONFIG, INVALID, LIMIT, LOCAL};

const HINT_FOR_ALL: &str = "`nix-post-build-push config check` tells all";

/// The problems of the configuration in one line: the first, and where to read
/// the rest.
pub(super) fn problems(resolution: &Resolution) -> Vec<Complaint> {
    let problems = &resolution.problems;
    let Some(first) = problems.first() else {
        return Vec::new();
    };
    let mut line = first.to_string();
    let mut hints: Vec<_> = first.hint.as_deref().into_iter().collect();
    if problems.len() > 1 {
        line += &format!("; and {} more", problems.len() - 1);
        hints.push(HINT_FOR_ALL);
    }
    let hint = (!hints.is_empty()).then(|| hints.join("; "));
    let complaint = Complaint::new(CONFIG, line).hint(hint);
    vec![match first.queue() {
        Some(queue) => complaint.of_queue(queue),
        None => complaint,
    }]
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
    let complaint = Complaint::new(LOCAL, line).hint(Some(hint));
    complaint.about(derivation, store)
}

/// An error about one queue.
pub(super) fn queue_error(queue: &str, error: &PortError) -> Complaint {
    let line = format!("queue {queue}: {}", error.chain());
    Complaint::new(LOCAL, line)
        .hint(error.hint())
        .of_queue(queue)
}

/// What did not work in one queue: at most one line for each sort of failure.
pub(super) fn queue_report(queue: &str, report: &QueueReport, store: &StoreDir) -> Vec<Complaint> {
    let of = |kind, path: &StorePath, line: String| {
        let complaint = Complaint::new(kind, line).of_queue(queue);
        complaint.about(path, store)
    };
    let mut lines = Vec::new();
    if let Some(path) = report.absent.first() {
        let more = more(report.absent.len());
        let line = format!(
            "queue {queue}: {} is not in the store{more}",
            store.join(path)
        );
        lines.push(of(INVALID, path, line));
    }
    if let Some((path, error)) = report.failed.first() {
        let (more, why) = (more(report.failed.len()), error.chain());
        let line = format!(
            "queue {queue}: {} is not safely queued{more}: {why}",
            store.join(path)
        );
        lines.push(of(LOCAL, path, line).hint(error.hint()));
    }
    if let Some((path, why)) = report.refused.first().zip(report.refused_because.as_ref()) {
        let more = more(report.refused.len());
        let line = format!(
            "queue {queue}: {} is not queued{more}: {why}",
            store.join(path)
        );
        lines.push(of(LIMIT, path, line).hint(Some(refusal_hint(report))));
    }
    if let Some(error) = &report.not_durable {
        lines.push(queue_error(queue, error));
    }
    lines
}

/// What a limit of the queue dropped for what is new.
pub(super) fn dropped(queue: &str, report: &QueueReport, store: &StoreDir) -> Option<Complaint> {
    let path = report.dropped.first()?;
    let more = match report.dropped.len() - 1 {
        0 => String::new(),
        more => format!(", and so were {more} more"),
    };
    let line = format!(
        "queue {queue}: {} was dropped undelivered to make room{more}",
        store.join(path)
    );
    let complaint = Complaint::new(LIMIT, line).of_queue(queue);
    Some(complaint.about(path, store))
}

fn more(count: usize) -> String {
    if count > 1 {
        format!(", nor {} more", count - 1)
    } else {
        String::new()
    }
}
