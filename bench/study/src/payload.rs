//! What is copied.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Command;

use camino::{Utf8Path, Utf8PathBuf};
use system_tests::{Nix, Run, expr};

/// Store paths to copy, all of them entries of a queue, dependencies before their dependents.
#[derive(Clone, Debug)]
pub(crate) struct Payload {
    /// What it is, in a few words.
    pub(crate) name: &'static str,
    /// The paths, with what is known about each.
    pub(crate) paths: Vec<PathFacts>,
    /// What the destination has already.
    pub(crate) there: Vec<Utf8PathBuf>,
}

/// A store path of a [`Payload`].
#[derive(Clone, Debug)]
pub(crate) struct PathFacts {
    /// The store path.
    pub(crate) path: Utf8PathBuf,
    /// The size of its file, in bytes.
    pub(crate) size: u64,
    /// The paths of the payload that it refers to, by their position.
    pub(crate) references: Vec<usize>,
}

/// Builds payloads of slices of the machine's own programs and libraries: they compress as what
/// people build does.
#[derive(Debug)]
pub(crate) struct Builder<'a> {
    nix: &'a Nix,
    corpus: Utf8PathBuf,
    length: u64,
}

impl Builder<'_> {
    /// Gathers programs and libraries.
    pub(crate) fn new(nix: &Nix) -> Builder<'_> {
        let corpus = nix.dir().join("corpus");
        let gather =
            format!("find /usr/bin /usr/lib -type f -size +8k | sort | xargs cat >{corpus}");
        Command::new("sh").args(["-c", &gather]).run().success();
        let length = fs::metadata(&corpus).expect("corpus").len();
        Builder {
            nix,
            corpus,
            length,
        }
    }

    /// 300 files of 100 bytes to 10 kB that know nothing of each other.
    pub(crate) fn small(&self) -> Payload {
        let sizes = (0..300).map(|i| log_distributed(i, 100.0, 10_000.0));
        self.build("300 small", sizes.map(|size| (size, Vec::new())).collect())
    }

    /// 4 files of 25 MB that know nothing of each other.
    pub(crate) fn large(&self) -> Payload {
        self.build("4 large", vec![(25_000_000, Vec::new()); 4])
    }

    /// A file of 48 MB.
    pub(crate) fn one(&self) -> Payload {
        self.build("1 large", vec![(48_000_000, Vec::new())])
    }

    /// 100 files of 1 kB to 2 MB. Eight are libraries, all others refer to two of these, and every
    /// third also to the one before. So all are connected, and most closures overlap.
    pub(crate) fn mix(&self) -> Payload {
        let facts = (0..100).map(|i| {
            let references = match i {
                0..8 => vec![],
                _ if i % 3 == 0 && i > 8 => vec![i % 8, (i / 8) % 8, i - 1],
                _ => vec![i % 8, (i / 8) % 8],
            };
            let references = BTreeSet::from_iter(references).into_iter().collect();
            (log_distributed(i, 1_000.0, 2_000_000.0), references)
        });
        self.build("mix of 100", facts.collect())
    }

    /// 8 files of 100 bytes to 10 kB: a push that has hardly anything to do.
    pub(crate) fn few(&self) -> Payload {
        let sizes = (0..8).map(|i| log_distributed(i, 100.0, 10_000.0));
        self.build("8 small", sizes.map(|size| (size, Vec::new())).collect())
    }

    /// 60 files of 200 kB, each of which refers to the one before: what no split suits.
    pub(crate) fn chain(&self) -> Payload {
        let facts = (0..60).map(|i: usize| (200_000, i.checked_sub(1).into_iter().collect()));
        self.build("chain of 60", facts.collect())
    }

    /// 60 files of 1 kB to 500 kB, each of which refers to 25 of 200 paths that are there already.
    pub(crate) fn onto_others(&self) -> Payload {
        let sizes = (0..60).map(|i| log_distributed(i, 1_000.0, 500_000.0));
        self.onto("60 onto 200", sizes.collect(), (200, 100), 25)
    }

    /// 4 files of 25 MB, each of which refers to 8 libraries of 1 MB that are there already.
    pub(crate) fn large_onto_others(&self) -> Payload {
        self.onto("4 large onto 8", vec![25_000_000; 4], (8, 1_000_000), 8)
    }

    /// Files of these sizes, each of which refers to so many of others, of which there are so many
    /// of such a size.
    fn onto(
        &self,
        name: &'static str,
        sizes: Vec<u64>,
        (others, size): (usize, u64),
        each: usize,
    ) -> Payload {
        let libraries = (0..others).map(|_| (size, Vec::new()));
        let facts = sizes.into_iter().enumerate().map(|(i, size)| {
            let references = (0..each).map(|k| (i * each + k) % others);
            (size, references.collect())
        });
        let mut payload = self.build(name, libraries.chain(facts).collect());
        let libraries = payload.paths.drain(..others).map(|other| other.path);
        payload.there = libraries.collect();
        for path in &mut payload.paths {
            path.references.clear();
        }
        payload
    }

    fn build(&self, name: &'static str, facts: Vec<(u64, Vec<usize>)>) -> Payload {
        let prefix = name.replace(' ', "-");
        let mut bindings = String::new();
        let mut offset = 0;
        for (i, (size, references)) in facts.iter().enumerate() {
            // What is too long for what is left begins anew, at another place.
            offset = if offset + size > self.length {
                1 + i as u64 * 4096
            } else {
                offset
            };
            let names: String = references.iter().map(|r| format!("${{p{r}}} ")).collect();
            let corpus = &self.corpus;
            bindings.push_str(&format!(
                "p{i} = drv \"{prefix}-{i}\" \"(echo {i} {names}; /usr/bin/tail -c +{offset} {corpus} | /usr/bin/head -c {size}) > $out\";\n"
            ));
            offset += size;
        }
        let all: String = (0..facts.len()).map(|i| format!("p{i} ")).collect();
        let file = self.nix.dir().join(format!("{prefix}.nix"));
        let expression = expr::with_drv(&format!("let {bindings} in [ {all} ]"));
        fs::write(&file, expression).expect("write");
        let mut command = self.nix.command("nix-build");
        command.args([
            "--no-out-link",
            "-j2",
            "--option",
            "fsync-metadata",
            "false",
        ]);
        // Not as a test runs a command: on a busy machine this may take minutes.
        let output = command.arg(&file).output().expect("nix-build");
        let text = String::from_utf8_lossy(&output.stdout);
        let paths: Vec<&str> = text.lines().collect();
        assert_eq!(paths.len(), facts.len(), "all are built");
        let paths = paths.into_iter().zip(facts).map(|(path, (_, references))| {
            let size = size_of(path.as_ref());
            PathFacts {
                path: path.into(),
                size,
                references,
            }
        });
        Payload {
            name,
            paths: paths.collect(),
            there: Vec::new(),
        }
    }
}

fn size_of(path: &Utf8Path) -> u64 {
    fs::metadata(path).expect("metadata").len()
}

/// The `i`th of sizes whose logarithms are spread evenly between two bounds.
fn log_distributed(i: usize, least: f64, most: f64) -> u64 {
    let golden = (i as f64 * 0.618_033_988_75).fract();
    (least * (most / least).powf(golden)) as u64
}

impl Payload {
    /// Its bytes.
    pub(crate) fn size(&self) -> u64 {
        self.paths.iter().map(|path| path.size).sum()
    }

    /// How far each path is from those without references, by position.
    pub(crate) fn depths(&self) -> Vec<usize> {
        let mut depths: Vec<usize> = Vec::new();
        for path in &self.paths {
            let below = path.references.iter().map(|&r| depths[r] + 1);
            depths.push(below.max().unwrap_or(0));
        }
        depths
    }

    /// The paths that more than one other path refers to, with their closures, by position.
    pub(crate) fn needed_by_several(&self) -> BTreeSet<usize> {
        let mut dependents = vec![0; self.paths.len()];
        for &reference in self.paths.iter().flat_map(|path| &path.references) {
            dependents[reference] += 1;
        }
        let several: Vec<usize> = (0..self.paths.len())
            .filter(|&i| dependents[i] > 1)
            .collect();
        self.closure(&several)
    }

    /// Groups of some paths such that none refers to one in another group.
    pub(crate) fn groups(&self, of: &BTreeSet<usize>) -> Vec<Vec<usize>> {
        // Each path is in the group of the first one that it is connected with.
        let mut group: Vec<usize> = (0..self.paths.len()).collect();
        for &i in of {
            for &reference in self.paths[i].references.iter().filter(|r| of.contains(r)) {
                let (from, to) = (
                    group[i].max(group[reference]),
                    group[i].min(group[reference]),
                );
                group
                    .iter_mut()
                    .filter(|g| **g == from)
                    .for_each(|g| *g = to);
            }
        }
        let mut groups: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for &i in of {
            groups.entry(group[i]).or_default().push(i);
        }
        groups.into_values().collect()
    }

    /// The closure of some paths, by position.
    pub(crate) fn closure(&self, of: &[usize]) -> BTreeSet<usize> {
        let mut closure = BTreeSet::from_iter(of.iter().copied());
        // Dependencies come first.
        for i in (0..self.paths.len()).rev() {
            if closure.contains(&i) {
                closure.extend(&self.paths[i].references);
            }
        }
        closure
    }
}
