//! What Nix is at, as its log tells: each thing has a number, a beginning, states
//! and an end.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use queue_core::StorePath;

use crate::CopyEvent;
use crate::internal_json::{PROGRESS, SET_EXPECTED, What, expected_bytes, two_numbers};

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
    what: What,
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
    /// What that says of a copy.
    pub(crate) fn begin(&mut self, id: u64, what: What) -> Option<CopyEvent> {
        if self.under_way.len() >= MAX_ACTIVITIES {
            return None;
        }
        let event = match &what {
            What::Copy { paths } => Some(CopyEvent::Paths(*paths)),
            What::Path(path) => Some(CopyEvent::PathBegan {
                id,
                path: store_path(path),
            }),
            What::Upload | What::Other => None,
        };
        self.under_way.entry(id).or_default().what = what;
        event
    }

    /// What that says of a copy.
    pub(crate) fn end(&mut self, id: u64) -> Option<CopyEvent> {
        let ended = self.under_way.remove(&id)?;
        match ended.what {
            What::Path(path) => {
                if ended.is_unfinished && self.cut_short.is_none() {
                    self.cut_short = Some(path);
                }
                Some(CopyEvent::PathEnded { id })
            }
            What::Upload => Some(CopyEvent::UploadEnded { id }),
            What::Copy { .. } | What::Other => None,
        }
    }

    pub(crate) fn is_under_way(&self, id: u64) -> bool {
        self.under_way.contains_key(&id)
    }

    /// Notes a state. Whether that is news: of something under way, and another one than
    /// before.
    pub(crate) fn note(&mut self, id: u64, kind: u64, state: &str) -> bool {
        self.under_way
            .get_mut(&id)
            .is_some_and(|activity| activity.note(kind, state))
    }

    /// What the state of something under way says of a copy.
    pub(crate) fn moved(&mut self, id: u64, kind: u64, state: &str) -> Option<CopyEvent> {
        let activity = self.under_way.get_mut(&id)?;
        match (&activity.what, kind) {
            (What::Copy { .. }, SET_EXPECTED) => expected_bytes(state).map(CopyEvent::Bytes),
            (What::Copy { .. }, PROGRESS) => {
                two_numbers(state).map(|(done, _)| CopyEvent::PathsDone(done))
            }
            (What::Path(_), PROGRESS) => {
                let (done, expected) = two_numbers(state)?;
                let done = with_padding(done, expected);
                activity.is_unfinished = done < expected;
                Some(CopyEvent::PathMoved { id, done, expected })
            }
            // At its end the state is empty.
            (What::Upload, PROGRESS) => two_numbers(state)
                .filter(|(_, expected)| *expected > 0)
                .map(|(done, expected)| CopyEvent::UploadMoved { id, done, expected }),
            _ => None,
        }
    }

    /// The first store path whose copy ended unfinished, as Nix printed it. Others that
    /// were under way then are ended because of it, and are not at fault. None of 2.8.0,
    /// which does not tell how far a copy to `file://` is.
    pub(crate) fn cut_short(&self) -> Option<&str> {
        self.cut_short.as_deref()
    }
}

/// The last word of a NAR is a `)` and 7 bytes of padding, of which 2.26.3 tells nothing: by its account no
/// path is copied whole, but to `ssh-ng://`.
fn with_padding(done: u64, expected: u64) -> u64 {
    match expected.checked_sub(done) {
        Some(0..=7) => expected,
        _ => done,
    }
}

/// In whichever store directory it is.
fn store_path(full: &str) -> Option<StorePath> {
    full.rsplit('/').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn copy(activities: &mut Activities, id: u64, states: &[&str]) {
        activities.begin(id, What::Path(format!("/s/{id}")));
        for state in states {
            assert!(activities.note(id, PROGRESS, state));
            activities.moved(id, PROGRESS, state);
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
        activities.begin(6, What::Upload);
        activities.moved(6, PROGRESS, "[1,40,0,0]");
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
