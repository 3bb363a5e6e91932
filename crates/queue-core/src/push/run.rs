//! The steps of one push.

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

use super::contents::Comparisons;
use super::tally::Tally;
use super::{Outcome, Push, PushEvent, PushObserver, PushOptions, PushReport, plan};
use crate::{Entry, Ledger, Listing, PortError, PushEnd, StorePath};

/// A push under way.
pub(super) struct Run<'p, 'o> {
    pub(super) push: &'p Push<'p>,
    pub(super) options: &'p PushOptions,
    pub(super) observer: &'o mut dyn PushObserver,
    pub(super) ledger: Ledger,
    pub(super) report: PushReport,
    pub(super) tally: Tally,
    /// What it saw in the queue, but for what it uploaded before it last looked.
    pub(super) seen: BTreeSet<StorePath>,
    /// Entries that failed alone in a way that may be the destination's.
    pub(super) suspects: usize,
    pub(super) comparisons: Comparisons,
    /// Whether it tried to deliver anything, and could.
    pub(super) tried: bool,
    /// Whether nothing is tried any more after it: a limit may drop.
    pub(super) is_last: bool,
    /// When it first looked whose turn it is.
    pub(super) began: Option<SystemTime>,
    /// Differs for each failure, so that their waits do.
    pub(super) random: u64,
}

/// Says of the report of a push whether it is the last one of a longer work.
pub(super) type IsLast<'d> = dyn Fn(&PushReport) -> bool + 'd;

pub(super) fn run(
    push: &Push<'_>,
    options: &PushOptions,
    observer: &mut dyn PushObserver,
    is_last: &IsLast<'_>,
) -> Result<PushReport, PortError> {
    let Some(_lock) = push.state.try_lock()? else {
        return Ok(PushReport::new(Outcome::AlreadyRunning));
    };
    let mut run = Run {
        push,
        options,
        observer,
        ledger: Ledger::default(),
        report: PushReport::new(Outcome::Finished),
        tally: Tally::default(),
        seen: BTreeSet::new(),
        suspects: 0,
        comparisons: Comparisons::default(),
        tried: false,
        is_last: false,
        began: None,
        random: options.seed,
    };
    let saved = run.load_ledger();
    run.begin_anew_elsewhere();
    run.let_go_what_was_leaving();
    let listing = push.queue.directory.list()?;
    for foreign in &listing.foreign {
        run.observer.notice(&PushEvent::Foreign(foreign));
    }
    run.push_all(listing.entries);
    run.keep_within_limits(is_last);
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

    /// Somebody mended a wrong address: what failed there is tried here at once.
    fn begin_anew_elsewhere(&mut self) {
        let name = &self.options.destination;
        let number = self.ledger.forget_other_destinations(name);
        if number > 0 {
            self.observer.notice(&PushEvent::OtherDestination(number));
        }
    }

    /// Uploads take time, and producers do not wait: what they enqueued
    /// meanwhile goes in the same push. Nothing is tried twice, but for what
    /// left the queue and was enqueued anew.
    fn push_all(&mut self, listed: Vec<Entry>) {
        let mut entries = listed;
        let mut uploads = false;
        while !entries.is_empty() {
            self.seen
                .extend(entries.iter().map(|entry| entry.path.clone()));
            let uploaded_before = self.report.uploaded.len();
            entries = self.remove_what_vanished(entries);
            self.root_what_is_unrooted(&entries);
            if !self.upload_ready(&entries) {
                break;
            }
            uploads = true;
            if !matches!(self.report.outcome, Outcome::Finished) {
                break;
            }
            for path in &self.report.uploaded[uploaded_before..] {
                self.seen.remove(path);
            }
            entries = self.queued_and_not_seen();
        }
        if uploads {
            self.note_last_push();
        }
    }

    fn queued_and_not_seen(&mut self) -> Vec<Entry> {
        let mut entries = match self.push.queue.directory.list() {
            Ok(listing) => listing.entries,
            Err(error) => {
                self.problem(error);
                Vec::new()
            }
        };
        entries.retain(|entry| !self.seen.contains(&entry.path));
        entries
    }

    /// Uploads what is ready among them, until something ends the push. Whether
    /// anything was tried.
    fn upload_ready(&mut self, entries: &[Entry]) -> bool {
        let now = self.push.clock.now();
        self.began.get_or_insert(now);
        let plan = plan(
            entries,
            &self.ledger,
            now,
            &self.options.retry,
            self.options.force,
        );
        self.tally.found(&plan);
        if plan.ready.is_empty() && plan.again.is_empty() {
            return false;
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
            return false;
        }
        let ready = plan.ready.len() + plan.again.len();
        self.observer.notice(&PushEvent::Ready(ready));
        let size = self.options.batch_size.get();
        let mut batches = plan.ready.chunks(size).chain(plan.again.chunks(size));
        let ended = batches.try_for_each(|batch| {
            let ended = self.upload_batch(batch.to_vec());
            self.observer.notice(&PushEvent::BatchEnded);
            ended
        });
        if let Err(outcome) = ended.and_then(|()| self.judge_suspect()) {
            self.report.outcome = outcome;
        }
        true
    }

    fn note_last_push(&mut self) {
        let (end, error) = match &self.report.outcome {
            Outcome::Cancelled => (PushEnd::Cancelled, Some("it was asked to stop".to_owned())),
            Outcome::Unavailable { error, .. } => {
                (PushEnd::Unavailable, Some(error.message.clone()))
            }
            Outcome::Broken(error) => (PushEnd::Broken, Some(error.message.clone())),
            _ => (PushEnd::Finished, None),
        };
        let (uploaded, failed) = (self.report.uploaded.len(), self.report.failed.len());
        self.ledger.totals.count(end, uploaded, failed);
        let ended = self.push.clock.now();
        let spotless = error.is_none() && self.report.failed.is_empty();
        let before = self
            .ledger
            .last_push
            .as_ref()
            .and_then(|last| last.last_success);
        self.ledger.last_push = Some(crate::LastPush {
            ended,
            took: self.began.map(|began| whole_milliseconds(began, ended)),
            end: Some(end),
            uploaded,
            failed,
            error,
            last_success: if spotless { Some(ended) } else { before },
        });
    }

    /// Looks at what is left, and saves the ledger if it says anything new: a
    /// push with nothing to do writes nothing.
    fn finish(&mut self, saved: Option<&Ledger>) {
        self.tally.tell(&mut self.report);
        match self.push.queue.directory.list() {
            Ok(listing) => self.look_at_what_is_left(&listing),
            Err(error) => self.problem(error),
        }
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
    pub(super) fn look_at_what_is_left(&mut self, listing: &Listing) {
        let queued = listing.may_be_queued();
        self.ledger.retain(|path| queued.contains(path));
        let now = self.push.clock.now();
        let plan = plan(
            &listing.entries,
            &self.ledger,
            now,
            &self.options.retry,
            false,
        );
        self.report.foreign = listing.foreign.len();
        self.report.next_try = plan.next_try.into();
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

/// As the ledger keeps it. A clock that was set back meanwhile shows nothing.
fn whole_milliseconds(began: SystemTime, ended: SystemTime) -> Duration {
    let took = ended.duration_since(began).unwrap_or_default();
    Duration::from_millis(u64::try_from(took.as_millis()).unwrap_or(u64::MAX))
}
