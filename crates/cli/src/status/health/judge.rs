//! The judgement of a queue: each kind of reason, and what is to be said of it.

use std::time::{Duration, SystemTime};

use queue_core::{Bytes, PushEnd};

use super::super::QueueStatus;
use super::{Kind, Reason, Thresholds, UNTIL_MENDED_HINT};
use crate::adapters::OPENED_BY;
use crate::words::{age, count, span};

/// Why somebody has to look at this queue, the worst first.
pub(in super::super) fn judge(
    status: &QueueStatus,
    limits: &Thresholds,
    now: SystemTime,
) -> Vec<Reason> {
    let judge = Judge {
        status,
        limits,
        now,
    };
    let mut reasons: Vec<_> = Kind::ALL
        .into_iter()
        .filter_map(|kind| judge.reason(kind))
        .collect();
    reasons.sort_by_key(|reason| (std::cmp::Reverse(reason.level), reason.kind));
    reasons
}

struct Judge<'a> {
    status: &'a QueueStatus,
    limits: &'a Thresholds,
    now: SystemTime,
}

/// What is wrong, and what to do about it.
type Finding = Option<(String, String)>;

impl Judge<'_> {
    fn reason(&self, kind: Kind) -> Option<Reason> {
        let (text, hint) = match kind {
            // What cannot be seen in it.
            Kind::Misconfigured | Kind::Unreadable => None,
            Kind::Closed => self.closed(),
            Kind::PushBroken => self.push_broken(),
            Kind::Parked => self.parked(),
            Kind::Unavailable => self.unavailable(),
            Kind::Old => self.old(),
            Kind::Pinned => self.pinned(),
            Kind::Refused => self.refused(),
            Kind::Dropped => self.dropped(),
            Kind::Absent => self.absent(),
            Kind::Foreign => self.foreign(),
            Kind::LedgerLost => self.ledger_lost(),
            Kind::Unseen => self.unseen(),
        }?;
        Some(Reason::new(kind, text, hint))
    }

    /// A command for this queue.
    fn command(&self, command: &str) -> String {
        format!(
            "`nix-post-build-push {command} --queue {}`",
            self.status.name
        )
    }

    fn closed(&self) -> Finding {
        let why = self.status.closed.as_ref()?;
        Some((format!("nothing new is taken: {why}"), OPENED_BY.to_owned()))
    }

    /// With nothing queued, nobody tries again, and it says nothing of now.
    fn push_broken(&self) -> Finding {
        let last = self.status.remembered.last_push()?;
        if last.end != Some(PushEnd::Broken) || self.status.counts.entries == 0 {
            return None;
        }
        let why = last.error.as_deref().unwrap_or_default();
        Some((
            format!("the last push could copy nothing from here: {why}"),
            format!("mend that, then {}", self.command("push")),
        ))
    }

    fn parked(&self) -> Finding {
        let parked = self.status.counts.parked;
        if u64::try_from(parked).unwrap_or(u64::MAX) <= self.limits.max_parked.into() {
            return None;
        }
        Some((
            format!("{parked} parked: they failed too often, or are damaged"),
            format!(
                "mend the cause, then {} tries them again; `drop` gives up",
                self.command("retry --all")
            ),
        ))
    }

    /// With nothing queued, nobody asks it.
    fn unavailable(&self) -> Finding {
        let failures = self.status.remembered.ledger.destination()?;
        let silent = age(failures.first_failure, self.now);
        if silent <= self.limits.max_unavailable || self.status.counts.entries == 0 {
            return None;
        }
        let hint = failures.hint.iter().map(|hint| format!("{hint}; "));
        Some((
            format!(
                "the destination has not answered for {}: {}",
                span(silent),
                failures.last_error
            ),
            format!(
                "{}{} asks it now",
                hint.collect::<String>(),
                self.command("push --force")
            ),
        ))
    }

    fn old(&self) -> Finding {
        let waits = age(self.status.counts.oldest?, self.now);
        if waits <= self.limits.max_age {
            return None;
        }
        Some((
            format!("the oldest entry has waited for {}", span(waits)),
            format!(
                "see that its timer runs; {} says what keeps it",
                self.command("push")
            ),
        ))
    }

    fn pinned(&self) -> Finding {
        let held = &self.status.held;
        let bytes = held.bytes?;
        let beyond = self.limits.too_much(bytes, held.file_system)?;
        Some((
            format!(
                "the queue keeps {} of the store alive, {beyond}",
                Bytes(bytes)
            ),
            format!(
                "{} delivers it, `drop` gives up what is not wanted; `max-pinned` in its tables `limits` \
                 and `health` says how much is too much",
                self.command("push")
            ),
        ))
    }

    /// Whether that was so lately that it counts.
    fn counts_still(&self, last: Option<SystemTime>) -> Option<Duration> {
        let ago = age(last?, self.now);
        (ago < self.limits.remember_losses).then_some(ago)
    }

    fn refused(&self) -> Finding {
        let refused = &self.status.refused;
        let ago = self.counts_still(refused.last)?;
        let paths = count(refused.number, "path");
        Some((
            format!("limits refused {paths} so far, last {} ago", span(ago)),
            "`enqueue` them once there is room; raise the limit".to_owned(),
        ))
    }

    fn dropped(&self) -> Finding {
        let dropped = &self.status.dropped;
        let ago = self.counts_still(dropped.last)?;
        let paths = count(dropped.number, "path");
        Some((
            format!(
                "limits dropped {paths} undelivered so far, last {} ago",
                span(ago)
            ),
            "the messages of the pushes and hooks name them: `enqueue` what is wanted; raise the limit"
                .to_owned(),
        ))
    }

    fn absent(&self) -> Finding {
        let absent = self.status.counts.absent;
        (absent > 0).then(|| {
            (
                format!("{absent} without a store object: something deleted it"),
                format!(
                    "{} lets go what is no longer valid: build it anew; for what its database still has, \
                     `nix-store --repair-path` fetches it",
                    self.command("push")
                ),
            )
        })
    }

    fn foreign(&self) -> Finding {
        let (foreign, place) = (self.status.counts.foreign, &self.status.queue_dir);
        let hint = format!(
            "{} warns of each, and says what to do",
            self.command("list")
        );
        (foreign > 0).then(|| (format!("{foreign} in {place} that no push takes"), hint))
    }

    fn ledger_lost(&self) -> Finding {
        let why = self.status.remembered.lost.as_ref()?;
        Some((
            format!("its memory of failures is lost: {why}"),
            format!("{} writes it anew", self.command("push")),
        ))
    }

    /// A threshold that somebody set and that cannot be judged is not kept.
    fn unseen(&self) -> Finding {
        let first = self.status.unseen.first().cloned();
        let size = self.status.held.error.as_ref();
        let size = size.filter(|_| self.limits.max_pinned.is_some());
        let size = size.map(|why| format!("not known how much of the store it keeps: {why}"));
        Some((first.or(size)?, UNTIL_MENDED_HINT.to_owned()))
    }
}
