//! Damage in what entries bring along.

use std::collections::BTreeSet;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use camino::Utf8PathBuf;
use system_tests::{Nix, Product, Reply, Run, Server, expr, hashes};

use crate::setup::{config, damage, is_parked, named};

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

/// A path that refers to another one, which is queued, damaged, and not in the same batch.
fn queued_apart(closure_type: &str) -> (Product, Utf8PathBuf, Utf8PathBuf, Utf8PathBuf) {
    let nix = Nix::new();
    let alone = nix.build_one(&expr::file("alone", "alone"));
    let top = nix.build_one(&expr::diamond());
    let all: Vec<_> = nix.closure(&top).into_iter().collect();
    let base = named(&all, "-base");
    let more = format!("batch-size = 1\nclosure-type = \"{closure_type}\"");
    let product = Product::install(nix, &config("entries", &more));
    for path in [&top, &alone, &base] {
        product.run(&["enqueue", path.as_str()]).success();
    }
    (product, base, top, alone)
}

#[test]
fn a_damaged_entry_whose_turn_comes_later_goes_along_with_nobody() {
    for closure_type in ["binary", "source", "cache"] {
        let (product, base, top, alone) = queued_apart(closure_type);
        let bad = match closure_type {
            "binary" => base.clone(),
            _ => product.nix().deriver(&base).expect("deriver"),
        };
        damage(&bad);
        product
            .run(&["push"])
            .exits(75)
            .stdout_has("1 copied")
            .stderr_has(format!("failed to copy {top}"))
            .stderr_has(format!("{bad} differs from what was registered"));
        is_parked(&product, &top);
        is_parked(&product, &base);
        let cached = product.nix().cached("cache");
        assert!(cached.is_disjoint(&hashes([&bad])), "{closure_type}");
        assert_eq!(product.queued(), [base, top].into());
        assert!(!product.queued().contains(&alone), "{closure_type}");
    }
}

#[test]
fn a_damaged_entry_that_waits_for_another_try_goes_along_with_nobody() {
    let refuses = Arc::new(AtomicBool::new(true));
    let refused = Arc::clone(&refuses);
    let server = Server::binary_cache_except(move |request| {
        let put = request.method == "PUT" && refused.load(Ordering::SeqCst);
        (put && !request.path.contains("nix-cache-info")).then_some(Reply::Status(413))
    });
    let nix = Nix::new();
    let top = nix.build_one(&expr::diamond());
    let all: Vec<_> = nix.closure(&top).into_iter().collect();
    let base = named(&all, "-base");
    let config = config("entries", "").replace("file://@T@/cache", &server.url());
    let product = Product::install(nix, &config);
    product.run(&["enqueue", base.as_str()]).success();
    product.run(&["push"]).exits(75);
    refuses.store(false, Ordering::SeqCst);
    damage(&base);
    product.run(&["enqueue", top.as_str()]).success();
    product
        .run(&["push"])
        .exits(75)
        .stderr_has(format!("failed to copy {top}"))
        .stderr_has(format!("{base} differs from what was registered"));
    assert_eq!(product.entry(&base)["state"], "backing-off");
    is_parked(&product, &top);
    assert_eq!(product.nix().valid_in(&server.url(), &all), [""; 0]);
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
