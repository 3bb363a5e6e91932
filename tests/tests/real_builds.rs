//! From a build to its destination: hook, queue, garbage collector, push.

use std::collections::BTreeSet;

use camino::Utf8PathBuf;
use system_tests::{CallLog, Nix, Product, Run, expr, hashes, names};

const CONFIG: &str = r#"
[nix]
bin-dir = "@T@/calls"
[queues.main]
destination = "file://@T@/cache"
queue-dir = "@T@/queue"
"#;

fn install(nix: Nix) -> (Product, CallLog) {
    let calls = nix.call_log();
    (Product::install(nix, CONFIG), calls)
}

fn closures(nix: &Nix, paths: &BTreeSet<Utf8PathBuf>) -> BTreeSet<Utf8PathBuf> {
    paths.iter().flat_map(|path| nix.closure(path)).collect()
}

/// Builds with the hook, collects garbage, pushes, and looks at everything on the way.
#[track_caller]
fn is_queued_held_and_copied<const N: usize>(nix: Nix, expression: &str, expected: [&str; N]) {
    let (product, calls) = install(nix);
    let nix = product.nix();
    let build = nix.try_build(expression).success();
    build.hook_was_silent();
    let queued = product.queued();
    assert_eq!(names(&queued), expected.map(String::from).into());
    assert_eq!(product.rooted(), queued);

    let closure = closures(nix, &queued);
    nix.gc();
    let lost: Vec<_> = closure.iter().filter(|path| !path.exists()).collect();
    assert!(lost.is_empty(), "the garbage collector took {lost:?}");
    assert_eq!(product.queued(), queued);

    calls.take();
    let output = product.run(&["push"]).success().without_complaint();
    output.stdout_has(format!("{} copied to {}", queued.len(), product.cache()));
    let made = calls.take();
    assert!(made.len() == 1 && made[0].contains(" copy "), "{made:?}");
    assert_eq!(nix.cached("cache"), hashes(&closure));
    assert_eq!(product.queued(), BTreeSet::new());
    assert_eq!(product.rooted(), BTreeSet::new());

    let output = product.run(&["push"]).success().without_complaint();
    output.stdout_has("nothing is queued");
    assert_eq!(calls.take(), [""; 0]);
    nix.gc();
    let kept: Vec<_> = closure.iter().filter(|path| path.exists()).collect();
    assert!(kept.is_empty(), "still held: {kept:?}");
}

#[test]
fn a_chain_is_queued_held_and_copied() {
    is_queued_held_and_copied(Nix::new(), &expr::chain(3), ["link-1", "link-2", "link-3"]);
}

#[test]
fn a_diamond_is_queued_held_and_copied() {
    let expected = ["base", "left", "right", "top"];
    is_queued_held_and_copied(Nix::new(), &expr::diamond(), expected);
}

#[test]
fn every_output_of_a_derivation_is_queued_held_and_copied() {
    let expected = ["many", "many-dev", "many-doc"];
    is_queued_held_and_copied(Nix::new(), &expr::multiple_outputs(), expected);
}

#[test]
fn floating_content_addressed_outputs_are_queued_held_and_copied() {
    let expected = ["ca-1", "ca-2", "ca-3"];
    is_queued_held_and_copied(
        Nix::with_ca_derivations(),
        &expr::content_addressed(3),
        expected,
    );
}

#[test]
fn a_push_starts_nix_copy_and_no_other_program() {
    let product = Product::with_file_cache(Nix::new());
    product.nix().build(&expr::chain(2));
    let trace = product.nix().dir().join("trace");
    let mut push = product.nix().command("strace");
    push.args(["-f", "-qq", "-e", "trace=execve", "-e", "status=successful"]);
    push.args(["-o", trace.as_str(), Product::program().as_str()]);
    push.args(["--config-file", product.config_file().as_str(), "push"]);
    push.run().success();
    let trace = std::fs::read_to_string(trace).expect("the trace");
    let executed: Vec<_> = trace.lines().filter(|l| l.contains("execve(")).collect();
    assert_eq!(executed.len(), 2, "{trace}");
    assert!(executed[1].contains(r#""copy""#), "{trace}");
}

#[test]
fn what_was_built_before_others_failed_is_queued() {
    let product = Product::with_file_cache(Nix::new());
    let expression = expr::with_drv(
        r#"[ (drv "good" "echo good > $out") (drv "bad" "exit 1") (drv "fine" "echo fine > $out") ]"#,
    );
    let mut build = product.nix().command("nix-build");
    build.args(["--no-out-link", "--keep-going", "-E", &expression]);
    build.run().fails();
    assert_eq!(
        names(&product.queued()),
        ["fine", "good"].map(String::from).into()
    );
    assert_eq!(product.rooted(), product.queued());
}

#[test]
fn a_path_that_is_built_again_is_queued_once_and_keeps_its_age() {
    let product = Product::with_file_cache(Nix::new());
    let path = product.nix().build_one(&expr::file("twice", "twice"));
    let before = product.entry(&path);
    let drv = product.nix().deriver(&path).expect("deriver");
    let hook = product.hook_command(path.as_str(), drv.as_str()).run();
    hook.success().is_silent();
    assert_eq!(product.entry(&path), before);
    assert_eq!(product.nix().roots_of(&path).len(), 1);
}

#[test]
fn builds_and_pushes_may_run_all_at_once() {
    let product = Product::with_file_cache(Nix::new());
    let build = |n: usize| {
        let expression = expr::with_drv(&format!(
            r#"builtins.genList (k: drv "b{n}-${{toString k}}" "echo $name > $out") 4"#
        ));
        let mut build = product.nix().command("nix-build");
        build.args(["--no-out-link", "-E", &expression]).start()
    };
    // Several processes that make one database at once are too much for Nix.
    product.nix().instantiate(&expr::file("first", "first"));
    let mut builds: Vec<_> = (0..6).map(build).collect();
    while builds.iter_mut().any(|build| build.is_running()) {
        product
            .run(&["push"])
            .success()
            // A push may meet an entry whose hook is about to make its root.
            .stderr_lacks("warning")
            .stderr_lacks("error");
    }
    let outputs: BTreeSet<Utf8PathBuf> = builds
        .into_iter()
        .flat_map(|build| build.wait().success().hook_was_silent().lines())
        .map(Utf8PathBuf::from)
        .collect();
    product.run(&["push"]).success().without_complaint();
    assert_eq!(outputs.len(), 24);
    assert_eq!(product.nix().cached("cache"), hashes(&outputs));
    assert_eq!(product.queued(), BTreeSet::new());
}

#[test]
fn entries_beyond_one_batch_are_copied_in_several() {
    let (product, calls) = install(Nix::new());
    let paths = product.nix().build(&expr::independent(7));
    product
        .run(&["push", "--batch-size", "3"])
        .success()
        .without_complaint();
    assert_eq!(calls.take().len(), 3);
    assert_eq!(product.nix().cached("cache"), hashes(&paths));
}

#[test]
fn an_entry_that_lost_its_root_is_held_again_by_the_next_push() {
    let product = Product::install(
        Nix::new(),
        "[queues.main]\ndestination = \"http://127.0.0.1:1\"\nqueue-dir = \"@T@/queue\"\n",
    );
    let path = product.nix().build_one(&expr::file("rootless", "rootless"));
    let auto = product.nix().state_dir().join("gcroots/auto");
    for link in std::fs::read_dir(auto).expect("auto") {
        std::fs::remove_file(link.expect("readdir").path()).expect("unlink");
    }
    assert_eq!(product.rooted(), BTreeSet::new());
    product.run(&["push"]).exits(69);
    assert_eq!(product.rooted(), [path].into());
}

#[test]
fn nix_sees_nothing_of_a_hooks_environment() {
    let nix = Nix::new();
    let seen = nix.dir().join("seen");
    std::fs::create_dir(nix.dir().join("calls")).expect("mkdir");
    nix.script("calls/nix", &format!("env >{seen}; exec nix \"$@\""));
    let path = nix.build_one(&expr::file("alone", "alone"));
    let product = Product::install(nix, CONFIG);
    let mut push = product.command();
    push.arg("perform-upload");
    push.env("OUT_PATHS", &path).env("DRV_PATH", "/nowhere.drv");
    push.env(
        "NIX_CONFIG",
        "post-build-hook = /nowhere\nsubstitute = true",
    );
    push.env("NIX_POST_BUILD_PUSH_TIMEOUT", "1h");
    push.run();
    assert_eq!(product.nix().cached("cache"), hashes([&path]));
    let file = seen;
    let seen = std::fs::read_to_string(&file).expect("nix was started");
    // With the secrets that the harness plants, and would find there.
    std::fs::remove_file(file).expect("unlink");
    for name in [
        "OUT_PATHS",
        "DRV_PATH",
        "NIX_CONFIG",
        "NIX_POST_BUILD_PUSH_",
    ] {
        assert!(!seen.contains(name), "{name} in\n{seen}");
    }
    assert!(seen.contains("NIX_STORE_DIR="), "{seen}");
}
