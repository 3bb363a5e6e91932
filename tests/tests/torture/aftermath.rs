//! What has to be true once all is quiet.

use std::collections::BTreeSet;
use std::fs;

use camino::Utf8PathBuf;
use system_tests::{HookRunEnd, Nix, Product, Run, figure, hashes, wait_until};

use crate::commotion::{Commotion, Counts};

/// Where entries stand that a push removes because their paths are not valid.
const LEAVING: &str = "queue/.push/leaving";

pub(super) fn check(commotion: &Commotion, counts: &Counts) {
    let product = &commotion.product;
    wait_until_all_is_quiet(product.nix());
    let accepted = accepted(commotion);
    assert!(!accepted.is_empty(), "no hook ended well");
    print_figures(commotion, counts, &accepted);
    let lost = lost(product, &accepted);
    figure(
        format_args!("torture {}, paths lost", commotion.title),
        lost.len(),
    );
    assert!(lost.is_empty(), "accepted and lost: {lost:#?}");
    only_entries(product);

    // What is queued twice is no trouble either.
    let again = accepted.iter().find(|path| path.exists()).expect("a path");
    product
        .hook_command(again.as_str(), "")
        .run()
        .success()
        .is_silent();
    product.nix().gc();
    let push = commotion.push_command().run().success();
    assert_eq!(product.queued(), BTreeSet::new(), "{push}");
    let missing = &hashes(&accepted) - &product.nix().cached("cache");
    assert!(missing.is_empty(), "{missing:?}\n{push}");
    the_cache_is_sound(product.nix());
    product.nix().gc();
    nothing_is_left(product);
}

/// Nix processes outlive those that started them.
fn wait_until_all_is_quiet(nix: &Nix) {
    wait_until("the end of all processes but the daemon", || {
        let left = nix.processes();
        left.iter().all(|line| line.trim_end() == "nix-daemon")
    });
}

/// What each hook that ended well was run for.
fn accepted(commotion: &Commotion) -> BTreeSet<Utf8PathBuf> {
    let runs = commotion.hook_runs().into_iter();
    runs.filter(|run| run.end.is_well())
        .flat_map(|run| run.paths)
        .collect()
}

/// Those that are neither at the destination nor queued, rooted and valid.
fn lost(product: &Product, accepted: &BTreeSet<Utf8PathBuf>) -> Vec<Utf8PathBuf> {
    let cached = product.nix().cached("cache");
    // What a killed push was about to remove is queued still.
    let queued = &product.queued() | &product.queued_in(LEAVING);
    let rooted = product.rooted();
    let is_kept = |path: &Utf8PathBuf| {
        queued.contains(path) && rooted.contains(path) && product.nix().is_valid(path)
    };
    let arrived = |path: &&Utf8PathBuf| hashes([*path]).is_subset(&cached);
    let not_arrived = accepted.iter().filter(|path| !arrived(path));
    not_arrived.filter(|path| !is_kept(path)).cloned().collect()
}

/// Nothing lies in the queue directory but entries and the push's own files.
fn only_entries(product: &Product) {
    for found in product.queue_dir().read_dir_utf8().expect("readdir") {
        let (path, name) = {
            let found = found.expect("readdir");
            (found.path().to_owned(), found.file_name().to_owned())
        };
        let is_entry = path
            .read_link_utf8()
            .is_ok_and(|store_path| store_path == product.nix().store_dir().join(&name));
        assert!(is_entry || name == ".push", "a stray file: {path}");
    }
}

/// All that the cache lists is there in full, and has what it refers to.
fn the_cache_is_sound(nix: &Nix) {
    let cache = nix.dir().join("cache");
    let known = nix.cached("cache");
    for hash in &known {
        let narinfo = fs::read_to_string(cache.join(format!("{hash}.narinfo"))).expect("read");
        let field = |name: &str| {
            let lines = narinfo.lines();
            let mut values = lines.filter_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
            values.next().unwrap_or_default()
        };
        let nar = fs::metadata(cache.join(field("URL"))).expect("the NAR");
        assert_eq!(nar.len().to_string(), field("FileSize"), "{narinfo}");
        for reference in field("References").split_whitespace() {
            assert!(known.contains(&reference[..32]), "{narinfo}");
        }
    }
}

fn nothing_is_left(product: &Product) {
    only_entries(product);
    let ours = |link: &&Utf8PathBuf| link.starts_with(product.queue_dir());
    let links = product.nix().auto_links();
    let left: Vec<_> = links.values().filter(ours).collect();
    assert!(left.is_empty(), "roots without entries: {left:?}");
    let push_room: BTreeSet<_> = product
        .queue_dir()
        .join(".push")
        .read_dir_utf8()
        .expect("readdir")
        .map(|found| found.expect("readdir").file_name().to_owned())
        .collect();
    let known = ["leaving", "ledger.toml", "ledger.toml.new", "lock"];
    let known = BTreeSet::from(known.map(String::from));
    assert!(push_room.is_subset(&known), "{push_room:?}");
    assert_eq!(product.queued_in(LEAVING), BTreeSet::new());
}

fn print_figures(commotion: &Commotion, counts: &Counts, accepted: &BTreeSet<Utf8PathBuf>) {
    let runs = commotion.hook_runs();
    let number = |is: &dyn Fn(HookRunEnd) -> bool| runs.iter().filter(|run| is(run.end)).count();
    let say = |what: &str, value: usize| {
        figure(format_args!("torture {}, {what}", commotion.title), value);
    };
    say("hooks run", runs.len());
    say("hooks killed", number(&HookRunEnd::is_killed));
    for end in HookRunEnd::ALL {
        let times = number(&|found| found == end);
        let before = if end.is_killed() {
            "hooks killed "
        } else {
            "hooks ended: "
        };
        say(&format!("{before}{end}"), times);
    }
    say("paths accepted", accepted.len());
    say("Nix clients killed", counts.clients_killed);
    say("pushes run", counts.pushes);
    say("pushes killed", counts.pushes_killed);
    say("collections run", counts.collections);
    say("collections that failed", counts.collections_failed);
    say("store paths collected meanwhile", counts.collected);
    let wrong = number(&|end| end == HookRunEnd::RootWithoutEntry);
    assert_eq!(wrong, 0, "hooks made a root before its entry");
    let complained = number(&|end| end == HookRunEnd::Complained);
    assert_eq!(complained, 0, "hooks complained");
}
