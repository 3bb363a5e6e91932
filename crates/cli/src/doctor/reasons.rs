//! What `status` says of a queue, as findings: the words and hints are its own.

use super::finding::{Check, Finding};
use super::kind::Kind;
use crate::status::{self, QueueStatus, Reason};

/// Of several failures as many are told; `status` has all.
const MOST: usize = 3;

/// What there is to say of the entries.
pub(super) fn check(status: &QueueStatus) -> Vec<Finding> {
    let translated = status.reasons.iter().map(translated);
    let of_entries = translated.filter(|finding| finding.check == Check::Entries);
    let findings: Vec<_> = of_entries
        .map(|finding| explained(finding, status))
        .collect();
    match findings.is_empty() {
        true => vec![counted(status)],
        false => findings,
    }
}

/// The finding that a reason is.
pub(super) fn translated(reason: &Reason) -> Finding {
    Finding::of(kind(reason.kind), &reason.text).fix(&reason.hint)
}

fn kind(reason: status::Kind) -> Kind {
    match reason {
        // Doctor looks itself at the configuration, and whether the queue may be used.
        status::Kind::Misconfigured => Kind::ConfigBroken,
        status::Kind::Unreadable => Kind::QueueRefused,
        status::Kind::Closed => Kind::QueueClosed,
        status::Kind::PushBroken => Kind::PushBroken,
        status::Kind::Parked => Kind::EntriesParked,
        status::Kind::Unavailable => Kind::DestinationSilent,
        status::Kind::Old => Kind::EntriesOld,
        status::Kind::Pinned => Kind::SpaceMuch,
        status::Kind::Refused => Kind::EntriesRefused,
        status::Kind::Dropped => Kind::EntriesDropped,
        status::Kind::Absent => Kind::EntriesAbsent,
        status::Kind::Foreign => Kind::QueueForeign,
        status::Kind::LedgerLost => Kind::MemoryLost,
        status::Kind::Unseen => Kind::QueueUnseen,
    }
}

/// With the names that are not in the words of `status`, since they stand elsewhere there.
fn explained(finding: Finding, status: &QueueStatus) -> Finding {
    match finding.kind {
        Some(Kind::QueueForeign) => foreign(finding, status),
        Some(Kind::EntriesParked) => {
            let failures = status.remembered.failures.iter();
            let parked = failures.filter(|(_, failures)| failures.parked_since.is_some());
            let told = parked
                .take(MOST)
                .map(|(path, failures)| format!("{path}: {}", failures.last_error));
            told.fold(finding, Finding::because)
        }
        _ => finding,
    }
}

fn foreign(finding: Finding, status: &QueueStatus) -> Finding {
    let all = status.foreign.iter();
    let told = all.map(|foreign| format!("`{}` {}", foreign.name, foreign.reason));
    let mut hints: Vec<_> = status
        .foreign
        .iter()
        .map(|foreign| foreign.hint.as_str())
        .collect();
    hints.dedup();
    told.fold(finding, Finding::because).fix(hints.join("\n"))
}

/// What failed is tried again by itself, until it is given up.
fn counted(status: &QueueStatus) -> Finding {
    let counts = &status.counts;
    let failed = match counts.backing_off + counts.parked {
        0 => "none".to_owned(),
        number => number.to_string(),
    };
    Finding::ok(
        Check::Entries,
        format!("{} queued, {failed} of them failed", counts.entries),
    )
}

#[cfg(test)]
mod tests {
    use super::super::finding::Verdict;
    use super::*;

    #[test]
    fn what_is_broken_to_status_is_a_fault_and_nothing_else_is() {
        for reason in status::Kind::ALL {
            let is_fault = kind(reason).verdict() == Verdict::Fault;
            assert_eq!(
                is_fault,
                reason.level() == status::Level::Broken,
                "{reason:?}"
            );
        }
    }
}
