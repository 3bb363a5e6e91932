//! What limits may do, by a model of its own: a path leaves for one only if it
//! was exceeded, and whoever lives to tell it tells it.

use std::time::Duration;

use queue_core::testing::Process;
use queue_core::*;

use super::stage::{Stage, of};
use super::witness::Key;

/// What was counted before somebody acted.
pub struct Before {
    refused: usize,
    dropped: usize,
    /// Of each path: whether it was queued, and how often somebody wanted it.
    paths: Vec<(StorePath, bool, usize)>,
}

impl Stage {
    /// Limits the only queue.
    pub fn limited(self, limits: Limits) -> Self {
        self.world.set_limits(0, limits);
        self
    }

    /// Somebody begins to act: what was beyond a limit before says nothing.
    pub fn begin_act(&self) {
        self.witness().limits.begin();
    }

    /// Notes what each queue's limits would allow at this moment.
    pub fn observe(&self) {
        for queue in 0..self.queues() {
            let limits = self.world.limits(queue);
            if !limits.is_empty() {
                self.observe_entries(queue, &limits);
                self.observe_age_and_size(queue, &limits);
            }
        }
    }

    fn observe_entries(&self, queue: usize, limits: &Limits) {
        let queued = self.world.entries(queue);
        let mut witness = self.witness();
        if limits.may_close() && self.world.closed(queue).is_some() {
            witness.limits.closed.insert(queue);
        }
        let Some(limit) = limits.max_entries else {
            return;
        };
        let excess = queued.len().saturating_sub(limit.at_most);
        let keys = queued.into_iter().map(|entry| (queue, entry.path));
        match limit.beyond {
            Beyond::DropOldest => witness.limits.droppable.extend(keys.take(excess)),
            Beyond::Refuse => witness.limits.queued.extend(keys),
        }
    }

    fn observe_age_and_size(&self, queue: usize, limits: &Limits) {
        let (queued, now) = (self.world.entries(queue), self.world.now());
        if let Some(limit) = limits.max_age {
            let is_old = |entry: &&Entry| {
                let age = now.duration_since(entry.enqueued_at);
                age.unwrap_or(Duration::ZERO) > limit.at_most
            };
            let old = queued.iter().filter(is_old).map(|entry| &entry.path);
            self.note_beyond(queue, limit.beyond, old.cloned().collect());
        }
        if let Some(limit) = limits.max_pinned {
            let paths: Vec<_> = queued.into_iter().map(|entry| entry.path).collect();
            let objects = self.world.process().closure(&paths).unwrap();
            let bytes: u64 = objects.iter().map(|object| object.nar_size).sum();
            if bytes > limit.at_most {
                self.note_beyond(queue, limit.beyond, paths);
            }
        }
    }

    /// Nothing but what is parked leaves in a push that tried nothing.
    fn note_beyond(&self, queue: usize, action: Beyond, mut paths: Vec<StorePath>) {
        if paths.is_empty() {
            return;
        }
        if action == Beyond::Refuse {
            self.witness().limits.beyond.insert(queue);
            return;
        }
        if !self.witness().limits.tried {
            paths.retain(|path| self.is_parked(&(queue, path.clone())));
        }
        self.witness().limits.droppable.extend(of(queue, &paths));
    }

    pub fn before(&self, queue: usize, paths: &[StorePath]) -> Before {
        let queued = self.world.queued(queue);
        let known = of(queue, paths).map(|key| {
            let wishes = self.witness().wishes(&key);
            let was_queued = queued.contains(&key.1);
            (key.1, was_queued, wishes)
        });
        Before {
            refused: self.world.counted(queue, LimitAction::Refused),
            dropped: self.world.counted(queue, LimitAction::Dropped),
            paths: known.collect(),
        }
    }

    /// Of an enqueue that lived to tell.
    pub fn note_limits_of_enqueue(&self, queue: usize, report: &QueueReport, before: &Before) {
        let faultless = report.problems.is_empty();
        self.note_dropped(queue, &report.dropped, faultless, before);
        self.note_refused(queue, report, before);
        for (path, ..) in &before.paths {
            let named = [
                &report.added,
                &report.already,
                &report.absent,
                &report.refused,
                &report.dropped,
            ];
            let failed = report.failed.iter().any(|(failed, _)| failed == path);
            let told = failed || named.iter().any(|named| named.contains(path));
            self.note_unless(told, || format!("nobody said what became of {path}"));
        }
    }

    /// Or closed. Who enqueues sees once how many there are, and adds what he
    /// brings.
    fn was_full(&self, queue: usize) -> bool {
        let limit = self.world.limits(queue).max_entries;
        let seen = &self.witness().limits;
        let number = seen.queued.iter().filter(|key| key.0 == queue).count();
        let is_full = |limit: Limit<usize>| number >= limit.at_most;
        seen.closed.contains(&queue) || limit.is_some_and(is_full)
    }

    fn note_refused(&self, queue: usize, report: &QueueReport, before: &Before) {
        let refused = &report.refused;
        if refused.is_empty() {
            return;
        }
        let was_full = self.was_full(queue);
        self.note_unless(was_full, || format!("{refused:?} refused where was room"));
        let why = report.refused_because.is_some();
        self.note_unless(why, || format!("{refused:?} refused without a reason"));
        let counted = self.world.counted(queue, LimitAction::Refused) - before.refused;
        let told = counted >= refused.len() || !report.problems.is_empty();
        self.note_unless(told, || {
            format!("{refused:?} refused, and {counted} counted")
        });
        self.witness().limits.refused += refused.len();
        let queued = self.world.queued(queue);
        for (path, was_queued, wishes) in &before.paths {
            // Its own wish at the beginning and at the end.
            let key = (queue, path.clone());
            let alone = self.witness().wishes(&key) == wishes + 2;
            if alone && refused.contains(path) && !self.world.leaving(queue).contains(path) {
                let kept_out = !was_queued && !queued.contains(path);
                let gone = *was_queued && !queued.contains(path);
                self.note_unless(kept_out || gone, || format!("{path} refused, and queued"));
            }
        }
    }

    /// Of a push that lived to tell: its report, and what it told on the way.
    pub fn note_limits_of_push(
        &self,
        queue: usize,
        report: &PushReport,
        told: &[StorePath],
        before: &Before,
    ) {
        let faultless = report.problems.is_empty();
        let dropped = &report.dropped;
        self.note_unless(told == dropped, || {
            format!("{dropped:?} dropped, {told:?} told")
        });
        self.note_dropped(queue, dropped, faultless, before);
        let was_beyond = self.was_beyond(queue);
        let was_closed = self.witness().limits.closed.contains(&queue);
        let rightly = report.closed.is_none() || was_beyond || was_closed;
        self.note_unless(rightly, || "said to be closed, and was not".to_owned());
    }

    fn was_beyond(&self, queue: usize) -> bool {
        self.witness().limits.beyond.contains(&queue)
    }

    /// A push said that it closes the queue.
    pub fn note_closed(&self, queue: usize) {
        let rightly = self.was_beyond(queue);
        self.note_unless(rightly, || "closed within its limits".to_owned());
    }

    fn note_dropped(&self, queue: usize, paths: &[StorePath], faultless: bool, before: &Before) {
        let counted = self.world.counted(queue, LimitAction::Dropped) - before.dropped;
        let told = counted >= paths.len() || !faultless;
        self.note_unless(told, || format!("{paths:?} dropped, and {counted} counted"));
        for key in of(queue, paths) {
            let rightly = self.witness().limits.droppable.contains(&key) || !faultless;
            self.note_unless(rightly, || format!("{key:?} dropped within its limits"));
            self.witness().excuse(&key);
        }
        self.witness().limits.dropped += paths.len();
        if !faultless {
            self.note_interrupted(queue);
        }
    }

    /// Who is killed while he drops, or cannot do it in full, leaves it half
    /// done, and the dead tell nothing.
    pub fn note_interrupted(&self, queue: usize) {
        let droppable = self.witness().limits.droppable.clone();
        let is_kept = |key: &Key| self.world.is_held(key.0, &key.1) || self.has_arrived(key);
        let ours = droppable.iter().filter(|key| key.0 == queue);
        for key in ours.filter(|key| !is_kept(key)) {
            let mut witness = self.witness();
            witness.limits.untold += usize::from(witness.accepted.contains(key));
            witness.excuse(key);
        }
    }

    fn note_unless(&self, holds: bool, broken: impl FnOnce() -> String) {
        if !holds {
            self.witness().limits.broken.push(broken());
        }
    }

    /// What arrived damaged at its destination.
    pub fn spoilt(&self, queue: usize) -> Vec<StorePath> {
        let there = self.world.destination(queue, |there| there.spoilt.clone());
        there.into_iter().collect()
    }

    pub fn drain(&self, process: &Process<'_>, queue: usize, time: &dyn DrainTime) -> String {
        let drained = |observer: &mut dyn PushObserver| {
            let drained = process.queue(queue).drain(&self.options, time, observer);
            let end = drained.as_ref().ok().map(|report| report.end);
            let (text, push) = (format!("{end:?}"), drained.map(|report| report.push));
            (text, push)
        };
        let (end, (said, _)) = self.pushed(process, queue, drained);
        format!("{said}\n{end}")
    }

    /// Of a drain during which nobody enqueues, pushes or sets the clock: what
    /// it dropped, no later try of its own could have delivered.
    pub fn note_what_a_drain_dropped(&self, said: &str) {
        let (_, after) = said.split_once("Dropped(").unwrap_or_default();
        let goes_on = after.contains("\nStarted(") || after.contains("\nWaiting {");
        self.note_unless(!goes_on, || "dropped before the last try".to_owned());
    }
}
