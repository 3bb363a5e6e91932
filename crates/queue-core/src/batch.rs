//! Finding the culprits of a failed batch, by what points at them and by halving it.

use crate::retry::mixed;

/// Hands out parts of a batch until every element was either accepted or
/// found to fail by itself.
///
/// ```
/// use queue_core::Splitter;
/// let mut splitter = Splitter::new(vec![1, 2, 3, 4]);
/// let mut culprits = Vec::new();
/// while let Some(part) = splitter.next() {
///     if part.contains(&3) {
///         culprits.extend(splitter.split(part));
///     }
/// }
/// assert_eq!(culprits, [3]);
/// ```
///
/// When the first half of what failed is accepted, the second is not tried as a
/// whole: it would fail as well. It is handed out in halves at once.
///
/// With `b` culprits among `n` it hands out at most `1 + 2·b·⌈log2 n⌉` parts,
/// two more where a guess ([`split_by`](Self::split_by)) was wrong, and up to
/// `⌈log2 n⌉` more each time something fails that would not do so again.
#[derive(Debug, Clone)]
pub struct Splitter<T> {
    /// The next part is the last. None is empty.
    parts: Vec<Vec<T>>,
    halves: Halves,
    /// Whether the first of those halves was guessed to be bad.
    guessed: bool,
    guesses_left: u32,
}

/// Where the two halves of what failed last are, as long as nothing else came between.
/// They need not be of the same size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Halves {
    /// Tried, or taken apart since.
    Gone,
    /// They are the next two parts.
    Next,
    /// The first is handed out, the second is the next part.
    FirstOut,
}

impl<T> Splitter<T> {
    /// The whole batch is the first part.
    #[must_use]
    pub fn new(batch: Vec<T>) -> Self {
        let guesses_left = batch.len().max(1).next_power_of_two().ilog2();
        let parts = if batch.is_empty() {
            vec![]
        } else {
            vec![batch]
        };
        Self {
            parts,
            halves: Halves::Gone,
            guessed: false,
            guesses_left,
        }
    }

    /// The next part to try; `None` when all is decided. A part that is not
    /// given back to [`split`](Self::split) counts as accepted.
    #[allow(clippy::should_implement_trait)]
    pub fn next(&mut self) -> Option<Vec<T>> {
        let mut next = self.parts.pop()?;
        if self.halves == Halves::FirstOut {
            // The first half was accepted, so the culprit is in the second.
            if self.guessed {
                self.guesses_left = 0;
            }
            if next.len() > 1 {
                self.halve(next);
                next = self.parts.pop()?;
            }
        }
        self.halves = match self.halves {
            Halves::Next => Halves::FirstOut,
            Halves::FirstOut | Halves::Gone => Halves::Gone,
        };
        Some(next)
    }

    /// Takes back a part that failed, to be handed out in halves. A part of
    /// one element cannot be halved and comes back: it is a culprit.
    pub fn split(&mut self, mut part: Vec<T>) -> Option<T> {
        self.halves = Halves::Gone;
        if part.len() < 2 {
            return part.pop();
        }
        self.halve(part);
        None
    }

    /// As [`split`](Self::split), but those of the part that something points at
    /// are handed out first, and then all the others at once. Where that is no help
    /// it is halved: when it points at none, or at more than half of them; once a
    /// guess was wrong; and after `⌈log2 n⌉` guesses.
    ///
    /// ```
    /// use queue_core::Splitter;
    /// let mut splitter = Splitter::new((0..1000).collect());
    /// let all = splitter.next().expect("all");
    /// splitter.split_by(all, |&n| n == 123);
    /// assert_eq!(splitter.next(), Some(vec![123]));
    /// ```
    pub fn split_by(&mut self, part: Vec<T>, is_suspect: impl Fn(&T) -> bool) -> Option<T> {
        let suspects = part.iter().filter(|one| is_suspect(one)).count();
        if self.guesses_left == 0 || suspects == 0 || suspects > part.len() / 2 {
            return self.split(part);
        }
        self.guesses_left -= 1;
        let (suspects, others) = part.into_iter().partition(is_suspect);
        self.hand_out(suspects, others);
        self.guessed = true;
        None
    }

    fn halve(&mut self, mut part: Vec<T>) {
        let second = part.split_off(part.len().div_ceil(2));
        self.hand_out(part, second);
    }

    /// One after the other, next. None is empty.
    fn hand_out(&mut self, first: Vec<T>, second: Vec<T>) {
        self.parts.extend([second, first]);
        self.halves = Halves::Next;
        self.guessed = false;
    }

    /// Something else comes between the halves. Whether a guess was right is not
    /// known then.
    fn lose_track(&mut self) {
        if self.guessed && self.halves != Halves::Gone {
            self.guesses_left = 0;
        }
        self.halves = Halves::Gone;
    }

    /// Takes back a part to be handed out again as it is.
    pub fn again(&mut self, part: Vec<T>) {
        self.lose_track();
        if !part.is_empty() {
            self.parts.push(part);
        }
    }

    /// Hands out the farthest element next, as a part of its own.
    pub fn take_from_far_end(&mut self) {
        self.lose_track();
        let Some(farthest) = self.parts.first_mut() else {
            return;
        };
        let last = farthest.pop();
        if farthest.is_empty() {
            self.parts.remove(0);
        }
        self.parts.extend(last.map(|last| vec![last]));
    }

    /// Hands out one of the elements next, as a part of its own: which one, any
    /// number decides.
    pub fn take_any(&mut self, random: u64) {
        self.lose_track();
        let left: usize = self.parts.iter().map(Vec::len).sum();
        let Some(mut at) = mixed(random).checked_rem(left as u64) else {
            return;
        };
        for n in 0..self.parts.len() {
            let part = &mut self.parts[n];
            if let Some(past) = at.checked_sub(part.len() as u64) {
                at = past;
                continue;
            }
            let taken = part.remove(at as usize);
            self.parts.retain(|part| !part.is_empty());
            return self.parts.push(vec![taken]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    /// The parts that are handed out when these are bad.
    fn tried(len: usize, bad: &[usize]) -> Vec<Vec<usize>> {
        let mut splitter = Splitter::new((0..len).collect());
        let mut tried = Vec::new();
        while let Some(part) = splitter.next() {
            tried.push(part.clone());
            if part.iter().any(|x| bad.contains(x)) {
                splitter.split(part);
            }
        }
        tried
    }

    #[test]
    fn the_second_half_is_not_tried_when_the_first_was_accepted() {
        let all = vec![0, 1, 2, 3, 4, 5, 6, 7];
        let last = [all.clone(), vec![0, 1, 2, 3], vec![4, 5], vec![6], vec![7]];
        assert_eq!(tried(8, &[7]), last);
        let first = [all, vec![0, 1, 2, 3], vec![0, 1], vec![0]];
        let rest = [vec![1], vec![2, 3], vec![4, 5, 6, 7]];
        assert_eq!(tried(8, &[0]), [first.to_vec(), rest.to_vec()].concat());
    }

    /// The same where each of these is pointed at when it is among what failed.
    fn tried_by(len: usize, bad: &[usize], pointed_at: &[usize]) -> Vec<Vec<usize>> {
        let mut splitter = Splitter::new((0..len).collect());
        let mut tried = Vec::new();
        while let Some(part) = splitter.next() {
            tried.push(part.clone());
            if part.iter().any(|x| bad.contains(x)) {
                splitter.split_by(part, |x| pointed_at.contains(x));
            }
        }
        tried
    }

    #[test]
    fn a_culprit_that_is_pointed_at_costs_two_tries() {
        let all = vec![0, 1, 2, 3, 4, 5, 6, 7];
        let rest = vec![0, 1, 2, 3, 4, 6, 7];
        assert_eq!(tried_by(8, &[5], &[5]), [all, vec![5], rest]);
    }

    #[test]
    fn after_a_wrong_guess_the_others_are_halved() {
        let tried = tried_by(8, &[0, 7], &[5, 6]);
        let all = vec![0, 1, 2, 3, 4, 5, 6, 7];
        let begin = [all, vec![5, 6], vec![0, 1, 2], vec![0, 1], vec![0]];
        assert_eq!(tried[..5], begin);
    }

    #[test]
    fn where_many_are_bad_not_all_others_are_tried_for_each() {
        let bad: Vec<usize> = (0..256).collect();
        let mut splitter = Splitter::new(bad.clone());
        let mut effort = 0;
        while let Some(part) = splitter.next() {
            effort += part.len();
            let named = part[0];
            splitter.split_by(part, |&x| x == named);
        }
        assert!(effort <= 2 * 256 * 10, "{effort}");
    }

    #[test]
    fn what_fails_once_and_not_again_costs_little() {
        let mut splitter = Splitter::new((0..1000).collect());
        let whole = splitter.next().unwrap();
        splitter.split(whole);
        let tries = std::iter::from_fn(|| splitter.next()).count();
        assert!(tries <= 10, "{tries}");
    }

    proptest! {
        #[test]
        fn every_good_one_passes_and_every_bad_one_is_found(
            order in Just((0..200usize).collect::<Vec<_>>()).prop_shuffle(),
            len in 0..200usize,
            bad in proptest::collection::btree_set(0..200usize, 0..20),
            turns in proptest::collection::btree_set(0..50usize, 0..5),
            any in proptest::collection::btree_set(0..50usize, 0..5),
            pointed_at in proptest::collection::btree_set(0..200usize, 0..20),
            points_at_the_bad: bool,
            random: u64,
        ) {
            let batch = order[..len].to_vec();
            let is_suspect = |x: &usize| pointed_at.contains(x) || points_at_the_bad && bad.contains(x);
            let mut splitter = Splitter::new(batch.clone());
            let (mut passed, mut culprits, mut tries) = (BTreeSet::new(), BTreeSet::new(), 0);
            while let Some(part) = splitter.next() {
                tries += 1;
                if turns.contains(&tries) {
                    splitter.take_from_far_end();
                }
                if any.contains(&tries) {
                    splitter.take_any(random);
                }
                prop_assert!(!part.is_empty());
                if part.iter().any(|x| bad.contains(x)) {
                    culprits.extend(splitter.split_by(part, is_suspect));
                } else {
                    passed.extend(part);
                }
            }
            let wanted: BTreeSet<_> = batch.into_iter().collect();
            prop_assert_eq!(&culprits, &(&wanted & &bad));
            prop_assert_eq!(&passed, &(&wanted - &bad));
            let misled = usize::from(!pointed_at.is_subset(&bad));
            let bound = 1 + 2 * misled + turns.len() + any.len() + 2 * culprits.len() * (len.max(1) as f64).log2().ceil() as usize;
            prop_assert!(tries <= bound, "{} tries, {} culprits among {}", tries, culprits.len(), len);
        }
    }
}
