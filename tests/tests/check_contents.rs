//! `check-contents`: what is damaged on the disk never reaches a destination.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;

use camino::{Utf8Path, Utf8PathBuf};
use rustix::fs::{CWD, FileType, Mode, mknodat};
use system_tests::{Nix, Product, Run, User, expr, hashes, names};

fn config(scope: &str, more: &str) -> String {
    format!(
        "[queues.main]\ndestination = \"file://@T@/cache\"\nqueue-dir = \"@T@/queue\"\n\
         check-contents = \"{scope}\"\n{more}\n"
    )
}

fn install(scope: &str, more: &str) -> Product {
    Product::install(Nix::new(), &config(scope, more))
}

/// Changes a store object that is one file, behind Nix's back.
fn damage(path: &Utf8Path) {
    fs::set_permissions(path, fs::Permissions::from_mode(0o644)).expect("chmod");
    fs::write(path, "somebody else's\n").expect("write");
    fs::set_permissions(path, fs::Permissions::from_mode(0o444)).expect("chmod");
}

#[track_caller]
fn is_parked(product: &Product, path: &Utf8Path) {
    assert_eq!(product.entry(path)["state"], "parked", "{path}");
    assert!(product.rooted().contains(path), "{path} is not held");
}

fn named(paths: &[Utf8PathBuf], name: &str) -> Utf8PathBuf {
    let found = paths.iter().find(|path| path.as_str().ends_with(name));
    found.expect("a path of that name").clone()
}

/// What all of this is about.
#[test]
fn without_it_a_binary_cache_takes_what_is_damaged() {
    let product = install("off", "");
    let path = product.nix().build_one(&expr::file("bad", "bad"));
    damage(&path);
    product.run(&["push"]).success().without_complaint();
    assert_eq!(product.nix().cached("cache"), hashes([&path]));
}

#[test]
fn a_damaged_entry_is_named_and_parked_and_all_others_go_in_the_same_push() {
    for scope in ["entries", "closure"] {
        let product = install(scope, "");
        let paths = product.nix().build(&expr::independent(5));
        damage(&paths[2]);
        let output = product.run(&["push"]).exits(75).stdout_has("4 copied");
        output
            .stderr_has(format!("{} differs from what was registered", paths[2]))
            .stderr_has(format!("`nix-store --repair-path {}`", paths[2]))
            .stderr_has("then `retry ")
            .stderr_lacks(&paths[1]);
        let others = paths.iter().filter(|path| **path != paths[2]);
        assert_eq!(product.nix().cached("cache"), hashes(others), "{scope}");
        assert_eq!(product.queued(), [paths[2].clone()].into());
        is_parked(&product, &paths[2]);
    }
}

#[test]
fn what_the_hint_says_repairs_it_and_then_it_goes() {
    let product = install("entries", "");
    let path = product.nix().build_one(&expr::file("bad", "bad"));
    damage(&path);
    product.run(&["push"]).exits(75);
    // Also for who comes later.
    let told = format!(
        "`nix-store --repair-path {path}`, which fetches or builds it anew; then `nix-post-build-push retry {path}`"
    );
    product.run(&["status"]).success().stdout_has(told);
    // Asked for without having repaired it, it is parked anew.
    product.run(&["retry", "--all"]).success();
    product.run(&["push"]).exits(75).stderr_has("differs from");
    let mut repair = product.nix().command("nix-store");
    repair
        .args(["--repair-path", path.as_str()])
        .run()
        .success();
    product.run(&["push"]).success().stdout_has("1 parked");
    product.run(&["retry", "--all"]).success();
    product.run(&["push"]).success().stdout_has("1 copied");
    let mut fetch = product.nix().command("nix");
    let cache = product.cache();
    let words = ["store", "verify", "--no-trust", "--store", &cache];
    fetch.args(words).arg(&path).run().success();
}

#[test]
fn a_damaged_reference_is_found_where_closures_are_compared_and_only_there() {
    for (scope, found) in [("entries", false), ("closure", true)] {
        let nix = Nix::new();
        let alone = nix.build_one(&expr::file("alone", "alone"));
        let top = nix.build_one(&expr::diamond());
        let all: Vec<_> = nix.closure(&top).into_iter().collect();
        let (left, base) = (named(&all, "-left"), named(&all, "-base"));
        let product = Product::install(nix, &config(scope, ""));
        product
            .run(&["enqueue", alone.as_str(), top.as_str(), left.as_str()])
            .success();
        damage(&base);
        let output = product.run(&["push"]);
        if !found {
            output.success().without_complaint();
            continue;
        }
        let output = output
            .exits(75)
            .stdout_has("1 copied")
            .stdout_has("2 failed");
        output
            .stderr_has(format!("failed to copy {top}"))
            .stderr_has(format!("failed to copy {left}"))
            .stderr_has(format!("{base} differs from what was registered"))
            .stderr_has(format!("--repair-path {base}"));
        assert_eq!(product.nix().cached("cache"), hashes([&alone]));
        is_parked(&product, &top);
        is_parked(&product, &left);
    }
}

#[test]
fn what_was_found_damaged_in_an_earlier_push_goes_along_with_nobody_until_it_is_repaired() {
    for closure_type in ["binary", "cache"] {
        let nix = Nix::new();
        let alone = nix.build_one(&expr::file("alone", "alone"));
        let top = nix.build_one(&expr::diamond());
        let all: Vec<_> = nix.closure(&top).into_iter().collect();
        let [base, left, right] = ["-base", "-left", "-right"].map(|name| named(&all, name));
        let more = format!("closure-type = \"{closure_type}\"");
        let product = Product::install(nix, &config("entries", &more));
        let enqueue = |paths: &[&Utf8PathBuf]| {
            let paths = paths.iter().map(|path| path.as_str());
            let words: Vec<_> = ["enqueue"].into_iter().chain(paths).collect();
            product.run(&words).success();
        };
        enqueue(&[&base]);
        damage(&base);
        product.run(&["push"]).exits(75);
        enqueue(&[&left, &alone]);
        product
            .run(&["push"])
            .exits(75)
            .stdout_has("1 copied")
            .stderr_has(format!("failed to copy {left}"))
            .stderr_has(format!("{base} differs from what was registered"))
            .stderr_has(format!("--repair-path {base}"));
        let cached = product.nix().cached("cache");
        assert!(cached.is_superset(&hashes([&alone])), "{closure_type}");
        assert!(cached.is_disjoint(&hashes([&base, &left])));
        is_parked(&product, &left);
        // Asked for alone, it does not go either.
        product.run(&["retry", left.as_str()]).success();
        product.run(&["push"]).exits(75).stderr_has("differs from");
        let mut repair = product.nix().command("nix-store");
        repair
            .args(["--repair-path", base.as_str()])
            .run()
            .success();
        enqueue(&[&right]);
        product.run(&["push"]).success();
        let cached = product.nix().cached("cache");
        assert!(
            cached.is_superset(&hashes([&base, &right])),
            "{closure_type}"
        );
        product.run(&["retry", "--all"]).success();
        product.run(&["push"]).success();
        let cached = product.nix().cached("cache");
        assert!(cached.is_superset(&hashes([&left])), "{closure_type}");
        assert_eq!(product.queued(), [].into());
    }
}

#[test]
fn what_was_found_damaged_in_an_earlier_batch_goes_along_with_nobody() {
    let nix = Nix::new();
    let top = nix.build_one(&expr::diamond());
    let all: Vec<_> = nix.closure(&top).into_iter().collect();
    let base = named(&all, "-base");
    let alone = nix.build_one(&expr::file("alone", "alone"));
    let product = Product::install(nix, &config("entries", "batch-size = 1"));
    for path in [&base, &top, &alone] {
        product.run(&["enqueue", path.as_str()]).success();
    }
    damage(&base);
    let output = product.run(&["push"]).exits(75).stdout_has("1 copied");
    output
        .stderr_has(format!("failed to copy {top}"))
        .stderr_has(format!("{base} differs from what was registered"));
    assert_eq!(product.nix().cached("cache"), hashes([&alone]));
}

/// A source that is an object of its own, and what was built from it.
fn built_from_a_source(nix: &Nix) -> (Utf8PathBuf, Utf8PathBuf) {
    let body = r#"drv "made" "read x < ${builtins.toFile "source" "source"}; echo $x > $out""#;
    let made = nix.build_one(&expr::with_drv(body));
    let drv = nix.deriver(&made).expect("deriver");
    let closure: Vec<_> = nix.closure(&drv).into_iter().collect();
    (made, named(&closure, "-source"))
}

#[test]
fn a_damaged_source_holds_back_what_was_built_from_it_where_sources_go() {
    for (closure_type, goes) in [("binary", true), ("source", false), ("cache", false)] {
        let nix = Nix::new();
        let (made, source) = built_from_a_source(&nix);
        let other = nix.build_one(&expr::file("other", "other"));
        let more = format!("closure-type = \"{closure_type}\"");
        let product = Product::install(nix, &config("closure", &more));
        product
            .run(&["enqueue", made.as_str(), other.as_str()])
            .success();
        damage(&source);
        let output = product.run(&["push"]);
        if goes {
            output.success().without_complaint();
            continue;
        }
        output
            .exits(75)
            .stdout_has("1 copied")
            .stderr_has(format!("failed to copy {made}"))
            .stderr_has(format!("{source} differs"));
        assert_eq!(product.queued(), [made.clone()].into(), "{closure_type}");
        let cached = product.nix().cached("cache");
        assert!(
            cached.is_disjoint(&hashes([&source, &made])),
            "{closure_type}"
        );
    }
}

/// 2.8.0 fails as a whole then, before it has compared anything.
#[test]
fn a_derivation_that_is_none_any_more_or_is_gone_holds_back_no_other() {
    for scope in ["entries", "closure"] {
        let product = Product::install(Nix::new(), &config(scope, "closure-type = \"source\""));
        let paths = product.nix().build(&expr::independent(3));
        let drvs: Vec<_> = paths
            .iter()
            .map(|path| product.nix().deriver(path).expect("deriver"))
            .collect();
        damage(&drvs[0]);
        fs::remove_file(&drvs[1]).expect("rm");
        product
            .run(&["push"])
            .exits(75)
            .stderr_has(format!("{} differs from what was registered", drvs[0]))
            .stderr_has(format!("{} cannot be read: ", drvs[1]));
        for path in &paths[..2] {
            is_parked(&product, path);
        }
        assert!(
            product
                .nix()
                .cached("cache")
                .is_superset(&hashes([&drvs[2]])),
            "{scope}"
        );
        assert!(
            product
                .nix()
                .cached("cache")
                .is_disjoint(&hashes(&drvs[..2])),
            "{scope}"
        );
    }
}

#[test]
fn with_cache_the_outputs_of_what_it_was_built_with_are_compared_too() {
    let nix = Nix::new();
    let body = r#"let tool = drv "tool" "echo tool > $out";
in drv "made" "read x < ${tool}; echo made > $out""#;
    let made = nix.build_one(&expr::with_drv(body));
    let drv = nix.deriver(&made).expect("deriver");
    let with_outputs = nix.query(&["--requisites", "--include-outputs", drv.as_str()]);
    let all: Vec<_> = with_outputs.into_iter().map(Utf8PathBuf::from).collect();
    let tool = named(&all, "-tool");
    assert!(!nix.closure(&made).contains(&tool), "it is no reference");
    let product = Product::install(nix, &config("closure", "closure-type = \"cache\""));
    product.run(&["enqueue", made.as_str()]).success();
    damage(&tool);
    product
        .run(&["push"])
        .exits(75)
        .stderr_has(format!("failed to copy {made}"))
        .stderr_has(format!("{tool} differs"));
    assert_eq!(product.nix().cached("cache"), BTreeSet::new());
}

#[test]
fn what_cannot_be_read_and_what_is_gone_hold_back_no_other() {
    let product = install("entries", "");
    let dirs =
        r#"map (n: drv n "/bin/mkdir $out; echo ${n} > $out/file") [ "a" "fifo" "gone" "z" ]"#;
    let paths = product.nix().build(&expr::with_drv(dirs));
    fs::set_permissions(&paths[1], fs::Permissions::from_mode(0o755)).expect("chmod");
    fs::remove_file(paths[1].join("file")).expect("rm");
    let fifo = paths[1].join("file");
    mknodat(CWD, fifo.as_str(), FileType::Fifo, Mode::RUSR, 0).expect("mkfifo");
    fs::set_permissions(&paths[2], fs::Permissions::from_mode(0o755)).expect("chmod");
    fs::remove_dir_all(&paths[2]).expect("rm");
    let output = product.run(&["push"]).exits(75).stdout_has("2 copied");
    output
        .stderr_has(format!("{} cannot be read: ", paths[1]))
        .stderr_has(format!("{} cannot be read: ", paths[2]));
    assert_eq!(
        names(&product.queued()),
        ["fifo".to_owned(), "gone".to_owned()].into()
    );
    is_parked(&product, &paths[1]);
    is_parked(&product, &paths[2]);
}

#[test]
fn an_entry_that_is_no_longer_valid_still_leaves_the_queue() {
    for scope in ["entries", "closure"] {
        let product = install(scope, "");
        let paths = product.nix().build(&expr::independent(3));
        // Valid no more, and on the disk still.
        let kept = product.nix().dir().join("kept");
        fs::rename(&paths[1], &kept).expect("mv");
        fs::copy(&kept, &paths[1]).expect("cp");
        product.nix().delete_ignoring_liveness(&paths[1]);
        fs::rename(&kept, &paths[1]).expect("mv");
        damage(&paths[2]);
        let output = product.run(&["push"]).exits(75).stdout_has("1 copied");
        output.stderr_has(format!("{} is no longer valid", paths[1]));
        assert_eq!(product.queued(), [paths[2].clone()].into(), "{scope}");
    }
}

#[test]
fn an_unprivileged_user_of_a_daemon_is_told_as_well() {
    let mut nix = Nix::new();
    nix.start_daemon();
    nix.user_home();
    let config = config("closure", "").replace("@T@/", "@T@/user/");
    let product = Product::install(nix, &config);
    let mut build = product.nix().user_command("nix-build");
    let lines = build
        .args(["--no-out-link", "-E", &expr::independent(3)])
        .run()
        .success()
        .lines();
    let paths: Vec<_> = lines.iter().map(String::as_str).collect();
    product
        .user_run(&[&["enqueue"], &paths[..]].concat())
        .success();
    assert_ne!(User::unprivileged().uid, 0);
    damage(Utf8Path::new(paths[0]));
    fs::set_permissions(paths[1], fs::Permissions::from_mode(0o000)).expect("chmod");
    let output = product.user_run(&["push"]).exits(75).stdout_has("1 copied");
    output
        .stderr_has(format!("{} differs", paths[0]))
        .stderr_has(format!("{} cannot be read: ", paths[1]))
        .stderr_has("as root, and not through a daemon");
    assert_eq!(
        product.nix().cached("user/cache"),
        hashes([&Utf8PathBuf::from(paths[2])])
    );
}

#[test]
fn given_paths_are_compared_as_well() {
    let product = install("entries", "");
    let paths = product.nix().build(&expr::independent(2));
    product.run(&["drop", "--all"]).success();
    damage(&paths[0]);
    product
        .run(&["push", "--", paths[0].as_str(), paths[1].as_str()])
        .exits(75)
        .stdout_has("1 copied")
        .stderr_has(format!("{} differs", paths[0]));
    assert_eq!(product.nix().cached("cache"), hashes([&paths[1]]));
}

#[test]
fn a_nix_that_cannot_compare_copies_nothing_and_nobody_is_blamed() {
    let product = install("entries", "");
    let paths: BTreeSet<_> = product
        .nix()
        .build(&expr::independent(2))
        .into_iter()
        .collect();
    fs::create_dir(product.nix().dir().join("bin")).expect("mkdir");
    let refuse = "case \"$*\" in *'store verify'*) echo 'error: out of order' >&2; exit 1 ;; esac\nexit /bin/false";
    product.nix().script("bin/nix", refuse);
    product.write_config(&format!(
        "[nix]\nbin-dir = \"@T@/bin\"\n{}",
        config("entries", "")
    ));
    product
        .run(&["push"])
        .exits(75)
        .stderr_has("nothing can be copied from here")
        .stderr_has("out of order");
    assert_eq!(product.queued(), paths);
    for path in &paths {
        assert_eq!(product.entry(path)["attempts"], 0);
    }
}

#[test]
fn by_default_a_push_starts_nothing_but_nix_copy() {
    let product = Product::with_file_cache(Nix::new());
    let calls = product.nix().call_log();
    product.write_config(
        "[nix]\nbin-dir = \"@T@/calls\"\n[queues.main]\ndestination = \"file://@T@/cache\"\nqueue-dir = \"@T@/queue\"\n",
    );
    product.nix().build(&expr::independent(3));
    calls.take();
    product.run(&["push"]).success();
    let [call] = calls.take().try_into().expect("one call");
    assert!(call.contains(" copy "), "{call}");
}
