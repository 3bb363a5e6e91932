//! The four closure types, compared with what `nix-store --query` says the closures are.

use std::collections::BTreeSet;
use std::fs;

use camino::{Utf8Path, Utf8PathBuf};
use system_tests::{Nix, Product, Run, expr, hashes, names};

/// `top` refers to `lib`; building it also took `tool` and a source, which it does not refer to.
fn expression() -> String {
    expr::with_drv(
        r#"let
  source = builtins.toFile "source" "what it is made from";
  tool = drv "tool" "echo tool > $out";
  lib = drv "lib" "read line < ${tool}; echo lib > $out";
in drv "top" "read line < ${source}; read line < ${tool}; echo ${lib} > $out""#,
    )
}

fn config(closure_type: &str) -> String {
    format!(
        "[queues.main]\ndestination = \"file://@T@/cache\"\nqueue-dir = \"@T@/queue\"\nclosure-type = \"{closure_type}\"\n"
    )
}

/// Built with the hook, and all entries but those of `top` dropped.
fn built(closure_type: &str) -> (Product, Utf8PathBuf, Utf8PathBuf) {
    let product = Product::install(Nix::new(), &config(closure_type));
    let top = product.nix().build_one(&expression());
    let drv = product.nix().deriver(&top).expect("deriver");
    for name in ["*-lib", "*-tool", "*-lib.drv", "*-tool.drv"] {
        product.run(&["drop", name]);
    }
    (product, top, drv)
}

fn paths(lines: Vec<String>) -> BTreeSet<Utf8PathBuf> {
    lines.into_iter().map(Utf8PathBuf::from).collect()
}

fn derivers_closure(nix: &Nix, drv: &Utf8Path) -> BTreeSet<Utf8PathBuf> {
    paths(nix.query(&["--requisites", drv.as_str()]))
}

fn with_outputs(nix: &Nix, drv: &Utf8Path) -> BTreeSet<Utf8PathBuf> {
    paths(nix.query(&["--requisites", "--include-outputs", drv.as_str()]))
}

/// `closure` says and a push copies exactly `expected`, and nothing stays queued.
#[track_caller]
fn copies(product: &Product, expected: &BTreeSet<Utf8PathBuf>) {
    let listed = product.run(&["closure"]).success().without_complaint();
    assert_eq!(paths(listed.lines()), *expected);
    product.run(&["push"]).success().without_complaint();
    assert_eq!(product.nix().cached("cache"), hashes(expected));
    assert_eq!(product.queued(), BTreeSet::new());
    assert_eq!(product.rooted(), BTreeSet::new());
}

#[test]
fn binary_copies_the_closure_of_the_entry() {
    let (product, top, _) = built("binary");
    assert_eq!(product.queued(), [top.clone()].into());
    let closure = product.nix().closure(&top);
    assert_eq!(names(&closure), ["lib", "top"].map(String::from).into());
    copies(&product, &closure);
}

#[test]
fn source_copies_the_closure_of_the_deriver() {
    let (product, top, drv) = built("source");
    assert_eq!(product.queued(), [top, drv.clone()].into());
    let closure = derivers_closure(product.nix(), &drv);
    let expected = ["lib.drv", "source", "tool.drv", "top.drv"];
    assert_eq!(names(&closure), expected.map(String::from).into());
    copies(&product, &closure);
}

#[test]
fn cache_copies_the_closure_of_the_deriver_with_all_outputs() {
    let (product, _, drv) = built("cache");
    let closure = with_outputs(product.nix(), &drv);
    let expected = [
        "lib", "lib.drv", "source", "tool", "tool.drv", "top", "top.drv",
    ];
    assert_eq!(names(&closure), expected.map(String::from).into());
    copies(&product, &closure);
}

#[test]
fn cache_leaves_out_outputs_that_are_not_valid() {
    let (product, _, drv) = built("cache");
    let nix = product.nix();
    let all = with_outputs(nix, &drv);
    let tool = all
        .iter()
        .find(|path| path.as_str().ends_with("-tool"))
        .expect("tool")
        .clone();
    nix.delete_ignoring_liveness(&tool);
    let valid = all.into_iter().filter(|path| *path != tool).collect();
    copies(&product, &valid);
}

#[test]
fn the_deriver_outlives_the_garbage_collector_even_without_keep_derivations() {
    for closure_type in ["source", "cache"] {
        let mut nix = Nix::new();
        nix.add_setting("keep-derivations = false");
        let product = Product::install(nix, &config(closure_type));
        let path = product.nix().build_one(&expr::chain(2));
        let drv = product.nix().deriver(&path).expect("deriver");
        product.nix().gc();
        let expected = match closure_type {
            "source" => derivers_closure(product.nix(), &drv),
            _ => with_outputs(product.nix(), &drv),
        };
        assert!(expected.contains(&drv));
        product.run(&["push"]).success().without_complaint();
        assert_eq!(
            product.nix().cached("cache"),
            hashes(&expected),
            "{closure_type}"
        );
    }
}

#[test]
fn bare_copies_exactly_the_entry_to_a_destination_that_has_its_references() {
    let (product, top, _) = built("bare");
    let nix = product.nix();
    let mut expected = nix.closure(&top);
    let lib: Vec<_> = expected
        .iter()
        .filter(|path| **path != top)
        .cloned()
        .collect();
    nix.copy_to(&product.cache(), &lib);
    assert_eq!(nix.cached("cache"), hashes(&lib));
    let listed = product.run(&["closure"]).success();
    assert_eq!(paths(listed.lines()), [top.clone()].into());
    product.run(&["push"]).success().without_complaint();
    expected.insert(top);
    assert_eq!(nix.cached("cache"), hashes(&expected));
    assert_eq!(product.queued(), BTreeSet::new());
}

#[test]
fn bare_is_refused_by_a_binary_cache_that_lacks_a_reference_and_says_why() {
    let (product, top, _) = built("bare");
    let output = product.run(&["push"]).exits(75);
    let output = output.stderr_has(top.as_str()).stderr_has("hint: ");
    let hints: String = output
        .stderr
        .lines()
        .filter(|line| line.starts_with("hint: "))
        .collect();
    assert!(
        hints.contains("closure-type") || hints.contains("binary"),
        "{output}"
    );
    assert_eq!(product.queued(), [top.clone()].into());
    assert_eq!(product.rooted(), [top].into());
    assert_eq!(product.nix().cached("cache"), BTreeSet::new());
}

#[test]
fn an_entry_without_a_deriver_is_copied_with_its_own_closure_and_a_warning() {
    for closure_type in ["source", "cache"] {
        let product = Product::install(Nix::new(), &config(closure_type));
        let nix = product.nix();
        let file = nix.dir().join("added");
        fs::write(&file, "added by hand").expect("write");
        let added = nix
            .command("nix-store")
            .args(["--add", file.as_str()])
            .run();
        let added = Utf8PathBuf::from(added.success().stdout.trim_end());
        product.run(&["enqueue", added.as_str()]).success();
        let built = nix.build_one(&expr::file("built", "built"));
        let drv = nix.deriver(&built).expect("deriver");
        let output = product.run(&["push"]).success();
        output
            .stderr_has("warning: ")
            .stderr_has(added.as_str())
            .stderr_lacks("error");
        let mut expected = match closure_type {
            "source" => derivers_closure(nix, &drv),
            _ => with_outputs(nix, &drv),
        };
        expected.insert(added);
        assert_eq!(nix.cached("cache"), hashes(&expected), "{closure_type}");
        assert_eq!(product.queued(), BTreeSet::new());
    }
}
