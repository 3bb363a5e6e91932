//! Tells what happens in a push while it happens.

use std::time::Duration;

use nix_post_build_push_config::QueueSettings;
use queue_core::{FailedEntry, LedgerError, Outcome, PushEvent, PushObserver, StoreDir, StorePath};

use crate::adapters::OPENED_BY;
use crate::json::time;
use crate::message::Message;
use crate::session::destination;
use crate::view::warn_of_foreign;

/// What to do about a queue that is beyond a limit.
const LIMITS_HINT: &str =
    "see `status`; mend what holds up the queue, `drop` what is not wanted, or raise the limit";

/// Turns the events of a push into messages.
pub(super) struct Narrator<'a> {
    queue: &'a str,
    destination: String,
    store: &'a StoreDir,
    /// Whether what failed stays in a queue and is tried again.
    queued: bool,
    /// Whether it was told that another push is waited for.
    waits_for_another: bool,
    /// Whether anything was dropped so far.
    has_dropped: bool,
}

impl<'a> Narrator<'a> {
    pub(super) fn new(settings: &'a QueueSettings, store: &'a StoreDir) -> Self {
        let destination = destination(settings).unwrap_or_default();
        Self {
            queue: &settings.name,
            destination,
            store,
            queued: true,
            waits_for_another: false,
            has_dropped: false,
        }
    }

    /// For an upload of given paths.
    pub(super) fn without_queue(settings: &'a QueueSettings, store: &'a StoreDir) -> Self {
        Self {
            queued: false,
            ..Self::new(settings, store)
        }
    }

    fn full(&self, path: &StorePath) -> String {
        self.store.join(path).into_string()
    }

    fn waiting(&mut self, time: Duration, why: &Outcome) {
        let (queue, to) = (self.queue, &self.destination);
        let kept = if self.has_dropped {
            ""
        } else {
            "all is kept; "
        };
        // In whole seconds, for people to read.
        let time = humantime::format_duration(Duration::from_secs(time.as_secs().max(1)));
        match why {
            Outcome::AlreadyRunning if self.waits_for_another => {}
            Outcome::AlreadyRunning => {
                tracing::info!("{queue}: another push is at work; waiting for its end");
                self.waits_for_another = true;
            }
            Outcome::Unavailable { error, .. } => {
                Message::new(format!("{queue}: {to} is unavailable"))
                    .caused_by_upload(error)
                    .hint(format!("{kept}it is asked again in {time}"))
                    .warning();
            }
            Outcome::BackingOff { .. } => {
                tracing::info!("{queue}: {to} did not answer; it is asked again in {time}");
            }
            _ => tracing::info!("{queue}: what failed is tried again in {time}"),
        }
    }

    fn invalid(&self, path: &StorePath) {
        let path = self.full(path);
        match self.queued {
            true => Message::new(format!(
                "{}: {path} is no longer valid; removed from the queue",
                self.queue
            ))
            .warning(),
            false => Message::new(format!("{}: {path} is not valid", self.queue)).error(),
        }
    }

    fn ledger_lost(&self, error: &LedgerError) {
        Message::new(format!("{}: the memory of failures is lost", self.queue))
            .caused_by(error)
            .hint(error.hint())
            .warning();
    }

    fn other_destination(&self, number: usize) {
        let (queue, to) = (self.queue, &self.destination);
        let failed = match number {
            1 => "1 path that failed".to_owned(),
            _ => format!("{number} paths that failed"),
        };
        tracing::info!("{queue}: {failed} elsewhere, before the destination was {to}: tried anew");
    }

    fn dropped(&self, path: &StorePath, why: &str) {
        let what = format!("{} was dropped undelivered", self.full(path));
        self.limited(&what, why).warning();
    }

    /// A limit of the queue did something.
    fn limited(&self, what: &str, why: &str) -> Message {
        let mut message = Message::new(format!("{}: {what}", self.queue));
        message.causes.push(why.to_owned());
        message.hint(LIMITS_HINT)
    }

    fn failed(&self, failed: &FailedEntry) {
        let (queue, path) = (self.queue, self.full(&failed.path));
        let text = format!("{queue}: failed to copy {path} to {}", self.destination);
        let message = Message::new(text).caused_by_upload(&failed.error);
        let attempts = failed.attempts;
        let message = match failed.next_try {
            _ if !self.queued => message,
            Some(next) => message.hint(format!(
                "attempt {attempts}; it is tried again after {}",
                time(next)
            )),
            None => message.hint(format!(
                "attempt {attempts}; it is parked now: mend the cause, then `retry {}`",
                failed.path
            )),
        };
        message.error();
    }

    /// What becomes of a batch, for who wants to know it in detail.
    fn batch(&self, event: &PushEvent<'_>) {
        let (queue, to) = (self.queue, &self.destination);
        match event {
            PushEvent::Started(paths) => {
                tracing::debug!("{queue}: copying {} to {to}", count(paths.len()));
            }
            PushEvent::Uploaded(paths) => {
                tracing::debug!("{queue}: copied {}", count(paths.len()));
                for path in *paths {
                    tracing::trace!("{queue}: copied {}", self.full(path));
                }
            }
            PushEvent::Split(size, error) => {
                let text = format!("{queue}: failed to copy {} together", count(*size));
                tracing::debug!(details = error.message, "{text}; trying smaller parts");
            }
            _ => {}
        }
    }
}

impl PushObserver for Narrator<'_> {
    fn notice(&mut self, event: &PushEvent<'_>) {
        if let PushEvent::Waiting { time, why } = event {
            return self.waiting(*time, why);
        }
        self.has_dropped |= matches!(event, PushEvent::Dropped(..));
        let queue = self.queue;
        match event {
            PushEvent::LedgerLost(error) => self.ledger_lost(error),
            PushEvent::OtherDestination(number) => self.other_destination(*number),
            PushEvent::Foreign(foreign) => warn_of_foreign(queue, foreign),
            PushEvent::Rooted(path) => {
                tracing::info!("{queue}: {} had no root and has one now", self.full(path));
            }
            PushEvent::Invalid(path) => self.invalid(path),
            PushEvent::Dropped(path, why) => self.dropped(path, why),
            PushEvent::Closed(why) => self
                .limited("nothing new is queued from now on", why)
                .hint(OPENED_BY)
                .warning(),
            PushEvent::Opened => tracing::info!("{queue}: what is new is queued again"),
            PushEvent::Warning(warning) => {
                let path = self.full(&warning.path);
                tracing::warn!("{queue}: {path} {}", warning.message);
            }
            PushEvent::Failed(failed) => self.failed(failed),
            PushEvent::Problem(error) => Message::from(*error).error(),
            PushEvent::Started(_) | PushEvent::Uploaded(_) | PushEvent::Split(..) => {
                self.batch(event);
            }
            _ => {}
        }
    }
}

/// `1 path`, `2 paths`
pub(super) fn count(number: usize) -> String {
    match number {
        1 => "1 path".to_owned(),
        _ => format!("{number} paths"),
    }
}
