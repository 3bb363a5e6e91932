use proptest::prelude::*;

use super::*;

const CACHE: Costs = Costs::EachPath;

fn path(i: usize) -> StorePath {
    // No digit is left out of Nix's base 32.
    format!("{i:032}-x").parse().unwrap()
}

fn paths(positions: &[usize]) -> Vec<StorePath> {
    positions.iter().map(|&i| path(i)).collect()
}

/// Objects that refer to these; each to itself as well.
fn objects(references: &[&[usize]]) -> Vec<StoreObject> {
    let numbered = references.iter().enumerate();
    let object = |(i, references): (usize, &&[usize])| StoreObject {
        path: path(i),
        nar_size: 1_000 * (i as u64 % 7),
        references: paths(&[references, [i].as_slice()].concat()),
    };
    numbered.map(object).collect()
}

fn split(queued: &[usize], references: &[&[usize]], jobs: usize) -> Option<Vec<Round>> {
    let jobs = NonZeroUsize::new(jobs).unwrap();
    rounds(&paths(queued), &objects(references), CACHE, jobs)
}

fn lengths(rounds: &[Round]) -> Vec<Vec<usize>> {
    let round = |round: &Round| round.iter().map(Vec::len).collect();
    rounds.iter().map(round).collect()
}

#[test]
fn paths_that_know_nothing_of_each_other_go_in_as_many_parts_as_there_may_be() {
    let all: Vec<usize> = (0..40).collect();
    let rounds = split(&all, &[&[][..]; 40], 4).unwrap();
    assert_eq!(lengths(&rounds), [[10; 4]]);
}

#[test]
fn a_part_has_two_entries_on_the_average() {
    let all: Vec<usize> = (0..7).collect();
    let rounds = split(&all, &[&[][..]; 7], 64).unwrap();
    assert_eq!(rounds[0].len(), 3);
}

/// One copy compresses with all cores already.
#[test]
fn few_large_paths_go_to_a_cache_in_one_copy() {
    let mut large = objects(&[&[][..]; 4]);
    large
        .iter_mut()
        .for_each(|object| object.nar_size = 25_000_000);
    let jobs = NonZeroUsize::new(8).unwrap();
    assert_eq!(rounds(&paths(&[0, 1, 2, 3]), &large, CACHE, jobs), None);
}

#[test]
fn where_no_path_waits_for_another_only_what_is_large_goes_in_parts() {
    let stream = Costs::to("ssh-ng://h");
    let jobs = NonZeroUsize::new(4).unwrap();
    let parts = |size: u64, count: usize| {
        let mut objects = objects(&vec![&[][..]; count]);
        objects.iter_mut().for_each(|object| object.nar_size = size);
        let all: Vec<usize> = (0..count).collect();
        rounds(&paths(&all), &objects, stream, jobs).map(|rounds| rounds[0].len())
    };
    assert_eq!(parts(10_000, 300), None);
    assert_eq!(parts(250_000, 100), None);
    assert_eq!(parts(LARGE / 2, 4), None);
    assert_eq!(parts(LARGE, 4), Some(4));
    assert_eq!(parts(LARGE / 25, 100), Some(4));

    // Two large ones, and many beside them.
    let mut mixed = objects(&vec![&[][..]; 102]);
    mixed[..2]
        .iter_mut()
        .for_each(|object| object.nar_size = 5 * LARGE);
    let all: Vec<usize> = (0..102).collect();
    let rounds = rounds(&paths(&all), &mixed, stream, jobs).unwrap();
    assert_eq!(rounds[0].len(), 2);
}

#[test]
fn where_a_round_costs_something_more_has_to_be_saved() {
    // All need the first one.
    let mut references: Vec<&[usize]> = vec![&[]];
    references.extend([&[0][..]; 4]);
    let rounds_of = |size: u64| {
        let mut objects = objects(&references);
        objects[1..]
            .iter_mut()
            .for_each(|object| object.nar_size = size);
        let jobs = NonZeroUsize::new(4).unwrap();
        rounds(
            &paths(&[1, 2, 3, 4]),
            &objects,
            Costs::to("ssh-ng://h"),
            jobs,
        )
    };
    assert_eq!(rounds_of(LARGE / 2), None);
    assert_eq!(lengths(&rounds_of(LARGE).unwrap()), [vec![1], vec![1; 4]]);
}

#[test]
fn a_chain_goes_in_one_copy() {
    let chain: Vec<Vec<usize>> = (0..60_usize)
        .map(|i| i.checked_sub(1).into_iter().collect())
        .collect();
    let chain: Vec<&[usize]> = chain.iter().map(Vec::as_slice).collect();
    let all: Vec<usize> = (0..60).collect();
    assert_eq!(split(&all, &chain, 8), None);
}

#[test]
fn a_diamond_goes_in_one_copy_and_several_in_one_each() {
    let diamond = |at: usize| [vec![], vec![at], vec![at], vec![at + 1, at + 2]];
    assert_eq!(split(&[0, 1, 2, 3], &[&[], &[0], &[0], &[1, 2]], 8), None);
    let several: Vec<Vec<usize>> = (0..4).flat_map(|i| diamond(4 * i)).collect();
    let several: Vec<&[usize]> = several.iter().map(Vec::as_slice).collect();
    let all: Vec<usize> = (0..16).collect();
    let rounds = split(&all, &several, 4).unwrap();
    assert_eq!(lengths(&rounds), [[4; 4]]);
}

#[test]
fn what_is_shared_goes_first_whether_it_is_queued_or_not() {
    // 0 is a C library, 1 and 2 are libraries, all others use both.
    let mut references: Vec<&[usize]> = vec![&[], &[0], &[0]];
    references.extend([[1, 2].as_slice(); 8]);
    let programs: Vec<usize> = (3..11).collect();
    let rounds = split(&programs, &references, 4).unwrap();
    assert_eq!(rounds[0], [paths(&[1, 2])]);
    assert_eq!(lengths(&rounds[1..]), [[2; 4]]);
    let all: Vec<usize> = (0..11).collect();
    let rounds = split(&all, &references, 4).unwrap();
    assert_eq!(rounds[0], [paths(&[0, 1, 2])]);
}

#[test]
fn one_copy_does_where_there_is_little_or_one_large_path() {
    assert_eq!(split(&[0, 1, 2], &[&[][..]; 3], 8), None);
    assert_eq!(split(&[0, 1, 2, 3], &[&[][..]; 4], 1), None);
    let mut objects = objects(&[&[][..]; 4]);
    objects[0].nar_size = 1_000_000_000;
    let jobs = NonZeroUsize::new(8).unwrap();
    assert_eq!(rounds(&paths(&[0, 1, 2, 3]), &objects, CACHE, jobs), None);
}

#[test]
fn a_closure_that_lacks_something_is_not_split() {
    assert_eq!(split(&[0, 1, 2, 4], &[&[][..]; 4], 8), None);
    assert_eq!(split(&[0, 1, 2, 3], &[&[], &[], &[], &[7]], 8), None);
}

#[test]
fn no_size_is_too_large_to_be_counted() {
    let mut objects = objects(&[&[][..]; 8]);
    objects
        .iter_mut()
        .for_each(|object| object.nar_size = u64::MAX);
    let all: Vec<usize> = (0..8).collect();
    let jobs = NonZeroUsize::new(2).unwrap();
    // As large as can be together, they are not known to take less in parts.
    assert_eq!(rounds(&paths(&all), &objects, CACHE, jobs), None);
}

#[test]
fn a_deep_closure_overflows_no_stack() {
    let deep: Vec<Vec<usize>> = (0..20_000_usize)
        .map(|i| i.checked_sub(1).into_iter().collect())
        .collect();
    let deep: Vec<&[usize]> = deep.iter().map(Vec::as_slice).collect();
    assert_eq!(split(&[19_999, 19_998, 19_997, 19_996], &deep, 8), None);
}

/// A graph without cycles, and which of its objects are queued.
fn graphs() -> impl Strategy<Value = (Vec<Vec<usize>>, Vec<usize>)> {
    let references = proptest::collection::vec(any::<prop::sample::Index>(), 0..4);
    let graph = proptest::collection::vec(references, 4..60).prop_map(|graph| {
        let numbered = graph.into_iter().enumerate();
        let below = |(i, references): (usize, Vec<prop::sample::Index>)| match i {
            0 => Vec::new(),
            _ => references.iter().map(|index| index.index(i)).collect(),
        };
        numbered.map(below).collect::<Vec<Vec<usize>>>()
    });
    graph.prop_flat_map(|graph| {
        let all: Vec<usize> = (0..graph.len()).collect();
        let count = 4..=graph.len();
        (Just(graph), proptest::sample::subsequence(all, count))
    })
}

fn closure(of: &[StorePath], objects: &[StoreObject]) -> BTreeSet<StorePath> {
    let mut closure: BTreeSet<StorePath> = of.iter().cloned().collect();
    for object in objects.iter().rev() {
        if closure.contains(&object.path) {
            closure.extend(object.references.iter().cloned());
        }
    }
    closure
}

proptest! {
    #[test]
    fn everything_is_copied_and_nothing_by_two_copies_at_once(
        (graph, queued) in graphs(),
        jobs in 1..10usize,
        uri in prop_oneof![Just("http://h"), Just("ssh-ng://h")],
        factor in prop_oneof![Just(1), Just(10_000)],
    ) {
        let graph: Vec<&[usize]> = graph.iter().map(Vec::as_slice).collect();
        let mut objects = objects(&graph);
        objects.iter_mut().for_each(|object| object.nar_size *= factor);
        // What is not in the closure of a queued path is not told of.
        let told = closure(&paths(&queued), &objects);
        let told: Vec<StoreObject> =
            objects.iter().filter(|object| told.contains(&object.path)).cloned().collect();
        let jobs = NonZeroUsize::new(jobs).unwrap();
        let Some(rounds) = rounds(&paths(&queued), &told, Costs::to(uri), jobs) else { return Ok(()) };

        let mut there = BTreeSet::new();
        for round in &rounds {
            prop_assert!(round.len() <= jobs.get());
            let mut now = BTreeSet::new();
            for part in round {
                prop_assert!(!part.is_empty());
                let copied: BTreeSet<_> = closure(part, &told).difference(&there).cloned().collect();
                prop_assert!(now.is_disjoint(&copied), "{:?}", now.intersection(&copied));
                now.extend(copied);
            }
            there.extend(now);
        }
        prop_assert_eq!(there, told.iter().map(|object| object.path.clone()).collect());

        let mut named = rounds.concat().concat();
        named.retain(|path| paths(&queued).contains(path));
        named.sort();
        prop_assert_eq!(named, paths(&queued));
    }
}
