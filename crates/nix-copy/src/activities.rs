//! What Nix is at, as its log tells: each thing has a number, a beginning, states
//! and an end.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::internal_json::PROGRESS;

/// Most activities that are remembered; results of others are no news. A copy has
/// a few, and one or two more for each path that goes at the same moment.
const MAX_ACTIVITIES: usize = 10_000;
/// Most states of one activity that are remembered, each of another kind.
const MAX_KINDS: usize = 16;

/// Bounded, however much is begun.
#[derive(Debug, Default)]
pub(crate) struct Activities {
    /// What was begun and did not end, by id.
    under_way: HashMap<u64, Activity>,
    cut_short: Option<String>,
}

#[derive(Debug, Default)]
struct Activity {
    /// The last state of each kind, as its hash: only whether it changed matters.
    states: HashMap<u64, u64>,
    /// The store path that is copied.
    copied: Option<String>,
    /// Whether fewer bytes were done than expected when Nix last told.
    is_unfinished: bool,
}

impl Activity {
    /// Notes a state. Whether it is another one than before.
    fn note(&mut self, kind: u64, state: &str) -> bool {
        if self.states.len() >= MAX_KINDS && !self.states.contains_key(&kind) {
            return false;
        }
        let mut hasher = DefaultHasher::new();
        state.hash(&mut hasher);
        let hash = hasher.finish();
        self.states.insert(kind, hash) != Some(hash)
    }
}

impl Activities {
    pub(crate) fn begin(&mut self, id: u64, copied: Option<String>) {
        if self.under_way.len() < MAX_ACTIVITIES {
            let activity = self.under_way.entry(id).or_default();
            activity.copied = copied;
        }
    }

    pub(crate) fn end(&mut self, id: u64) {
        let ended = self.under_way.remove(&id);
        let unfinished = ended.filter(|activity| activity.is_unfinished);
        if self.cut_short.is_none() {
            self.cut_short = unfinished.and_then(|activity| activity.copied);
        }
    }

    pub(crate) fn is_under_way(&self, id: u64) -> bool {
        self.under_way.contains_key(&id)
    }

    /// Notes a state. Whether that is news: of something under way, and another one than
    /// before.
    pub(crate) fn note(&mut self, id: u64, kind: u64, state: &str) -> bool {
        let Some(activity) = self.under_way.get_mut(&id) else {
            return false;
        };
        if kind == PROGRESS
            && activity.copied.is_some()
            && let Some((done, expected)) = progress(state)
        {
            activity.is_unfinished = with_padding(done, expected) < expected;
        }
        activity.note(kind, state)
    }

    /// The first store path whose copy ended unfinished, as Nix printed it. Others that
    /// were under way then are ended because of it, and are not at fault. None of 2.8.0,
    /// which does not tell how far a copy to `file://` is.
    pub(crate) fn cut_short(&self) -> Option<&str> {
        self.cut_short.as_deref()
    }
}

/// Bytes done and expected: `[40,120,0,0]`.
fn progress(state: &str) -> Option<(u64, u64)> {
    let mut numbers = state.strip_prefix('[')?.split(',');
    let mut number = || numbers.next()?.trim().parse().ok();
    Some((number()?, number()?))
}

/// The last word of a NAR is a `)` and 7 bytes of padding, of which 2.26.3 tells nothing: by its account no
/// path is copied whole, but to `ssh-ng://`.
fn with_padding(done: u64, expected: u64) -> u64 {
    match expected.checked_sub(done) {
        Some(0..=7) => expected,
        _ => done,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn copy(activities: &mut Activities, id: u64, states: &[&str]) {
        activities.begin(id, Some(format!("/s/{id}")));
        for state in states {
            assert!(activities.note(id, PROGRESS, state));
        }
    }

    #[test]
    fn the_first_copy_that_ends_in_the_middle_is_told() {
        let mut activities = Activities::default();
        copy(&mut activities, 1, &["[8,120,0,0]", "[120,120,0,0]"]);
        copy(&mut activities, 2, &["[8,120,0,0]"]);
        copy(&mut activities, 3, &["[0,0,0,0]"]);
        copy(&mut activities, 4, &["nonsense", "[", "[1", "[-1,2]"]);
        copy(&mut activities, 5, &[]);
        activities.begin(6, None);
        activities.note(6, PROGRESS, "[1,40,0,0]");
        copy(&mut activities, 7, &["[8,120,0,0]"]);
        for id in 1..10 {
            activities.end(id);
        }
        assert_eq!(activities.cut_short(), Some("/s/2"));
    }

    #[test]
    fn a_copy_that_lacks_the_padding_is_not_cut_short() {
        let mut activities = Activities::default();
        copy(&mut activities, 1, &["[8,120,0,0]", "[113,120,0,0]"]);
        activities.end(1);
        assert_eq!(activities.cut_short(), None);
        copy(&mut activities, 2, &["[112,120,0,0]"]);
        activities.end(2);
        assert_eq!(activities.cut_short(), Some("/s/2"));
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut activities = Activities::default();
        for id in 0..2 * MAX_ACTIVITIES as u64 {
            copy(&mut activities, id, &[]);
            activities.note(id, PROGRESS, "[0,1]");
        }
        assert!(activities.under_way.len() <= MAX_ACTIVITIES);
        for kind in 0..1_000 {
            activities.note(0, 1_000 + kind, "0");
        }
        assert!(activities.under_way[&0].states.len() <= MAX_KINDS);
        assert!(activities.note(0, PROGRESS, "1"), "it is known still");
    }
}
