//! The steps of one push.

use std::collections::BTreeSet;

use super::{Outcome, Push, PushEvent, PushObserver, PushOptions, PushReport, plan};
use crate::{Entry, Ledger, PortError};

/// A push under way.
pub(super) struct Run<'p, 'o> {
    pub(super) push: &'p Push<'p>,
    pub(super) options: &'p PushOptions,
    pub(super) observer: &'o mut dyn PushObserver,
    pub(super) ledger: Ledger,
    pub(super) report: PushReport,
    /// Entries that failed alone in a way that may be the destination's.
    pub(super) suspects: usize,
    /// Differs for each failure, so that their waits do.
    pub(super) random: u64,
}

pub(super) fn run(
    push: &Push<'_>,
    options: &PushOptions,
    observer: &mut dyn PushObserver,
) -> Result<PushReport, PortError> {
    let Some(_lock) = push.state.try_lock()? else {
        return Ok(PushReport::new(Outcome::AlreadyRunning));
    };
    let listing = push.queue.directory.list()?;
    for foreign in &listing.foreign {
        observer.notice(&PushEvent::Foreign(foreign));
    }
    let mut run = Run {
        push,
        options,
        observer,
        ledger: Ledger::default(),
        report: PushReport::new(Outcome::Finished),
        suspects: 0,
        random: options.seed,
    };
    let saved = run.load_ledger();
    let entries = run.drop_what_vanished(listing.entries);
    run.root_what_is_unrooted(&entries);
    run.push_ready(&entries);
    run.finish(saved.as_ref());
    Ok(run.report)
}

impl Run<'_, '_> {
    /// The ledger as it was saved; `None` when there was none to read.
    fn load_ledger(&mut self) -> Option<Ledger> {
        match self.push.state.load_ledger() {
            Ok(None) => None,
            Err(error) => {
                self.problem(error);
                None
            }
            Ok(Some(text)) => match Ledger::from_text(&text) {
                Ok(ledger) => {
                    self.ledger = ledger.clone();
                    Some(ledger)
                }
                Err(error) => {
                    self.observer.notice(&PushEvent::LedgerLost(&error));
                    None
                }
            },
        }
    }

    fn push_ready(&mut self, entries: &[Entry]) {
        self.ledger
            .forget_other_destinations(&self.options.destination);
        let now = self.push.clock.now();
        let plan = plan(
            entries,
            &self.ledger,
            now,
            &self.options.retry,
            self.options.force,
        );
        self.report.backing_off = plan.backing_off.len();
        self.report.parked = plan.parked.len();
        self.report.left = plan.ready.len() + plan.again.len();
        if self.report.left == 0 {
            return;
        }
        if let Some(until) = plan.destination_until {
            let error = self
                .ledger
                .destination()
                .map(|known| known.last_error.clone());
            self.report.outcome = Outcome::BackingOff {
                until,
                error: error.unwrap_or_default(),
            };
            return;
        }
        let size = self.options.batch_size.get();
        let mut batches = plan.ready.chunks(size).chain(plan.again.chunks(size));
        let ended = batches.try_for_each(|batch| self.upload_batch(batch.to_vec()));
        if let Err(outcome) = ended {
            self.report.outcome = outcome;
        }
        self.note_last_push();
    }

    fn note_last_push(&mut self) {
        let error = match &self.report.outcome {
            Outcome::Cancelled => Some("it was asked to stop".to_owned()),
            Outcome::Unavailable { error, .. } | Outcome::Broken(error) => {
                Some(error.message.clone())
            }
            _ => None,
        };
        let ended = self.push.clock.now();
        let spotless = error.is_none() && self.report.failed.is_empty();
        let before = self
            .ledger
            .last_push
            .as_ref()
            .and_then(|last| last.last_success);
        self.ledger.last_push = Some(crate::LastPush {
            ended,
            uploaded: self.report.uploaded.len(),
            failed: self.report.failed.len(),
            error,
            last_success: if spotless { Some(ended) } else { before },
        });
    }

    /// Forgets the failures of what is no longer queued, and saves the ledger
    /// if it says anything new: a push with nothing to do writes nothing.
    fn finish(&mut self, saved: Option<&Ledger>) {
        self.forget_what_left();
        let unchanged = match saved {
            Some(saved) => *saved == self.ledger,
            None => self.ledger == Ledger::default(),
        };
        if !unchanged {
            self.save_ledger();
        }
    }

    /// Somebody may have dropped an entry meanwhile: enqueued anew, it starts
    /// anew.
    fn forget_what_left(&mut self) {
        if self.ledger.entries.is_empty() {
            return;
        }
        match self.push.queue.directory.list() {
            Ok(listing) => {
                let queued: BTreeSet<_> = listing
                    .entries
                    .into_iter()
                    .map(|entry| entry.path)
                    .collect();
                self.ledger.retain(|path| queued.contains(path));
            }
            Err(error) => self.problem(error),
        }
    }

    pub(super) fn save_ledger(&mut self) {
        if let Err(error) = self.push.state.save_ledger(&self.ledger.to_text()) {
            self.problem(error);
        }
    }

    pub(super) fn problem(&mut self, error: PortError) {
        self.observer.notice(&PushEvent::Problem(&error));
        self.report.problems.push(error);
    }
}
