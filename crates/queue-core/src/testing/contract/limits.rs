//! The contract of [`LimitState`].

use super::{done, path};
use crate::{LimitAction, LimitState, QueueDirectory, StorePath};

/// What every [`LimitState`] does, on two of one queue, whose entries are those
/// of `directory`: it is empty, and no limit did anything yet. `counted` tells
/// how often one did since.
pub fn limit_state(
    directory: &dyn QueueDirectory,
    one: &dyn LimitState,
    other: &dyn LimitState,
    counted: &dyn Fn(LimitAction) -> u64,
) {
    the_names_are_those_of_the_entries(directory, one, other);
    a_verdict_is_there_as_a_whole_or_not(one, other);
    counts_add_up(one, other, counted);
    let names = done("names", other.names());
    assert!(names.is_empty(), "what is told of limits is no entry");
    let listing = done("list", directory.list());
    assert!(listing.entries.is_empty() && listing.foreign.is_empty());
}

fn the_names_are_those_of_the_entries(
    directory: &dyn QueueDirectory,
    one: &dyn LimitState,
    other: &dyn LimitState,
) {
    let entries = [path("a"), path("b")];
    for number in 0..=entries.len() {
        for state in [one, other] {
            let names: Vec<StorePath> = done("names", state.names()).into_iter().collect();
            assert_eq!(names, entries[..number]);
        }
        if let Some(path) = entries.get(number) {
            done("insert", directory.insert(path));
        }
    }
    for path in &entries {
        done("remove", directory.remove(path));
    }
    assert!(done("names", one.names()).is_empty());
}

fn a_verdict_is_there_as_a_whole_or_not(one: &dyn LimitState, other: &dyn LimitState) {
    assert_eq!(done("look", other.closed()), None, "it begins open");
    done("open what is open", one.set_closed(None));
    let verdicts = [
        Some("it is too old: ä"),
        Some("it is too old: ä"),
        Some("short"),
        None,
        None,
        Some("again"),
        None,
    ];
    for (state, verdict) in [one, other].into_iter().cycle().zip(verdicts) {
        done("judge", state.set_closed(verdict));
        for state in [one, other] {
            assert_eq!(done("look", state.closed()).as_deref(), verdict);
        }
    }
}

fn counts_add_up(
    one: &dyn LimitState,
    other: &dyn LimitState,
    counted: &dyn Fn(LimitAction) -> u64,
) {
    use LimitAction::{Dropped, Refused};
    let both = || [counted(Refused), counted(Dropped)];
    assert_eq!(both(), [0, 0], "the contract begins with nothing counted");
    done("count", one.count(Refused, 2));
    assert_eq!(both(), [2, 0]);
    done("count", other.count(Dropped, 1));
    done("count", other.count(Refused, 3));
    assert_eq!(both(), [5, 1]);
}
