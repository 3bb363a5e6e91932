//! The contract of [`GarbageCollector`].

use super::{done, path};
use crate::GarbageCollector;

/// What every [`GarbageCollector`] does while none runs: whoever comes gets in,
/// however many there are, and need not look again unless that cannot be known.
pub fn garbage_collector(one: &dyn GarbageCollector, other: &dyn GarbageCollector) {
    let first = done("enter", one.enter());
    let second = done("enter", other.enter());
    let third = done("enter", one.enter());
    for section in [&first, &second, &third] {
        done("protect nothing", section.protect(&[]));
        done("protect", section.protect(&[path("a"), path("b")]));
        done("protect again", section.protect(&[path("a")]));
    }
    drop((first, second, third));
    done("enter", other.enter());
}
