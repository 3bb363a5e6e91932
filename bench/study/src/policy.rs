//! How a payload is copied.

use std::collections::BTreeMap;

use crate::payload::Payload;

/// A way to copy a payload.
#[derive(Clone, Debug)]
pub(crate) struct Policy {
    /// How the table names it.
    pub(crate) name: String,
    /// What is copied one after the other, and in parts at once.
    pub(crate) split: Split,
    /// How many copies run at once.
    pub(crate) jobs: usize,
    /// Parameters of the store URI, as in `compression=zstd`.
    pub(crate) parameters: Vec<&'static str>,
    /// Settings of Nix: name and value.
    pub(crate) settings: Vec<(&'static str, &'static str)>,
    /// Whether each copy to an `http://` has an empty cache directory of its own, and remembers what
    /// it is told; else it is to believe nothing that it remembers (`narinfo-cache-positive-ttl 0`).
    pub(crate) remembers: bool,
    /// Whether it is no `nix copy` but a push of ours, of the paths that are given, which splits
    /// them itself.
    pub(crate) is_push: bool,
    /// How many cores Nix is made to believe in, instead of those that are there.
    pub(crate) cores: Option<usize>,
}

/// How paths are split into parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Split {
    /// The first to the first copy, the second to the second, and so on.
    RoundRobin,
    /// The largest first, each to the copy that has the least.
    BySize,
    /// Those without references by size, then those that refer only to these, and so on.
    Levels,
    /// First what several paths refer to, with its closure, then the rest; each in groups that do
    /// not refer to each other.
    Groups,
}

impl Policy {
    /// One `nix copy` of all.
    pub(crate) fn one() -> Policy {
        Policy {
            name: "1 copy".into(),
            split: Split::RoundRobin,
            jobs: 1,
            parameters: Vec::new(),
            settings: Vec::new(),
            remembers: false,
            is_push: false,
            cores: None,
        }
    }

    /// Several copies at once.
    pub(crate) fn at_once(jobs: usize, split: Split) -> Policy {
        let how = match split {
            Split::RoundRobin => "round robin",
            Split::BySize => "by size",
            Split::Levels => "by levels",
            Split::Groups => "by groups",
        };
        Policy {
            name: format!("{jobs} copies, {how}"),
            split,
            jobs,
            ..Policy::one()
        }
    }

    /// What a push makes of it, with so many jobs or its default.
    pub(crate) fn push(jobs: Option<&'static str>) -> Policy {
        let name = match jobs {
            Some(jobs) => format!("push, {jobs} jobs"),
            None => "push".into(),
        };
        Policy {
            name,
            is_push: true,
            settings: jobs.map(|jobs| ("--jobs", jobs)).into_iter().collect(),
            ..Policy::one()
        }
    }

    /// The same with a parameter of the store URI.
    pub(crate) fn with(mut self, parameter: &'static str) -> Policy {
        self.name = format!("{}, {parameter}", self.name);
        self.parameters.push(parameter);
        self
    }

    /// The same with a setting of Nix.
    pub(crate) fn set(mut self, name: &'static str, value: &'static str) -> Policy {
        self.name = format!("{}, {name} {value}", self.name);
        self.settings.push((name, value));
        self
    }

    /// The same with an empty cache directory for each copy.
    pub(crate) fn remembering(mut self) -> Policy {
        self.name = format!("{}, own cache", self.name);
        self.remembers = true;
        self
    }

    /// The same with Nix believing in so many cores.
    pub(crate) fn believing_in(mut self, cores: usize) -> Policy {
        self.name = format!("{}, as on {cores} cores", self.name);
        self.cores = Some(cores);
        self
    }

    /// The rounds, one after the other, each of parts that are copied at once. Parts are positions
    /// in the payload.
    pub(crate) fn rounds(&self, payload: &Payload) -> Vec<Vec<Vec<usize>>> {
        let all: Vec<usize> = (0..payload.paths.len()).collect();
        let rounds = match self.split {
            Split::RoundRobin => vec![round_robin(&all, self.jobs)],
            Split::BySize => vec![by_size(payload, singly(&all), self.jobs)],
            Split::Levels => {
                let mut levels: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
                for (i, depth) in payload.depths().into_iter().enumerate() {
                    levels.entry(depth).or_default().push(i);
                }
                let levels = levels.into_values();
                levels
                    .map(|level| by_size(payload, singly(&level), self.jobs))
                    .collect()
            }
            Split::Groups => {
                let first = payload.needed_by_several();
                let rest = all.into_iter().filter(|i| !first.contains(i)).collect();
                [first, rest]
                    .map(|half| by_size(payload, payload.groups(&half), self.jobs))
                    .into()
            }
        };
        let full =
            |round: Vec<Vec<usize>>| round.into_iter().filter(|part| !part.is_empty()).collect();
        rounds.into_iter().map(full).collect()
    }
}

fn round_robin(paths: &[usize], parts: usize) -> Vec<Vec<usize>> {
    (0..parts)
        .map(|part| paths.iter().copied().skip(part).step_by(parts).collect())
        .collect()
}

fn singly(paths: &[usize]) -> Vec<Vec<usize>> {
    paths.iter().map(|&path| vec![path]).collect()
}

/// Packs groups into parts, the largest first, each into the part that has the least.
fn by_size(payload: &Payload, mut groups: Vec<Vec<usize>>, parts: usize) -> Vec<Vec<usize>> {
    // Each path costs something besides its bytes.
    let cost = |group: &[usize]| -> u64 {
        let costs = group.iter().map(|&i| payload.paths[i].size + 100_000);
        costs.sum()
    };
    groups.sort_by_key(|group| std::cmp::Reverse(cost(group)));
    let mut filled = vec![(0, Vec::new()); parts];
    for group in groups {
        let least = filled.iter_mut().min_by_key(|(size, _)| *size);
        let (size, part) = least.expect("at least one part");
        *size += cost(&group);
        part.extend(group);
    }
    filled.into_iter().map(|(_, part)| part).collect()
}
