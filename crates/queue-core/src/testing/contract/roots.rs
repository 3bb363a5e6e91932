//! The contract of [`GcRoots`].

use super::done;
use crate::{GcRoots, QueueDirectory, StorePath};

/// What every [`GcRoots`] does, on two for the entries of `directory`. `path` is
/// not queued and has no root; it is valid where registering asks for that.
///
/// [`InsideGcRoots`](crate::InsideGcRoots) keeps it too: there nothing is ever to be done. So does
/// [`NoRoots`](crate::NoRoots), which lies about the collector and is no adapter to one.
pub fn gc_roots(
    directory: &dyn QueueDirectory,
    one: &dyn GcRoots,
    other: &dyn GcRoots,
    path: &StorePath,
) {
    done("insert", directory.insert(path));
    for round in ["registered", "registered twice"] {
        done(round, one.register(path));
        for roots in [one, other] {
            let registered = done("look", roots.is_registered(path));
            assert!(registered, "{round}, and the collector will not find it");
        }
    }
    done("flush", one.flush());
    assert!(done("look", other.is_registered(path)));
    taking_it_back_leaves_the_entry(directory, one, other, path);
}

fn taking_it_back_leaves_the_entry(
    directory: &dyn QueueDirectory,
    one: &dyn GcRoots,
    other: &dyn GcRoots,
    path: &StorePath,
) {
    for roots in [one, other] {
        done("unregister", roots.unregister(path));
    }
    let queued = done("list", directory.list()).entries;
    assert!(queued.iter().any(|entry| entry.path == *path));
    // Whether or not it was taken back at once, it can be given again.
    done("register", other.register(path));
    assert!(done("look", one.is_registered(path)));
    done("unregister", one.unregister(path));
    done("remove", directory.remove(path));
    done("unregister what is gone", other.unregister(path));
}
