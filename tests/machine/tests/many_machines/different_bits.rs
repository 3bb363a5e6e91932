//! Builders that built the same store path with different content, since its build does not give
//! the same bits each time.

use camino::{Utf8Path, Utf8PathBuf};
use machine_tests::{Machine, NIX};
use system_tests::{expr, wait_until};

use crate::site::{PUSH, QUEUE, Site, number, stop_pushing};

/// Two megabytes that are others in each build, made by a program of the machine, which a sandbox does
/// not have. Slowed down, a builder takes a quarter of a minute to push them.
fn random(name: &str) -> String {
    expr::large(name, 2_000_000)
}

#[test]
fn of_two_contents_of_a_store_path_the_cache_has_one_as_a_whole() {
    let site = Site::with_builders(2, "nix.settings.sandbox = false;");
    let [one, other] = &site.builders[..] else {
        unreachable!("two builders");
    };
    site.builders.iter().for_each(stop_pushing);

    // In turn: what is there stays, and is enough for the other.
    let first = build(&site, "first");
    one.start_unit(PUSH);
    assert_is_that_of(one, &site, &first);
    other.start_unit(PUSH);
    assert_eq!(other.queued(QUEUE), [].into());
    assert_is_that_of(one, &site, &first);
    assert_eq!(nars(&site), 1);

    // At the same time: the one has asked before the other brings its own, and ends after it.
    let second = build(&site, "second");
    one.slow_down();
    one.sh(&format!("systemctl start --no-block {PUSH}"));
    wait_until("a part of a NAR", || site.cache.cache_is_receiving());
    site.network.cut(one, number(0));
    other.start_unit(PUSH);
    assert_eq!(other.queued(QUEUE), [].into());
    assert_is_that_of(other, &site, &second);

    one.speed_up();
    site.network.mend(one, number(0));
    wait_until("the end of the push", || one.queued(QUEUE).is_empty());
    one.wait_for_rest();
    assert_eq!(one.property(PUSH, "Result"), "success");
    assert_is_that_of(one, &site, &second);
    // That of the other is no longer named, and still there for whoever read its name before.
    assert_eq!(nars(&site), 3);
}

/// Has both build it, and returns the store path that they have in common.
fn build(site: &Site, name: &str) -> Utf8PathBuf {
    let closures = site.build(|_| random(name));
    assert_eq!(closures[0], closures[1]);
    let path = closures[0].first().expect("one").clone();
    assert_ne!(
        hash(&site.builders[0], &path),
        hash(&site.builders[1], &path)
    );
    path
}

/// Asserts that the cache has the content of this builder, signed by it, and that the last builder,
/// which is not cut off, can fetch it.
#[track_caller]
fn assert_is_that_of(builder: &Machine, site: &Site, path: &Utf8Path) {
    site.cache.cache_is_whole();
    let narinfo = site.cache.narinfo(path);
    let hash = format!("NarHash: {}\n", hash(builder, path));
    assert!(narinfo.contains(&hash), "{hash}: {narinfo}");
    let key = builder.sh("cut -d : -f 1 /etc/secrets/cache-key").stdout;
    assert_eq!(narinfo.matches("Sig: ").count(), 1, "{narinfo}");
    let signature = format!("Sig: {}:", key.trim_end());
    assert!(narinfo.contains(&signature), "{signature}: {narinfo}");
    let client = site.builders.last().expect("the other");
    // Without what it remembers of the cache.
    client.sh(&format!(
        "directory=$(mktemp -d)
         XDG_CACHE_HOME=$directory {NIX} copy --from http://cache.example.org --to $directory {path}
         {NIX} store verify --store $directory --all
         chmod -R u+w $directory; rm -r $directory"
    ));
}

/// The NAR hash that a builder has registered.
#[track_caller]
fn hash(builder: &Machine, path: &Utf8Path) -> String {
    builder
        .sh(&format!("nix-store --query --hash {path}"))
        .stdout
        .trim_end()
        .to_owned()
}

/// How many NARs the cache has.
#[track_caller]
fn nars(site: &Site) -> usize {
    site.cache.sh("ls /srv/cache/nar").lines().len()
}
