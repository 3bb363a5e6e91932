//! What must hold, whatever happened.

use std::time::Duration;

use queue_core::testing::Health;
use queue_core::{Ledger, Outcome};

use super::stage::Stage;
use super::witness::Key;

/// Whether all promises were kept; else one that was broken, in words.
pub type Kept = Result<(), String>;

macro_rules! must {
    ($holds:expr, $($words:tt)+) => {
        if !$holds {
            return Err(format!($($words)+));
        }
    };
}

impl Stage {
    pub fn has_arrived(&self, (queue, path): &Key) -> bool {
        let holds = self.world.destination(*queue, |there| there.holds.clone());
        self.witness().closure(path).is_subset(&holds)
    }

    fn is_queued(&self, (queue, path): &Key) -> bool {
        let leaving = self.world.leaving(*queue);
        self.world.queued(*queue).contains(path) || leaving.contains(path)
    }

    pub fn is_parked(&self, (queue, path): &Key) -> bool {
        let text = self.world.ledger(*queue);
        let ledger = text.and_then(|text| Ledger::from_text(&text).ok());
        let failures = ledger.as_ref().and_then(|ledger| ledger.entry(path));
        failures.is_some_and(|failures| failures.parked_since.is_some())
    }

    /// What was accepted is valid and queued, or it arrived. What was dropped
    /// does not come back. Limits do what they say and no more, and nothing
    /// damaged arrives where contents are compared.
    pub fn nothing_is_lost(&self) -> Kept {
        let broken = self.witness().limits.broken.clone();
        must!(broken.is_empty(), "a limit did what it may not: {broken:?}");
        for queue in 0..self.queues() {
            let spoilt = self.spoilt(queue);
            must!(spoilt.is_empty(), "{spoilt:?} arrived damaged");
        }
        let accepted = self.witness().accepted.clone();
        for key in &accepted {
            let kept = self.is_queued(key) && self.world.is_valid(&key.1);
            let valid = self.world.is_valid(&key.1);
            must!(
                kept || self.has_arrived(key),
                "lost {key:?}, which was accepted (queued: {}, valid: {valid})",
                self.is_queued(key)
            );
        }
        let dropped = self.witness().dropped.clone();
        for key in &dropped {
            let queued = self.world.queued(key.0).contains(&key.1);
            must!(!queued, "{key:?} was dropped and is back");
        }
        Ok(())
    }

    /// The memory of failures is one that was once written, in whole.
    pub fn ledgers_are_old_or_new(&self) -> Kept {
        for queue in 0..self.queues() {
            let text = self.world.ledger(queue);
            let readable = text
                .as_deref()
                .is_none_or(|text| Ledger::from_text(text).is_ok());
            must!(readable, "unreadable ledger {text:?}");
            let known = self.witness().ledgers.contains(&(queue, text.clone()));
            must!(known, "no push ever wrote the ledger {text:?}");
        }
        Ok(())
    }

    /// After a push every entry is held.
    pub fn every_entry_is_held(&self, queue: usize) -> Kept {
        for path in self.world.queued(queue) {
            must!(
                self.world.is_held(queue, &path),
                "{path} has no root after a push"
            );
        }
        Ok(())
    }

    /// After a collector ran, every root is that of an entry.
    pub fn no_root_is_stray(&self) -> Kept {
        // The rooms for what leaves as well.
        for queue in 0..2 * self.queues() {
            let queued = self.world.queued(queue);
            for path in self.world.roots(queue) {
                must!(queued.contains(&path), "stray root of {path}");
            }
        }
        Ok(())
    }

    /// A collector runs, and another one, and finds nothing that is ours.
    pub fn collectors_run(&self) -> Kept {
        self.world.collect();
        self.world.collect();
        self.no_root_is_stray()?;
        self.nothing_is_lost()
    }

    /// With the destination as it is: whatever it takes gets there.
    pub fn others_arrive(&self) -> Kept {
        let pushing = self.forced();
        for queue in 0..self.queues() {
            let there = self.world.destination(queue, |there| there.clone());
            if there.health != Health::Well {
                pushing.push(&pushing.process(), queue);
                pushing.every_entry_is_held(queue)?;
                continue;
            }
            pushing.push_once(queue)?;
            let accepted = pushing.witness().accepted.clone();
            for key in accepted.iter().filter(|key| key.0 == queue) {
                let refused = &there.cannot_take | &there.loses;
                let sound = !self.world.is_damaged(&key.1) && self.world.can_be_compared(&key.1);
                let good = sound && self.witness().closure(&key.1).is_disjoint(&refused);
                let excused = self.may_be_parked && pushing.is_parked(key);
                let arrived = pushing.has_arrived(key);
                must!(arrived || excused || !good, "{key:?} is held up by others");
            }
        }
        Ok(())
    }

    /// With healthy destinations everything arrives and nothing stays behind.
    pub fn all_arrive(&self) -> Kept {
        let pushing = self.forced();
        pushing.repair_all();
        for queue in 0..self.queues() {
            pushing.world.destination(queue, |there| {
                there.health = Health::Well;
                there.cannot_take.clear();
                there.loses.clear();
            });
            for _ in 0..3 {
                let leaving = pushing.world.leaving(queue);
                if !pushing.world.queued(queue).is_empty() || !leaving.is_empty() {
                    pushing.push_once(queue)?;
                }
            }
            // What is parked waits for somebody.
            if !pushing.world.queued(queue).is_empty() {
                pushing.retry(&pushing.process(), queue);
                pushing.push_once(queue)?;
            }
            pushing.opens(queue)?;
            let left = pushing.world.queued(queue);
            must!(left.is_empty(), "queued for ever: {left:?}");
            let leaving = pushing.world.leaving(queue);
            must!(leaving.is_empty(), "leaving for ever: {leaving:?}");
        }
        pushing.every_accepted_one_arrived()?;
        pushing.collectors_run()
    }

    fn every_accepted_one_arrived(&self) -> Kept {
        let accepted = self.witness().accepted.clone();
        for key in &accepted {
            must!(
                self.has_arrived(key),
                "{key:?} was accepted and did not arrive"
            );
        }
        let seen = self.witness().seen.clone();
        for key in &seen {
            let left_rightly = self.has_arrived(key) || !self.world.is_valid(&key.1);
            must!(left_rightly, "{key:?} left the queue without a reason");
        }
        Ok(())
    }

    /// A push of a queue that is within its limits opens it.
    fn opens(&self, queue: usize) -> Kept {
        let closes = self.world.limits(queue).may_close();
        if closes && self.world.closed(queue).is_some() {
            self.push_once(queue)?;
            must!(self.world.closed(queue).is_none(), "closed for ever");
        }
        Ok(())
    }

    pub fn repair_all(&self) {
        let known = self.witness().known();
        known.iter().for_each(|path| self.world.repair(path));
    }

    fn push_once(&self, queue: usize) -> Kept {
        self.begin_act();
        self.world.wait(Duration::from_secs(3600));
        let (said, report) = self.push(&self.process(), queue);
        let report = report.ok_or(format!("the push failed: {said}"))?;
        let ran = match report.outcome {
            Outcome::Finished => true,
            // Where nothing can be compared, it is the machine that cannot compare.
            Outcome::Broken(_) => self.nothing_can_be_compared(queue),
            _ => false,
        };
        must!(ran, "the push did not finish: {said}");
        must!(report.problems.is_empty(), "the push had problems: {said}");
        self.every_entry_is_held(queue)?;
        self.nothing_is_lost()
    }

    fn nothing_can_be_compared(&self, queue: usize) -> bool {
        let queued = self.world.queued(queue);
        queued.iter().all(|path| !self.world.can_be_compared(path))
    }

    /// A copy that does not wait for what backs off.
    fn forced(&self) -> Self {
        let mut forced = self.clone();
        forced.options.force = true;
        forced.begin_act();
        forced
    }

    /// Everything that must hold after the system is started again.
    pub fn recovers(&self) -> Kept {
        self.ledgers_are_old_or_new()?;
        self.collectors_run()?;
        self.others_arrive()?;
        self.all_arrive()
    }
}
