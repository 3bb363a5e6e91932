//! What is measured.

use crate::destination::Kind;
use crate::payload::{Builder, Payload};
use crate::policy::{Policy, Split};

/// A payload that goes to a destination by several policies.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    /// What is copied.
    pub(crate) what: What,
    /// Where to.
    pub(crate) kind: Kind,
    /// Whether the destination is 50 ms away.
    pub(crate) is_far: bool,
    /// How; all others are compared with the first.
    pub(crate) policies: Vec<Policy>,
    /// How often each.
    pub(crate) times: usize,
}

/// A kind of payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum What {
    /// [`Builder::small`].
    Small,
    /// [`Builder::large`].
    Large,
    /// [`Builder::mix`].
    Mix,
    /// [`Builder::few`].
    Few,
    /// [`Builder::chain`].
    Chain,
    /// [`Builder::one`].
    One,
    /// [`Builder::onto_others`].
    OntoOthers,
    /// [`Builder::large_onto_others`].
    LargeOntoOthers,
}

impl What {
    /// Builds one.
    pub(crate) fn build(self, builder: &Builder) -> Payload {
        match self {
            What::Small => builder.small(),
            What::Large => builder.large(),
            What::Mix => builder.mix(),
            What::Few => builder.few(),
            What::Chain => builder.chain(),
            What::One => builder.one(),
            What::OntoOthers => builder.onto_others(),
            What::LargeOntoOthers => builder.large_onto_others(),
        }
    }
}

impl Case {
    /// As in `http-far-small`.
    pub(crate) fn name(&self) -> String {
        let kind = match self.kind {
            Kind::File => "file",
            Kind::Http => "http",
            Kind::SshNg => "ssh-ng",
            Kind::Ssh => "ssh-old",
            Kind::Chroot => "chroot",
        };
        let distance = if self.is_far { "far" } else { "near" };
        let what = match self.what {
            What::Small => "small",
            What::Large => "large",
            What::Mix => "mix",
            What::Few => "few",
            What::Chain => "chain",
            What::One => "one",
            What::OntoOthers => "onto-others",
            What::LargeOntoOthers => "heavy-onto-others",
        };
        format!("{kind}-{distance}-{what}")
    }
}

/// All cases, the most telling ones first.
pub(crate) fn all() -> Vec<Case> {
    use Kind::{Chroot, File, Http, Ssh, SshNg};
    use What::{Chain, Few, Large, LargeOntoOthers, Mix, One, OntoOthers, Small};
    let far = |kind, what, times, policies| Case {
        what,
        kind,
        is_far: true,
        policies,
        times,
    };
    let near = |kind, what, times, policies| Case {
        is_far: false,
        ..far(kind, what, times, policies)
    };
    vec![
        far(
            Http,
            Small,
            3,
            [
                at_once_by_size(),
                remembering(&[4, 8], Split::BySize),
                pushes(),
                cores(),
            ]
            .concat(),
        ),
        far(
            Http,
            Mix,
            3,
            [
                splits(),
                remembering(&[4, 8], Split::Groups),
                pushes(),
                with_zstd(),
            ]
            .concat(),
        ),
        far(Http, Chain, 3, [splits_of_chain(), pushes()].concat()),
        far(
            Http,
            OntoOthers,
            3,
            [
                at_once_by_size(),
                remembering(&[4, 8], Split::BySize),
                pushes(),
            ]
            .concat(),
        ),
        far(
            Http,
            Large,
            2,
            [at_once(&[2, 4], Split::BySize), pushes(), with_zstd()].concat(),
        ),
        far(Http, Few, 5, [at_once_by_size(), pushes()].concat()),
        far(SshNg, Small, 5, [at_once_by_size(), pushes()].concat()),
        far(
            SshNg,
            Mix,
            5,
            [at_once_by_groups(), connections(), pushes()].concat(),
        ),
        far(SshNg, Large, 3, [at_once_by_size(), pushes()].concat()),
        far(
            SshNg,
            LargeOntoOthers,
            3,
            [at_once_by_size(), pushes()].concat(),
        ),
        far(
            Ssh,
            Small,
            3,
            [at_once_by_size(), connections(), pushes()].concat(),
        ),
        far(Ssh, Mix, 3, [at_once_by_groups(), pushes()].concat()),
        near(Ssh, Small, 5, [at_once_by_size(), pushes()].concat()),
        near(Ssh, Mix, 5, [at_once_by_groups(), pushes()].concat()),
        near(
            Http,
            Small,
            5,
            [
                at_once_by_size(),
                remembering(&[8], Split::BySize),
                pushes(),
            ]
            .concat(),
        ),
        near(
            Http,
            Mix,
            3,
            [
                at_once_by_groups(),
                remembering(&[8], Split::Groups),
                pushes(),
            ]
            .concat(),
        ),
        near(File, Small, 5, at_once_by_size()),
        near(
            File,
            Mix,
            3,
            [at_once_by_groups(), compressions(2)].concat(),
        ),
        near(File, Large, 3, at_once(&[2, 4], Split::BySize)),
        near(File, One, 3, levels()),
        near(SshNg, Small, 5, [at_once_by_size(), pushes()].concat()),
        near(SshNg, Mix, 5, [at_once_by_groups(), pushes()].concat()),
        near(SshNg, Large, 5, [at_once_by_size(), pushes()].concat()),
        near(Chroot, Small, 5, at_once_by_size()),
        near(Chroot, Mix, 5, at_once_by_groups()),
    ]
}

fn at_once_by_size() -> Vec<Policy> {
    at_once(&[2, 4, 8], Split::BySize)
}

fn at_once_by_groups() -> Vec<Policy> {
    at_once(&[2, 4], Split::Groups)
}

/// What is built in.
fn pushes() -> Vec<Policy> {
    [Some("1"), Some("4"), None].map(Policy::push).into()
}

fn at_once(jobs: &[usize], split: Split) -> Vec<Policy> {
    let several = jobs.iter().map(|&jobs| Policy::at_once(jobs, split));
    [Policy::one()].into_iter().chain(several).collect()
}

/// What the number of cores does, on which the threads of one copy depend.
fn cores() -> Vec<Policy> {
    let four = || Policy::at_once(4, Split::BySize);
    vec![
        Policy::at_once(16, Split::BySize),
        Policy::at_once(4, Split::RoundRobin),
        Policy::one().set("http-connections", "100"),
        Policy::one().with("compression=zstd"),
        four().with("compression=zstd"),
        Policy::one().believing_in(8),
        four().believing_in(8),
        Policy::one().believing_in(16),
        four().believing_in(16),
    ]
}

/// Ways to split what is connected.
fn splits() -> Vec<Policy> {
    let mut policies = at_once(&[4, 8], Split::Groups);
    let others = [Split::RoundRobin, Split::Levels];
    policies.extend(others.map(|split| Policy::at_once(4, split)));
    policies
}

fn splits_of_chain() -> Vec<Policy> {
    let splits = [Split::RoundRobin, Split::Groups];
    let several = splits.map(|split| Policy::at_once(4, split));
    [Policy::one()].into_iter().chain(several).collect()
}

/// How binary caches compress, by one copy and by several.
fn compressions(jobs: usize) -> Vec<Policy> {
    vec![
        Policy::one().with("parallel-compression=true"),
        Policy::one().with("compression=zstd"),
        Policy::one().with("compression=none"),
        Policy::at_once(jobs, Split::Groups).with("compression=zstd"),
    ]
}

fn with_zstd() -> Vec<Policy> {
    [Policy::one(), Policy::at_once(4, Split::Groups)]
        .map(|policy| policy.with("compression=zstd"))
        .into()
}

fn levels() -> Vec<Policy> {
    let zstd = || Policy::one().with("compression=zstd");
    vec![
        Policy::one(),
        Policy::one().with("parallel-compression=true"),
        Policy::one().with("compression-level=1"),
        zstd(),
        zstd().with("parallel-compression=true"),
        zstd().with("compression-level=10"),
        Policy::one().with("compression=none"),
    ]
}

/// As a push does it: each copy remembers what it is told itself, and nothing else.
fn remembering(jobs: &[usize], split: Split) -> Vec<Policy> {
    let policies = at_once(jobs, split).into_iter();
    policies.map(Policy::remembering).collect()
}

/// What Nix's own protocols can be told.
fn connections() -> Vec<Policy> {
    vec![
        Policy::one().with("max-connections=4"),
        Policy::one().with("compress=true"),
    ]
}
