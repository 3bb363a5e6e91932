//! Builders that push overlapping closures, in turn and at the same time.

use std::collections::BTreeSet;
use std::time::Instant;

use camino::Utf8PathBuf;
use machine_tests::{NIX, Request, narinfo_name};
use system_tests::{figure, quoted_in, wait_until};

use crate::site::{PAGE, PUSH, QUEUE, RELIABILITY, Site, layers, stop_pushing};

/// The destination of the page.
const DESTINATION: &str = "http://cache.example.org?compression=zstd";
/// How many paths all builders build in a round, and how many each of them on top of these.
const SHARED: usize = 12;
const OWN: usize = 4;
/// How many rounds all builders push at the same time.
const ROUNDS: usize = 3;

type Paths = BTreeSet<Utf8PathBuf>;

#[test]
fn three_builders_bring_to_one_cache_whatever_any_of_them_built() {
    let mut site = Site::with_builders(3, "");
    site.builders.iter().for_each(stop_pushing);

    let mut built = in_turn(&site);
    for round in 1..=ROUNDS {
        built.append(&mut at_the_same_time(&site, round));
    }
    quoted_in(
        RELIABILITY,
        "store paths built in all rounds",
        built.len(),
        "paths",
    );

    built.append(&mut a_builder_that_comes_later(&mut site));
    assert_eq!(site.cache.cache_is_whole(), built.len());
    assert_that_a_client_can_fetch(&site, &built);
}

/// One builder after the other: each brings only what those before it have not brought.
fn in_turn(site: &Site) -> Paths {
    let closures = site.build(|builder| layers(0, builder, SHARED, OWN));
    let mut there = Paths::new();
    let mut queued = 0;
    for (index, (builder, closure)) in site.builders.iter().zip(&closures).enumerate() {
        assert_eq!(&builder.queued(QUEUE), closure);
        queued += closure.len();
        let before = site.cache.requests().len();
        builder.start_unit(PUSH);
        assert_eq!(builder.queued(QUEUE), Paths::new());

        let asked = site.asked_by(index, before);
        let missing: Paths = closure.difference(&there).cloned().collect();
        assert_eq!(uploads(&asked, ".narinfo"), missing.len());
        assert_eq!(uploads(&asked, "/nar/"), missing.len());
        for path in closure {
            // Asked for, and there or not.
            let answer = if there.contains(path) { 200 } else { 404 };
            let is_answer = |request: &&Request| {
                request.path.ends_with(&narinfo_name(path)) && request.status == answer
            };
            assert!(
                asked.iter().any(|request| is_answer(&request)),
                "{path}: {asked:?}"
            );
        }
        there.extend(closure.iter().cloned());
    }
    quoted_in(
        PAGE,
        "store paths in three queues, in turn",
        queued,
        "paths",
    );
    let uploads = uploads(&site.cache.requests(), ".narinfo");
    quoted_in(PAGE, "store paths uploaded, in turn", uploads, "paths");
    there
}

/// All builders at the same time: each path is brought at least by one of them.
fn at_the_same_time(site: &Site, round: usize) -> Paths {
    let closures = site.build(|builder| layers(round, builder, SHARED, OWN));
    let queued: usize = closures.iter().map(Paths::len).sum();
    let before = site.cache.requests().len();
    let begin = Instant::now();
    push_from_one_line(site);
    let took = begin.elapsed();

    for builder in &site.builders {
        assert_eq!(builder.property(PUSH, "Result"), "success");
        assert_eq!(builder.starts(PUSH), round + 1);
        // No complaint, no second try.
        let said = "journalctl --sync; journalctl --output cat -t nix-post-build-push";
        let copied = format!("cache: {} copied to {DESTINATION}", SHARED + OWN);
        let mut lines = builder.sh(said).lines();
        // How far it was.
        lines.retain(|line| !line.contains(" entries delivered: "));
        assert_eq!(lines, vec![copied; round + 1]);
    }
    let requests = site.cache.requests().split_off(before);
    let failed = |request: &&Request| request.method == "PUT" && !request.put("");
    assert_eq!(
        requests.iter().find(failed).map(|request| &request.path),
        None
    );
    let all: Paths = closures.into_iter().flatten().collect();
    let (narinfos, nars) = (uploads(&requests, ".narinfo"), uploads(&requests, "/nar/"));
    assert!(
        (all.len()..=queued).contains(&narinfos),
        "{narinfos} narinfos"
    );
    assert!((all.len()..=narinfos).contains(&nars), "{nars} NARs");
    figure(
        format!(
            "round {round}: uploaded of {} paths in three queues of {queued}",
            all.len()
        ),
        format!("{narinfos} narinfos, {nars} NARs, in {took:.1?}"),
    );
    all
}

/// All pushes begin when the cache answers the first time, which is when all have asked it something.
fn push_from_one_line(site: &Site) {
    site.cache.pause_cache();
    for builder in &site.builders {
        builder.sh(&format!("systemctl start --no-block {PUSH}"));
    }
    wait_until("all builders to ask", || {
        site.cache.connected_to_cache().len() == site.builders.len()
    });
    site.cache.resume_cache();
    for builder in &site.builders {
        wait_until("a queue to be empty", || builder.queued(QUEUE).is_empty());
        builder.wait_for_rest();
    }
}

/// One that has built nothing yet builds the same as others: it fetches what they brought, and queues
/// and brings only what is its own, by itself.
fn a_builder_that_comes_later(site: &mut Site) -> Paths {
    site.add_configured_builder();
    let index = site.builders.len() - 1;
    let newcomer = &site.builders[index];
    let before = site.cache.requests().len();
    let expression = layers(0, index, SHARED, OWN);
    let output = newcomer
        .try_as("alice", &["nix-build", "--no-out-link", "-E", &expression])
        .success();
    let built: Paths = output.lines().into_iter().map(Utf8PathBuf::from).collect();
    assert_eq!(built.len(), OWN);
    wait_until("the push", || {
        uploads(&site.asked_by(index, before), ".narinfo") == OWN
            && newcomer.queued(QUEUE).is_empty()
    });
    newcomer.wait_for_rest();

    let asked = site.asked_by(index, before);
    let fetched = asked
        .iter()
        .filter(|request| request.method == "GET" && request.path.starts_with("/nar/"));
    quoted_in(
        RELIABILITY,
        "store paths fetched by a later builder",
        fetched.count(),
        "paths",
    );
    quoted_in(
        RELIABILITY,
        "store paths uploaded by a later builder",
        uploads(&asked, ".narinfo"),
        "paths",
    );
    built
}

/// A client that trusts the builders' keys fetches everything, and one that trusts nobody nothing.
fn assert_that_a_client_can_fetch(site: &Site, paths: &Paths) {
    // One that knows all keys; what it remembers of the cache is another matter.
    let client = site.builders.last().expect("the newcomer");
    let list: Vec<&str> = paths.iter().map(|path| path.as_str()).collect();
    let fetch = |options: &str| {
        client.try_sh(&format!(
            "XDG_CACHE_HOME=$(mktemp -d) {NIX} copy {options} --from http://cache.example.org --to /srv/fetched {}",
            list.join(" ")
        ))
    };
    fetch("--option trusted-public-keys ''")
        .fails()
        .stderr_has("lacks a signature by a trusted key");
    fetch("").success();
    client.sh(&format!("{NIX} store verify --store /srv/fetched --all"));
    let fetched = client.valid_in("/srv/fetched", paths).len();
    assert_eq!(fetched, paths.len());
    quoted_in(
        RELIABILITY,
        "store paths that a client could fetch in the end",
        fetched,
        "paths",
    );
}

fn uploads(requests: &[Request], what: &str) -> usize {
    requests.iter().filter(|request| request.put(what)).count()
}
