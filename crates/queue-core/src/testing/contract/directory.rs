//! The contract of [`QueueDirectory`].

use super::{done, path};
use crate::{Insertion, Listing, QueueDirectory, Removal};

/// What every [`QueueDirectory`] does, on two that are one set, which is empty.
pub fn queue_directory(one: &dyn QueueDirectory, other: &dyn QueueDirectory) {
    entries_are_a_set(one, other);
    the_first_time_stays(one, other);
    removal_is_idempotent_and_concerns_one_entry(one, other);
    an_entry_that_left_may_come_again(one, other);
}

fn list(directory: &dyn QueueDirectory) -> Listing {
    let listing = done("list", directory.list());
    assert!(listing.foreign.is_empty(), "nothing here is foreign");
    listing
}

fn entries_are_a_set(one: &dyn QueueDirectory, other: &dyn QueueDirectory) {
    assert!(list(one).entries.is_empty(), "the contract begins empty");
    for name in ["b", "a", "c"] {
        let inserted = done("insert", one.insert(&path(name)));
        assert_eq!(inserted, Insertion::Added);
    }
    let entries = list(other).entries;
    assert_eq!(entries, list(one).entries, "both see the same");
    assert_eq!(entries.len(), 3);
    let ordered = entries.is_sorted_by_key(|entry| (entry.enqueued_at, entry.path.clone()));
    assert!(ordered, "oldest first; of one age, by path");
    done("flush", one.flush());
    assert_eq!(
        list(other).entries,
        entries,
        "flushing changes nothing seen"
    );
}

fn the_first_time_stays(one: &dyn QueueDirectory, other: &dyn QueueDirectory) {
    let before = list(one);
    for directory in [one, other] {
        let again = done("insert", directory.insert(&path("b")));
        assert_eq!(again, Insertion::AlreadyThere);
    }
    assert_eq!(list(one), before, "its age is unchanged");
}

fn removal_is_idempotent_and_concerns_one_entry(
    one: &dyn QueueDirectory,
    other: &dyn QueueDirectory,
) {
    assert_eq!(done("remove", one.remove(&path("b"))), Removal::Removed);
    for directory in [one, other] {
        let again = done("remove", directory.remove(&path("b")));
        assert_eq!(again, Removal::WasAbsent);
    }
    let left: Vec<_> = list(other).entries;
    let mut left: Vec<_> = left.iter().map(|entry| entry.path.name()).collect();
    left.sort_unstable();
    assert_eq!(left, ["a", "c"]);
    done("flush", one.flush());
}

fn an_entry_that_left_may_come_again(one: &dyn QueueDirectory, other: &dyn QueueDirectory) {
    assert_eq!(done("insert", other.insert(&path("b"))), Insertion::Added);
    for name in ["a", "b", "c"] {
        assert_eq!(done("remove", one.remove(&path(name))), Removal::Removed);
    }
    done("flush", other.flush());
    assert!(list(one).entries.is_empty());
}
