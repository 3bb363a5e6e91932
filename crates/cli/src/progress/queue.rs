//! What is known of one queue's push: pure.

use std::mem::discriminant;
use std::time::{Duration, Instant};

use nix_copy::{Moved, Share, Stage, UploadEvent, UploadProgress, UploadSnapshot};
use queue_core::{Outcome, PushEvent, StorePath};

use super::batch::Batch;
use super::speed::Speed;
use crate::words;

/// How far the push of one queue is.
#[derive(Debug)]
pub(super) struct QueueProgress {
    pub(super) name: String,
    /// Entries that were ready in this push, those of earlier ones of the same drain that are gone
    /// included.
    all: usize,
    delivered: usize,
    failed: usize,
    /// No longer valid.
    gone: usize,
    /// Entries that are being uploaded.
    uploading: usize,
    upload: UploadProgress,
    speed: Speed,
    /// What it is at, and since when.
    at: Option<At>,
    doing: Doing,
    /// Whether a next push of the same drain counts anew.
    counts_anew: bool,
    /// What the last line about a batch told.
    told: Told,
}

#[derive(Debug, Clone, Copy)]
struct Told {
    at: Instant,
    delivered: usize,
    failed: usize,
    gone: usize,
    copied: (u64, u64),
}

#[derive(Debug, Clone)]
struct At {
    stage: Stage,
    path: Option<StorePath>,
    since: Instant,
}

#[derive(Debug, Clone)]
enum Doing {
    Looking,
    Copying,
    Waiting { until: Instant, why: String },
    Resting,
}

/// What can be seen of it at one moment.
#[derive(Debug, Clone, Default)]
pub(super) struct View {
    pub(super) name: String,
    /// In place of how far it is.
    pub(super) state: Option<String>,
    /// Entries delivered, of all that were ready.
    pub(super) entries: Share,
    pub(super) failed: usize,
    /// Whether other entries follow what is being uploaded, or went before.
    pub(super) has_batches: bool,
    /// With the paths and bytes of the whole push so far, as entries are.
    pub(super) upload: UploadSnapshot,
    /// Bytes a second, of what is read or sent at this stage.
    pub(super) speed: Option<u64>,
    /// How long it is at this stage with the same path.
    pub(super) time: Duration,
    /// All of it, in thousandths.
    pub(super) thousandths: usize,
}

impl QueueProgress {
    pub(super) fn new(name: &str, now: Instant) -> Self {
        Self {
            name: name.to_owned(),
            all: 0,
            delivered: 0,
            failed: 0,
            gone: 0,
            uploading: 0,
            upload: UploadProgress::default(),
            speed: Speed::default(),
            at: None,
            doing: Doing::Looking,
            counts_anew: false,
            told: Told {
                at: now,
                delivered: 0,
                failed: 0,
                gone: 0,
                copied: (0, 0),
            },
        }
    }

    /// What the uploader tells.
    pub(super) fn upload(&mut self, event: &UploadEvent) {
        self.upload.note(event);
    }

    /// What the push tells. A batch that is over, and in which something happened.
    pub(super) fn note(&mut self, event: &PushEvent<'_>, now: Instant) -> Option<Batch> {
        match event {
            PushEvent::Ready(number) => self.ready(*number, now),
            PushEvent::Started(paths) => {
                self.uploading = paths.len();
                self.doing = Doing::Copying;
            }
            PushEvent::Uploaded(paths) => {
                self.delivered += paths.len();
                self.uploading = self.uploading.saturating_sub(paths.len());
            }
            PushEvent::Split(..) => self.uploading = 0,
            PushEvent::Failed(_) => {
                self.failed += 1;
                self.uploading = 0;
            }
            PushEvent::Invalid(_) => self.gone += 1,
            PushEvent::BatchEnded => {
                self.uploading = 0;
                self.doing = Doing::Looking;
                return self.batch(now);
            }
            PushEvent::Waiting { time, why } => {
                self.counts_anew = true;
                self.doing = Doing::Waiting {
                    until: now + *time,
                    why: reason(why),
                };
            }
            PushEvent::Resting => {
                self.counts_anew = true;
                self.doing = Doing::Resting;
            }
            _ => {}
        }
        None
    }

    fn ready(&mut self, number: usize, now: Instant) {
        if self.counts_anew {
            self.counts_anew = false;
            self.failed = 0;
            self.gone = 0;
            self.all = self.delivered;
            self.told.failed = 0;
            self.told.gone = 0;
        }
        self.all += number;
        self.told.at = now;
    }

    /// What happened since the last one was over.
    fn batch(&mut self, now: Instant) -> Option<Batch> {
        let told = Told {
            at: now,
            delivered: self.delivered,
            failed: self.failed,
            gone: self.gone,
            copied: self.upload.copied(),
        };
        let before = std::mem::replace(&mut self.told, told);
        let batch = Batch {
            delivered: self.delivered,
            all: self.all.max(self.delivered),
            failed: self.failed - before.failed,
            paths: told.copied.0.saturating_sub(before.copied.0),
            bytes: told.copied.1.saturating_sub(before.copied.1),
            time: now.saturating_duration_since(before.at),
        };
        let has_news = told.delivered > before.delivered || batch.failed > 0 || batch.paths > 0;
        has_news.then_some(batch)
    }

    /// What can be seen of it now.
    pub(super) fn view(&mut self, now: Instant, stops: bool) -> View {
        let mut upload = self.upload.snapshot();
        self.speed.look(now, upload.moved);
        let time = self.look_at(now, &upload);
        let settled = self.delivered + self.failed + self.gone;
        let state = self.state(now, stops, &upload);
        let thousandths = self.thousandths(settled, &upload);
        (upload.paths, upload.bytes) = self.upload.in_all();
        View {
            name: self.name.clone(),
            state,
            entries: Share {
                done: self.delivered as u64,
                expected: Some(self.all.max(self.delivered) as u64),
            },
            failed: self.failed,
            has_batches: settled > 0 || self.all > self.uploading,
            // Before anything moved there is none.
            speed: self.speed.a_second().filter(|_| has_moved(&upload)),
            time,
            thousandths,
            upload,
        }
    }

    fn look_at(&mut self, now: Instant, upload: &UploadSnapshot) -> Duration {
        let UploadSnapshot { stage, path, .. } = upload;
        let is_same = |at: &At| discriminant(&at.stage) == discriminant(stage) && at.path == *path;
        if !self.at.as_ref().is_some_and(is_same) {
            self.at = None;
        }
        let at = self.at.get_or_insert_with(|| At {
            stage: *stage,
            path: path.clone(),
            since: now,
        });
        now.saturating_duration_since(at.since)
    }

    fn state(&self, now: Instant, stops: bool, upload: &UploadSnapshot) -> Option<String> {
        match &self.doing {
            _ if stops => Some("stops: what is not confirmed stays queued".to_owned()),
            Doing::Looking => Some("looks at what is queued".to_owned()),
            Doing::Copying if upload.paths.expected.is_none() => {
                Some("looks at what the destination lacks".to_owned())
            }
            Doing::Copying => None,
            Doing::Waiting { until, why } => {
                let left = words::seconds(until.saturating_duration_since(now));
                Some(format!("waits {left}: {why}"))
            }
            Doing::Resting => Some("has nothing left, waits for the other queues".to_owned()),
        }
    }

    fn thousandths(&self, settled: usize, upload: &UploadSnapshot) -> usize {
        let share = match (part(upload.bytes), part(upload.paths)) {
            (Some(bytes), _) => bytes,
            (None, Some(paths)) => paths,
            (None, None) => 0,
        };
        // What is read may still have to be sent.
        let share = match upload.paths.expected {
            Some(expected) if upload.paths.done >= expected => share,
            _ => share.min(990),
        };
        let done = settled as u128 * 1_000 + self.uploading as u128 * u128::from(share);
        let all = self.all.max(settled + self.uploading).max(1) as u128;
        usize::try_from(done / all).unwrap_or(1_000).min(1_000)
    }
}

/// In thousandths; `None` where it is not known, or there is nothing.
fn part(share: Share) -> Option<u64> {
    let expected = share.expected.filter(|expected| *expected > 0)?;
    let thousandths = u128::from(share.done) * 1_000 / u128::from(expected);
    Some(u64::try_from(thousandths).unwrap_or(1_000).min(1_000))
}

fn has_moved(upload: &UploadSnapshot) -> bool {
    let Some(Moved::Read(number) | Moved::Sent(number)) = upload.moved else {
        return false;
    };
    number > 0
}

fn reason(why: &Outcome) -> String {
    match why {
        Outcome::AlreadyRunning => "another push is at work".to_owned(),
        Outcome::Unavailable { error, .. } => error.message.clone(),
        Outcome::BackingOff { error, .. } => error.clone(),
        _ => "to try again what failed".to_owned(),
    }
}

#[cfg(test)]
mod tests;
