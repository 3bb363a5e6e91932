//! How much store entries keep alive together, and which are too much: pure.

use std::collections::BTreeMap;

use crate::{StoreObject, StorePath};

/// Store objects and what refers to what: what two entries share counts once.
///
/// ```
/// use queue_core::{Pinned, StoreObject, StorePath};
/// let path = |name: &str| format!("v3ygr25lms4hdmxwa8h14sjv6km1l8cz-{name}").parse::<StorePath>();
/// let (old, new, shared) = (path("old")?, path("new")?, path("shared")?);
/// let object = |path: &StorePath, nar_size, references: &[&StorePath]| StoreObject {
///     path: path.clone(),
///     nar_size,
///     references: references.iter().copied().cloned().collect(),
/// };
/// let pinned = Pinned::new(&[
///     object(&old, 10, &[&shared]),
///     object(&new, 20, &[&shared]),
///     object(&shared, 100, &[]),
/// ]);
/// assert_eq!(pinned.bytes(&[old.clone(), new.clone()]), 130);
/// assert_eq!(pinned.excess(&[old.clone(), new], 125), [old]);
/// # Ok::<(), queue_core::ParseStorePathError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Pinned {
    places: BTreeMap<StorePath, usize>,
    sizes: Vec<u64>,
    references: Vec<Vec<usize>>,
}

impl Pinned {
    /// Of a closure. References to what is not in it count nothing.
    #[must_use]
    pub fn new(objects: &[StoreObject]) -> Self {
        let numbered = objects.iter().enumerate();
        let places: BTreeMap<_, _> = numbered
            .map(|(place, object)| (object.path.clone(), place))
            .collect();
        let place = |path: &StorePath| places.get(path).copied();
        let references = objects
            .iter()
            .map(|object| object.references.iter().filter_map(place).collect())
            .collect();
        Self {
            sizes: objects.iter().map(|object| object.nar_size).collect(),
            references,
            places,
        }
    }

    /// How many bytes `paths` keep alive together.
    #[must_use]
    pub fn bytes(&self, paths: &[StorePath]) -> u64 {
        let mut held = Held::nothing(self);
        for path in paths {
            held.add(path);
        }
        held.bytes
    }

    /// Which of these entries, sorted oldest first, have to leave so that the
    /// rest keeps at most so many bytes alive; oldest first as well.
    ///
    /// The newest are kept, up to the first that does not fit: it and all
    /// before it leave. But one that alone is too large leaves alone, since it
    /// would never fit, whatever left for it.
    #[must_use]
    pub fn excess(&self, oldest_first: &[StorePath], at_most: u64) -> Vec<StorePath> {
        let mut held = Held::nothing(self);
        let mut excess = Vec::new();
        for (place, path) in oldest_first.iter().enumerate().rev() {
            let added = held.add(path);
            if held.bytes <= at_most {
                continue;
            }
            held.take_back(&added);
            if self.bytes(std::slice::from_ref(path)) <= at_most {
                excess.extend(oldest_first[..=place].iter().rev().cloned());
                break;
            }
            excess.push(path.clone());
        }
        excess.reverse();
        excess
    }
}

/// What some entries hold.
struct Held<'p> {
    pinned: &'p Pinned,
    seen: Vec<bool>,
    bytes: u64,
}

impl<'p> Held<'p> {
    fn nothing(pinned: &'p Pinned) -> Self {
        Self {
            pinned,
            seen: vec![false; pinned.sizes.len()],
            bytes: 0,
        }
    }

    /// Adds what this path holds, and gives what was not held before.
    fn add(&mut self, path: &StorePath) -> Vec<usize> {
        let mut added = Vec::new();
        let mut next: Vec<_> = self.pinned.places.get(path).copied().into_iter().collect();
        while let Some(place) = next.pop() {
            if std::mem::replace(&mut self.seen[place], true) {
                continue;
            }
            self.bytes = self.bytes.saturating_add(self.pinned.sizes[place]);
            next.extend(&self.pinned.references[place]);
            added.push(place);
        }
        added
    }

    fn take_back(&mut self, added: &[usize]) {
        for place in added {
            self.seen[*place] = false;
        }
        let held = self.seen.iter().zip(&self.pinned.sizes);
        self.bytes = held
            .filter(|(seen, _)| **seen)
            .fold(0, |sum, (_, size)| sum.saturating_add(*size));
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn path(number: usize) -> StorePath {
        let name = format!("v3ygr25lms4hdmxwa8h14sjv6km1l8cz-{number}");
        name.parse().unwrap()
    }

    fn object(number: usize, nar_size: u64, references: &[usize]) -> StoreObject {
        StoreObject {
            path: path(number),
            nar_size,
            references: references.iter().map(|&number| path(number)).collect(),
        }
    }

    fn excess(objects: &[StoreObject], entries: &[usize], at_most: u64) -> Vec<StorePath> {
        let entries: Vec<_> = entries.iter().map(|&number| path(number)).collect();
        Pinned::new(objects).excess(&entries, at_most)
    }

    #[test]
    fn the_newest_stay_and_all_before_the_first_that_does_not_fit_leave() {
        let objects = [0, 1, 2, 3].map(|number| object(number, [1, 60, 50, 40][number], &[]));
        assert_eq!(excess(&objects, &[0, 1, 2, 3], 100), [path(0), path(1)]);
        assert_eq!(excess(&objects, &[0, 1, 2, 3], 151), []);
    }

    #[test]
    fn one_that_alone_is_too_large_leaves_alone() {
        let objects = [0, 1, 2].map(|number| object(number, [10, 10, 1000][number], &[]));
        assert_eq!(excess(&objects, &[0, 1, 2], 100), [path(2)]);
        assert_eq!(excess(&objects, &[2, 0, 1], 100), [path(2)]);
    }

    #[test]
    fn what_is_referred_to_in_a_circle_or_by_itself_counts_once() {
        let objects = [object(0, 1, &[0, 1]), object(1, 2, &[0])];
        assert_eq!(Pinned::new(&objects).bytes(&[path(0), path(0)]), 3);
    }

    #[test]
    fn what_is_not_known_counts_nothing_and_stays() {
        let objects = [object(0, 1, &[7])];
        assert_eq!(Pinned::new(&objects).bytes(&[path(0), path(9)]), 1);
        assert_eq!(excess(&objects, &[9, 0], 0), [path(0)]);
    }

    #[test]
    fn sizes_that_no_number_holds_are_too_large() {
        let objects = [object(0, u64::MAX, &[]), object(1, u64::MAX, &[])];
        assert_eq!(excess(&objects, &[0, 1], u64::MAX), []);
        assert_eq!(excess(&objects, &[0, 1], u64::MAX - 1), [path(0), path(1)]);
    }

    proptest! {
        #[test]
        fn what_stays_fits_and_what_left_for_others_would_not(
            graph in proptest::collection::vec((0..100u64, proptest::collection::vec(0..12usize, 0..3)), 1..12),
            at_most in 0..400u64,
        ) {
            let objects: Vec<_> = graph.iter().enumerate()
                .map(|(number, (size, references))| object(number, *size, references))
                .collect();
            let pinned = Pinned::new(&objects);
            let entries: Vec<_> = (0..graph.len()).map(path).collect();
            let gone: BTreeSet<_> = pinned.excess(&entries, at_most).into_iter().collect();
            let (left, stayed): (Vec<_>, Vec<_>) =
                entries.iter().cloned().partition(|path| gone.contains(path));
            prop_assert!(pinned.bytes(&stayed) <= at_most);
            // The newest of those that left and could stay by themselves is one too many.
            let alone = |path: &&StorePath| pinned.bytes(&[(*path).clone()]) <= at_most;
            if let Some(newest) = left.iter().rev().find(alone) {
                let newer = entries.iter().skip_while(|path| *path != newest);
                let kept: Vec<_> = newer.filter(|path| *path == newest || !gone.contains(*path)).cloned().collect();
                prop_assert!(pinned.bytes(&kept) > at_most);
            }
        }
    }
}
