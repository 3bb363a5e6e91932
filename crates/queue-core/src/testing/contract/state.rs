//! The contract of [`PushState`].

use super::done;
use crate::PushState;

/// What every [`PushState`] does, on two of one queue that no push used yet.
pub fn push_state(one: &dyn PushState, other: &dyn PushState) {
    the_lock_excludes(one, other);
    the_ledger_is_replaced_as_a_whole(one, other);
}

fn the_lock_excludes(one: &dyn PushState, other: &dyn PushState) {
    let held = done("lock", one.try_lock());
    assert!(held.is_some(), "nobody has the lock");
    for state in [one, other] {
        let second = done("lock", state.try_lock());
        assert!(second.is_none(), "somebody has the lock, and nobody waits");
    }
    drop(held);
    let next = done("lock", other.try_lock());
    assert!(next.is_some(), "dropping it releases it");
}

fn the_ledger_is_replaced_as_a_whole(one: &dyn PushState, other: &dyn PushState) {
    assert_eq!(done("load", other.load_ledger()), None, "there is none yet");
    let _held = done("lock", one.try_lock());
    for text in ["a longer one: ä\n\u{0}", "", "short"] {
        done("save", one.save_ledger(text));
        for state in [one, other] {
            assert_eq!(done("load", state.load_ledger()).as_deref(), Some(text));
        }
    }
}
