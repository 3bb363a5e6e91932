//! Tells what happens in a push while it happens.

use std::time::Duration;

use nix_post_build_push_config::QueueSettings;
use queue_core::{FailedEntry, LedgerError, Outcome, PushEvent, PushObserver, StoreDir, StorePath};

use crate::adapters::OPENED_BY;
use crate::json::time;
use crate::message::Message;
use crate::progress::Watched;
use crate::session::destination;
use crate::subject;
use crate::view::warn_of_foreign;
use crate::words::{self, count};

/// What to do about a queue that is beyond a limit.
const LIMITS_HINT: &str =
    "see `status`; mend what holds up the queue, `drop` what is not wanted, or raise the limit";

/// Turns the events of a push into messages.
pub(super) struct Narrator<'a> {
    queue: &'a str,
    destination: String,
    store: &'a StoreDir,
    watched: &'a Watched,
    /// Whether what failed stays in a queue and is tried again.
    queued: bool,
    /// Whether it was told that another push is waited for.
    waits_for_another: bool,
    /// Whether anything was dropped so far.
    has_dropped: bool,
}

impl<'a> Narrator<'a> {
    pub(super) fn new(
        settings: &'a QueueSettings,
        store: &'a StoreDir,
        watched: &'a Watched,
    ) -> Self {
        let destination = destination(settings).unwrap_or_default();
        Self {
            queue: &settings.name,
            destination,
            store,
            watched,
            queued: true,
            waits_for_another: false,
            has_dropped: false,
        }
    }

    /// For an upload of given paths.
    pub(super) fn without_queue(
        settings: &'a QueueSettings,
        store: &'a StoreDir,
        watched: &'a Watched,
    ) -> Self {
        Self {
            queued: false,
            ..Self::new(settings, store, watched)
        }
    }

    fn full(&self, path: &StorePath) -> String {
        self.store.join(path).into_string()
    }

    /// About this queue.
    fn say(&self, text: impl std::fmt::Display) -> Message {
        Message::of_queue(self.queue, text)
    }

    /// About its destination as well.
    fn say_of_destination(&self, text: impl std::fmt::Display) -> Message {
        self.say(text).about_destination(&self.destination)
    }

    /// About one of its entries.
    fn say_of(&self, path: &StorePath, text: impl std::fmt::Display) -> Message {
        self.say(text).about_path(self.full(path))
    }

    fn waiting(&mut self, time: Duration, why: &Outcome) {
        let to = &self.destination;
        let kept = if self.has_dropped {
            ""
        } else {
            "all is kept; "
        };
        // In whole seconds, for people to read.
        let time = words::seconds(time.max(Duration::from_secs(1)));
        match why {
            Outcome::AlreadyRunning if self.waits_for_another => {}
            Outcome::AlreadyRunning => {
                self.say("another push is at work; waiting for its end")
                    .info();
                self.waits_for_another = true;
            }
            Outcome::Unavailable { error, .. } => {
                self.say_of_destination(format!("{to} is unavailable"))
                    .caused_by_upload(error)
                    .hint(format!("{kept}it is asked again in {time}"))
                    .warning();
            }
            Outcome::BackingOff { .. } => {
                let text = format!("{to} did not answer; it is asked again in {time}");
                self.say_of_destination(text).info();
            }
            _ => self
                .say(format!("what failed is tried again in {time}"))
                .info(),
        }
    }

    fn invalid(&self, path: &StorePath) {
        let full = self.full(path);
        let say = |text: String| self.say_of(path, text).of_kind(subject::INVALID);
        match self.queued {
            true => say(format!("{full} is no longer valid; removed from the queue")).warning(),
            false => say(format!("{full} is not valid")).error(),
        }
    }

    fn ledger_lost(&self, error: &LedgerError) {
        self.say("the memory of failures is lost")
            .of_kind(subject::LOCAL)
            .caused_by(error)
            .hint(error.hint())
            .warning();
    }

    fn other_destination(&self, number: usize) {
        let to = &self.destination;
        let paths = count(number, "path");
        let text =
            format!("{paths} that failed elsewhere, before the destination was {to}: tried anew");
        self.say_of_destination(text).info();
    }

    fn dropped(&self, path: &StorePath, why: &str) {
        let what = format!("{} was dropped undelivered", self.full(path));
        let message = self.limited(&what, why);
        message.about_path(self.full(path)).error();
    }

    /// A limit of the queue did something.
    fn limited(&self, what: &str, why: &str) -> Message {
        let mut message = self.say(what).of_kind(subject::LIMIT);
        message.causes.push(why.to_owned());
        message.hint(LIMITS_HINT)
    }

    fn failed(&self, failed: &FailedEntry) {
        let (path, attempts) = (self.full(&failed.path), failed.attempts);
        let text = format!("failed to copy {path} to {}", self.destination);
        let message = self
            .say_of_destination(text)
            .about_path(path)
            .about_attempt(attempts)
            .caused_by_upload(&failed.error);
        match failed.next_try {
            _ if !self.queued => message.error(),
            Some(next) => message
                .hint(format!(
                    "attempt {attempts}; it is tried again after {}",
                    time(next)
                ))
                .warning(),
            None => message
                .hint(format!(
                    "attempt {attempts}; it is parked now: mend the cause, then `retry {}`",
                    failed.path
                ))
                .error(),
        }
    }

    /// What becomes of a batch, for who wants to know it in detail.
    fn batch(&self, event: &PushEvent<'_>) {
        let to = &self.destination;
        match event {
            PushEvent::Started(paths) => {
                let text = format!("copying {} to {to}", count(paths.len(), "path"));
                self.say_of_destination(text).debug();
            }
            PushEvent::Uploaded(paths) => {
                self.say_of_destination(format!("copied {}", count(paths.len(), "path")))
                    .debug();
                for path in *paths {
                    self.say_of(path, format!("copied {}", self.full(path)))
                        .about_destination(to)
                        .debug();
                }
            }
            PushEvent::Split(size, error) => {
                let together = format!("failed to copy {} together", count(*size, "path"));
                let mut message = self.say_of_destination(together + "; trying smaller parts");
                message.details.clone_from(&error.message);
                message.of_kind(subject::of_upload(error.kind)).debug();
            }
            _ => {}
        }
    }
}

impl PushObserver for Narrator<'_> {
    fn notice(&mut self, event: &PushEvent<'_>) {
        self.watched.note(event);
        if let PushEvent::Waiting { time, why } = event {
            return self.waiting(*time, why);
        }
        self.has_dropped |= matches!(event, PushEvent::Dropped(..));
        match event {
            PushEvent::LedgerLost(error) => self.ledger_lost(error),
            PushEvent::OtherDestination(number) => self.other_destination(*number),
            PushEvent::Foreign(foreign) => warn_of_foreign(self.queue, foreign),
            PushEvent::Rooted(path) => {
                let text = format!("{} had no root and has one now", self.full(path));
                self.say_of(path, text).info();
            }
            PushEvent::Invalid(path) => self.invalid(path),
            PushEvent::Dropped(path, why) => self.dropped(path, why),
            PushEvent::Closed(why) => self
                .limited("nothing new is queued from now on", why)
                .hint(OPENED_BY)
                .error(),
            PushEvent::Opened => self.say("what is new is queued again").info(),
            PushEvent::Warning(warning) => {
                let text = format!("{} {}", self.full(&warning.path), warning.message);
                self.say_of(&warning.path, text).warning();
            }
            PushEvent::Failed(failed) => self.failed(failed),
            PushEvent::Problem(error) => Message::from(*error).about_queue(self.queue).error(),
            PushEvent::Started(_) | PushEvent::Uploaded(_) | PushEvent::Split(..) => {
                self.batch(event);
            }
            _ => {}
        }
    }
}
