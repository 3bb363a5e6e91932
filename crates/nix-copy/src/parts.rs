//! Which parts of a batch are copied at the same time.
//!
//! Two copies at once must have no path in common: both would compress and upload
//! it. So what the closures of several entries share goes first, with its own
//! closure, and then the rest: each in groups that do not refer to each other,
//! packed into as many parts as there may be copies.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;

use queue_core::{StoreObject, StorePath};

use crate::StoreKind;

/// Fewer entries go in one copy.
const FEWEST: usize = 4;
/// So many bytes are worth a copy in one more stream: by `ssh-ng` over 50 ms they
/// take as long as a connection and its questions.
const LARGE: u64 = 16_000_000;
/// How long a path waits, in bytes: three round trips of 50 ms, of two paths at once,
/// are what two cores need for half a megabyte (`xz`).
const WAIT: u64 = 500_000;

/// What takes time in a copy, in bytes, and what of it several copies divide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Costs {
    /// Each path waits for round trips, which several copies do at the same time. The
    /// bytes take as long by several: a cache's are compressed, with all cores by one.
    /// Reckoned for caches; elsewhere it only decides whether several pay.
    EachPath,
    /// No path waits. The bytes go faster in several streams. Each round costs
    /// [`LARGE`] more, and so does the question that goes before a first one of several
    /// copies: all that begins with a new connection.
    Stream,
}

impl Costs {
    /// To the store at `uri`.
    pub(crate) fn to(uri: &str) -> Self {
        match StoreKind::of(uri) {
            // No path waits for the one before (`RemoteStore::addMultipleToStore`; 2.8.0, 2.26.3,
            // 2.34.8).
            StoreKind::SshNg => Self::Stream,
            _ => Self::EachPath,
        }
    }

    /// What of a part's time several copies divide.
    fn divided(self, part: &Group) -> u64 {
        match self {
            Self::EachPath => WAIT.saturating_mul(part.queued as u64),
            Self::Stream => part.queued_bytes,
        }
    }

    /// What of it takes as long anyway.
    fn undivided(self, part: &Group) -> u64 {
        match self {
            Self::EachPath => part.queued_bytes,
            Self::Stream => 0,
        }
    }

    fn round(self) -> u64 {
        match self {
            Self::EachPath => 0,
            Self::Stream => LARGE,
        }
    }

    /// Into how many parts this may go.
    fn most_parts(self, groups: &[Group]) -> usize {
        let queued: usize = groups.iter().map(|group| group.queued).sum();
        match self {
            Self::EachPath => queued / 2,
            Self::Stream => queued,
        }
    }

    /// Whether it is worth a copy of its own, beside others.
    fn is_worth_a_copy(self, part: &Group) -> bool {
        match self {
            Self::EachPath => true,
            Self::Stream => part.queued_bytes >= LARGE,
        }
    }
}

/// Copied at the same time, each by one copy, which is told these paths and brings
/// their closures.
pub(crate) type Round = Vec<Vec<StorePath>>;

/// Whether so many paths may go in parts; else nothing has to be asked for it.
pub(crate) fn are_wanted(paths: usize, jobs: NonZeroUsize) -> bool {
    paths >= FEWEST && jobs.get() > 1
}

/// Rounds, one after the other. Together they name each of `paths` once, and
/// beside them others of the closure.
///
/// `objects` is the closure of `paths`. `None` where one copy does as well, or
/// where `objects` lacks something.
pub(crate) fn rounds(
    paths: &[StorePath],
    objects: &[StoreObject],
    costs: Costs,
    jobs: NonZeroUsize,
) -> Option<Vec<Round>> {
    if !are_wanted(paths.len(), jobs) {
        return None;
    }
    let closure = Closure::new(paths, objects)?;
    let owners = closure.owners();
    let groups = [closure.shared(&owners), closure.rest(&owners)];
    let rounds = groups.map(|groups| pack(groups, costs, jobs));
    if !pays(&rounds, costs) {
        return None;
    }
    let rounds = rounds.iter().map(|round| closure.named(round));
    Some(rounds.filter(|round| !round.is_empty()).collect())
}

/// Whether it takes less than four fifths of the time of one copy, were nothing to
/// be copied but what is queued: the rest is there, as a rule.
fn pays(rounds: &[Vec<Group>], costs: Costs) -> bool {
    let sum = |costs: &mut dyn Iterator<Item = u64>| costs.fold(0, u64::saturating_add);
    let divided = |part: &Group| costs.divided(part);
    let all = sum(&mut rounds.iter().flatten().map(divided));
    let longest = rounds
        .iter()
        .filter_map(|round| round.iter().map(divided).max());
    let at_once = sum(&mut longest.map(|longest| longest.saturating_add(costs.round())));
    let question = match rounds.iter().find(|round| !round.is_empty()) {
        Some(first) if first.len() > 1 => costs.round(),
        _ => 0,
    };
    let undivided = sum(&mut rounds.iter().flatten().map(|part| costs.undivided(part)));
    let one = sum(&mut [all, undivided, costs.round()].into_iter());
    let several = sum(&mut [question, at_once, undivided].into_iter());
    several < one / 5 * 4
}

/// Objects that go by one copy.
#[derive(Debug, Clone, Default)]
struct Group {
    /// Those that the copy is told, by position.
    paths: Vec<usize>,
    /// How many of them are queued.
    queued: usize,
    /// The bytes of all of its objects.
    bytes: u64,
    /// Of those that are queued.
    queued_bytes: u64,
}

impl Group {
    /// By which parts are made alike: a path is never for nothing.
    fn weight(&self) -> u64 {
        let paths = 100_000 * self.paths.len() as u64;
        self.bytes.saturating_add(paths)
    }

    fn take(&mut self, other: Self) {
        self.paths.extend(other.paths);
        self.queued += other.queued;
        self.bytes = self.bytes.saturating_add(other.bytes);
        self.queued_bytes = self.queued_bytes.saturating_add(other.queued_bytes);
    }
}

/// Packs groups into as many parts as are allowed and worth it, or into one.
fn pack(mut groups: Vec<Group>, costs: Costs, jobs: NonZeroUsize) -> Vec<Group> {
    groups.sort_by_key(|group| Reverse(group.weight()));
    let most = jobs.get().min(groups.len()).min(costs.most_parts(&groups));
    let several = (2..=most).rev().map(|parts| packed(&groups, parts));
    let mut worth = several.filter(|parts| parts.iter().all(|part| costs.is_worth_a_copy(part)));
    worth.next().unwrap_or_else(|| packed(&groups, 1))
}

/// Each into the part that has the least.
fn packed(groups: &[Group], parts: usize) -> Vec<Group> {
    let mut parts = vec![Group::default(); parts];
    for group in groups {
        if let Some(least) = parts.iter_mut().min_by_key(|part| part.weight()) {
            least.take(group.clone());
        }
    }
    parts.retain(|part| !part.paths.is_empty());
    parts
}

/// Which of the entries that no other one refers to have an object in their
/// closures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Owner {
    Nobody,
    One(usize),
    Several,
}

impl Owner {
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Nobody, owner) | (owner, Self::Nobody) => owner,
            (one, another) if one == another => one,
            _ => Self::Several,
        }
    }
}

/// The closure of a batch, its objects by position.
struct Closure<'a> {
    objects: &'a [StoreObject],
    /// To others.
    references: Vec<Vec<usize>>,
    queued: BTreeSet<usize>,
}

impl<'a> Closure<'a> {
    fn new(paths: &[StorePath], objects: &'a [StoreObject]) -> Option<Self> {
        let numbered = objects.iter().enumerate();
        let position: BTreeMap<&StorePath, usize> =
            numbered.map(|(i, object)| (&object.path, i)).collect();
        let positions = |paths: &[StorePath]| {
            let found = paths.iter().map(|path| position.get(path).copied());
            found.collect::<Option<Vec<usize>>>()
        };
        let mut references = Vec::new();
        for (i, object) in objects.iter().enumerate() {
            let mut others = positions(&object.references)?;
            others.retain(|&other| other != i);
            references.push(others);
        }
        Some(Self {
            objects,
            references,
            queued: positions(paths)?.into_iter().collect(),
        })
    }

    /// Whoever refers to an object has the objects behind it in its closure too, so
    /// this goes from each object to what it refers to, dependents first.
    fn owners(&self) -> Vec<Owner> {
        let order = self.dependents_first();
        let mut owners = vec![Owner::Nobody; self.objects.len()];
        for i in order {
            if owners[i] == Owner::Nobody {
                owners[i] = Owner::One(i);
            }
            for &reference in &self.references[i] {
                owners[reference] = owners[reference].and(owners[i]);
            }
        }
        owners
    }

    /// Everything that queued paths refer to, and they, before what it refers to.
    fn dependents_first(&self) -> Vec<usize> {
        let mut order = Vec::new();
        let mut seen = vec![false; self.objects.len()];
        for &queued in &self.queued {
            // With how many of its references were looked at.
            let mut way = vec![(queued, 0)];
            while let Some((i, next)) = way.pop() {
                if next == 0 && std::mem::replace(&mut seen[i], true) {
                    continue;
                }
                match self.references[i].get(next) {
                    Some(&reference) => way.extend([(i, next + 1), (reference, 0)]),
                    None => order.push(i),
                }
            }
        }
        order.reverse();
        order
    }

    /// What several entries share, in groups that are connected. It refers to
    /// nothing else.
    fn shared(&self, owners: &[Owner]) -> Vec<Group> {
        let is_shared = |&i: &usize| owners[i] == Owner::Several;
        let shared: Vec<usize> = (0..self.objects.len()).filter(is_shared).collect();
        let mut leader: Vec<usize> = (0..self.objects.len()).collect();
        let mut is_needed = vec![false; self.objects.len()];
        for &i in &shared {
            for &reference in &self.references[i] {
                is_needed[reference] = true;
                let (one, other) = (leading(&mut leader, i), leading(&mut leader, reference));
                leader[one] = other;
            }
        }
        let mut groups = BTreeMap::new();
        for i in shared {
            let group = groups.entry(leading(&mut leader, i));
            self.add(group.or_default(), i, !is_needed[i]);
        }
        groups.into_values().collect()
    }

    /// What one entry alone brings along, with those that it refers to. No group
    /// refers to another one, else that would be shared.
    fn rest(&self, owners: &[Owner]) -> Vec<Group> {
        let mut groups = BTreeMap::new();
        for (i, owner) in owners.iter().enumerate() {
            if let Owner::One(owner) = owner {
                self.add(groups.entry(owner).or_default(), i, false);
            }
        }
        groups.into_values().collect()
    }

    /// What is queued is named in any case.
    fn add(&self, group: &mut Group, i: usize, is_named: bool) {
        let bytes = self.objects[i].nar_size;
        group.bytes = group.bytes.saturating_add(bytes);
        let is_queued = self.queued.contains(&i);
        if is_queued {
            group.queued += 1;
            group.queued_bytes = group.queued_bytes.saturating_add(bytes);
        }
        if is_queued || is_named {
            group.paths.push(i);
        }
    }

    fn named(&self, round: &[Group]) -> Round {
        let path = |&i: &usize| self.objects[i].path.clone();
        let parts = round.iter();
        parts
            .map(|part| part.paths.iter().map(path).collect())
            .collect()
    }
}

/// Who leads the group of `i`; the way there is shortened.
fn leading(leader: &mut [usize], mut i: usize) -> usize {
    while leader[i] != i {
        leader[i] = leader[leader[i]];
        i = leader[i];
    }
    i
}

#[cfg(test)]
mod tests;
