//! What a queue remembers of failures.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime};

use crate::ledger_text::LAST_SECOND;
use crate::{EntryState, PushEnd, RetryPolicy, StorePath, Totals, UploadError};

/// The memory of one queue's pushes: which entries failed how often, whether
/// the destination is down, how the last push ended.
///
/// Losing it costs only that memory: every entry counts as never tried.
/// Times have a resolution of one second.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ledger {
    pub(crate) entries: BTreeMap<StorePath, Failures>,
    /// The store objects for which an entry was held back: until they are found
    /// sound, or it leaves the queue. Its failures may be forgotten before.
    pub(crate) damaged: BTreeMap<StorePath, Vec<StorePath>>,
    pub(crate) destination: Option<Failures>,
    /// At which one the last failure was, of it or of an entry.
    pub(crate) destination_name: Option<String>,
    pub(crate) last_push: Option<LastPush>,
    pub(crate) totals: Totals,
}

/// The failures of one entry, or of the destination, since its last success.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failures {
    /// How many, at least 1.
    pub attempts: u32,
    /// How many of these may be somebody else's fault: they do not count when it
    /// comes to parking. Always 0 for a destination.
    pub excused: u32,
    /// When the first was.
    pub first_failure: SystemTime,
    /// What it said, one line.
    pub first_error: String,
    /// When the last was.
    pub last_failure: SystemTime,
    /// What it said, one line.
    pub last_error: String,
    /// What the user can do about that, where it is known; one line.
    pub hint: Option<String>,
    /// Not before that time again.
    pub next_try: SystemTime,
    /// Given up until somebody asks for it. Never set for a destination.
    pub parked_since: Option<SystemTime>,
}

/// Whether a failure parks its entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Parking {
    /// It may not be its own fault, and does not count later on either.
    Never,
    /// Once it failed as often as the policy allows.
    AfterMaxAttempts,
    /// Trying again cannot help.
    AtOnce,
}

/// How the last push that had something to do ended. One that finds nothing
/// ready changes nothing here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastPush {
    /// When it ended.
    pub ended: SystemTime,
    /// How long it took, in whole milliseconds; `None` if an older version wrote it.
    pub took: Option<Duration>,
    /// How it ended; `None` if an older version wrote it.
    pub end: Option<PushEnd>,
    /// Entries copied.
    pub uploaded: usize,
    /// Entries that failed.
    pub failed: usize,
    /// Why it ended early, one line; `None` when it went through the queue.
    pub error: Option<String>,
    /// When a push last had something to do and did it without any failure.
    pub last_success: Option<SystemTime>,
}

impl Ledger {
    /// What is known of one entry's failures; `None` when it never failed.
    #[must_use]
    pub fn entry(&self, path: &StorePath) -> Option<&Failures> {
        self.entries.get(path)
    }

    /// What is known of the destination's failures; `None` while it answers.
    #[must_use]
    pub fn destination(&self) -> Option<&Failures> {
        self.destination.as_ref()
    }

    /// How the last push ended.
    #[must_use]
    pub fn last_push(&self) -> Option<&LastPush> {
        self.last_push.as_ref()
    }

    /// What all pushes did together.
    #[must_use]
    pub fn totals(&self) -> &Totals {
        &self.totals
    }

    /// Whether a push at `now` would take the entry.
    #[must_use]
    pub fn state(&self, path: &StorePath, now: SystemTime, policy: &RetryPolicy) -> EntryState {
        match self.entries.get(path) {
            None => EntryState::Ready,
            Some(failures) => failures.state(now, policy),
        }
    }

    /// Forgets all about an entry, which left the queue. Gives whether anything
    /// was known.
    pub fn forget(&mut self, path: &StorePath) -> bool {
        let damaged = self.damaged.remove(path).is_some();
        self.forget_failures(path) || damaged
    }

    /// Forgets an entry's failures: it is tried in the next push. Gives
    /// whether there were any. What was found damaged is no failure: that
    /// somebody asks for the entry mends nothing, and others may bring it along.
    pub fn forget_failures(&mut self, path: &StorePath) -> bool {
        self.entries.remove(path).is_some()
    }

    /// Forgets the destination's failures: the next push asks it again.
    pub fn forget_destination(&mut self) -> bool {
        self.destination.take().is_some()
    }

    /// What was found damaged, and holds entries back since.
    pub(crate) fn damaged(&self) -> BTreeSet<StorePath> {
        self.damaged.values().flatten().cloned().collect()
    }

    /// Says that an entry is held back for these objects; none: not any more.
    pub(crate) fn note_damage(&mut self, path: &StorePath, objects: Vec<StorePath>) {
        match objects.is_empty() {
            true => self.damaged.remove(path),
            false => self.damaged.insert(path.clone(), objects),
        };
    }

    /// Forgets entries that `keep` does not want: those that left the queue.
    pub(crate) fn retain(&mut self, keep: impl Fn(&StorePath) -> bool) {
        self.entries.retain(|path, _| keep(path));
        self.damaged.retain(|path, _| keep(path));
    }

    pub(crate) fn entry_failed(
        &mut self,
        path: &StorePath,
        error: &UploadError,
        now: SystemTime,
        policy: &RetryPolicy,
        random: u64,
        parking: Parking,
    ) -> &Failures {
        let known = self.entries.remove(path);
        let mut failures = Failures::one_more(known, error, now, policy, random);
        failures.excused += u32::from(parking == Parking::Never);
        let parks = match parking {
            Parking::Never => false,
            Parking::AfterMaxAttempts => failures.its_own() >= policy.max_attempts.get(),
            Parking::AtOnce => true,
        };
        if parks {
            failures.parked_since = failures.parked_since.or(Some(now));
        }
        self.entries.entry(path.clone()).or_insert(failures)
    }

    /// What failed at one destination says nothing about another: if the last
    /// failure was at one of another name, forgets all failures but those of
    /// what is damaged. Gives of how many entries that were.
    pub fn forget_other_destinations(&mut self, name: &str) -> usize {
        if self.destination_name.as_deref() == Some(name) {
            return 0;
        }
        self.destination = None;
        if self.destination_name.is_none() {
            // Written before names were noted with each failure.
            return 0;
        }
        let before = self.entries.len();
        let damaged = &self.damaged;
        self.entries.retain(|path, _| damaged.contains_key(path));
        before - self.entries.len()
    }

    /// Says where entries fail from now on.
    pub(crate) fn note_destination(&mut self, name: &str) {
        if self.destination_name.as_deref() != Some(name) {
            self.destination_name = Some(name.to_owned());
        }
    }

    pub(crate) fn destination_failed(
        &mut self,
        name: &str,
        error: &UploadError,
        now: SystemTime,
        policy: &RetryPolicy,
        random: u64,
    ) -> &Failures {
        let known = self.destination.take();
        self.note_destination(name);
        let failures = Failures::one_more(known, error, now, &policy.for_destination(), random);
        self.destination.insert(failures)
    }
}

/// A wait that no clock can show does not end, it is not over.
fn later(now: SystemTime, wait: Duration) -> SystemTime {
    let latest = || now.max(SystemTime::UNIX_EPOCH + Duration::from_secs(LAST_SECOND));
    now.checked_add(wait).unwrap_or_else(latest)
}

impl Failures {
    fn one_more(
        known: Option<Self>,
        error: &UploadError,
        now: SystemTime,
        policy: &RetryPolicy,
        random: u64,
    ) -> Self {
        let attempts = known
            .as_ref()
            .map_or(1, |old| old.attempts.saturating_add(1));
        let wait = policy.delay_after(attempts, random);
        let old = known.unwrap_or_else(|| Self {
            attempts,
            excused: 0,
            first_failure: now,
            first_error: error.message.clone(),
            last_failure: now,
            last_error: String::new(),
            hint: None,
            next_try: now,
            parked_since: None,
        });
        Self {
            attempts,
            last_failure: now,
            last_error: error.message.clone(),
            hint: error.hint.clone(),
            next_try: later(now, wait),
            ..old
        }
    }

    fn its_own(&self) -> u32 {
        self.attempts.saturating_sub(self.excused)
    }

    /// Whether it is this one's turn at `now`.
    ///
    /// A next try further away than the policy's longest wait was written by a
    /// clock that has since been set back: it is due.
    #[must_use]
    pub fn state(&self, now: SystemTime, policy: &RetryPolicy) -> EntryState {
        if let Some(since) = self.parked_since {
            return EntryState::Parked { since };
        }
        match self.next_try.duration_since(now) {
            Ok(wait) if !wait.is_zero() && wait <= policy.max_delay => EntryState::BackingOff {
                until: self.next_try,
            },
            _ => EntryState::Ready,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::UploadErrorKind;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_failure_is_not_due_at_once_however_long_its_wait_is(
            delay in (1..u64::MAX).prop_map(Duration::from_secs),
            attempts in 1..40u32,
            random: u64,
        ) {
            let policy = RetryPolicy { delay, max_delay: Duration::MAX, ..RetryPolicy::default() };
            let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
            let error = UploadError::new(UploadErrorKind::Paths, "why");
            let mut known = None;
            for _ in 0..attempts {
                known = Some(Failures::one_more(known, &error, now, &policy, random));
            }
            let state = known.map(|failures| failures.state(now, &policy));
            let waits = matches!(state, Some(EntryState::BackingOff { .. }));
            prop_assert!(waits, "{state:?}");
        }
    }
}
