//! The contract of [`GarbageCollector`].

use super::{done, path};
use crate::{GarbageCollector, GcSection, Protection, StorePath};

/// What every [`GarbageCollector`] does: whoever comes gets in, however many there are, and a section
/// that once could not exclude a collector never says later that none ran. What else it says, and
/// when, is [`protection`].
pub fn garbage_collector(one: &dyn GarbageCollector, other: &dyn GarbageCollector) {
    let first = done("enter", one.enter());
    let second = done("enter", other.enter());
    let third = done("enter", one.enter());
    for section in [&first, &second, &third] {
        let mut said = Protection::NoCollector;
        for paths in [&[][..], &[path("a"), path("b")], &[path("a")]] {
            let before = said;
            said = protect(section.as_ref(), paths);
            assert!(
                before == Protection::NoCollector || said == before,
                "one may have been running since this section began"
            );
        }
    }
    drop((first, second, third));
    done("enter", other.enter());
}

/// What those say that can know whether a collector runs: while none does, all the while, that
/// nobody need look again; while one does, that everybody has to.
pub fn protection(one: &dyn GarbageCollector, other: &dyn GarbageCollector, expected: Protection) {
    for collector in [one, other, one] {
        let section = done("enter", collector.enter());
        let inner = done("enter", other.enter());
        for section in [&section, &inner] {
            assert_eq!(protect(section.as_ref(), &[path("a")]), expected);
            assert_eq!(protect(section.as_ref(), &[path("b"), path("a")]), expected);
        }
    }
}

fn protect(section: &dyn GcSection, paths: &[StorePath]) -> Protection {
    done("protect", section.protect(paths))
}
