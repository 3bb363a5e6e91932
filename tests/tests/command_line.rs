//! The commands, on a real store.

use std::collections::BTreeSet;
use std::fs;

use camino::Utf8PathBuf;
use system_tests::{Nix, Product, Run, expr, hashes, tree};

/// Two paths that no hook has seen: a directory with a file in it, and a chain's end.
fn product() -> (Product, Utf8PathBuf, Utf8PathBuf) {
    let nix = Nix::new();
    let directory = nix.build_one(&expr::with_drv(
        r#"drv "tools" "/bin/mkdir -p $out/bin; echo tool > $out/bin/tool""#,
    ));
    let chain = nix.build_one(&expr::chain(2));
    (Product::with_file_cache(nix), directory, chain)
}

#[track_caller]
fn queued_and_rooted(product: &Product, paths: &[&Utf8PathBuf]) {
    let expected: BTreeSet<_> = paths.iter().map(|path| (*path).clone()).collect();
    assert_eq!(product.queued(), expected);
    assert_eq!(product.rooted(), expected);
}

#[test]
fn enqueue_takes_store_paths_out_links_and_paths_inside() {
    let (product, directory, chain) = product();
    let link = product.nix().dir().join("result");
    let mut command = product.nix().command("nix-store");
    command
        .args(["-r", chain.as_str(), "--add-root", link.as_str()])
        .run()
        .success();
    let inside = directory.join("bin/tool");
    let output = product
        .run(&["enqueue", inside.as_str(), "result"])
        .success();
    output.without_complaint().stdout_has("2 enqueued");
    queued_and_rooted(&product, &[&directory, &chain]);
    let output = product
        .run(&["enqueue-paths", directory.as_str()])
        .success();
    output.stdout_has("0 enqueued, 1 already");
}

#[test]
fn enqueue_takes_paths_from_standard_input() {
    let (product, directory, chain) = product();
    let mut command = product.command();
    command.args(["enqueue", "--stdin"]);
    command
        .run_with_input(&format!("{directory}\n\n{chain}\n"))
        .success()
        .without_complaint();
    queued_and_rooted(&product, &[&directory, &chain]);
    product.run(&["drop", "--all"]).success();
    queued_and_rooted(&product, &[]);
    let mut command = product.command();
    command.args(["enqueue", "--stdin", "--null"]);
    command
        .run_with_input(&format!("{directory}\0{chain}\0"))
        .success();
    queued_and_rooted(&product, &[&directory, &chain]);
}

#[test]
fn enqueue_takes_out_paths_as_a_hook_does() {
    let (product, directory, chain) = product();
    let mut command = product.command();
    command
        .arg("enqueue")
        .env("OUT_PATHS", format!("{directory} {chain}"));
    command.run().success().without_complaint();
    queued_and_rooted(&product, &[&directory, &chain]);
}

#[test]
fn enqueue_names_what_is_wrong_and_queues_the_rest() {
    let (product, directory, _) = product();
    let output = product.run(&["enqueue", "/etc/passwd", directory.as_str(), "nowhere"]);
    output
        .exits(75)
        .stderr_has("/etc/passwd")
        .stderr_has("nowhere");
    queued_and_rooted(&product, &[&directory]);
    product.run(&["enqueue"]).exits(2).stderr_has("hint: ");
    product.run(&["enqueue", "/etc/passwd"]).exits(2);
}

#[test]
fn push_with_paths_copies_at_once_and_leaves_the_queue_alone() {
    let (product, directory, chain) = product();
    product.run(&["enqueue", directory.as_str()]).success();
    let before = tree(&product.queue_dir(), &[]);
    product
        .run(&["push", "--", chain.as_str()])
        .success()
        .without_complaint();
    assert_eq!(
        product.nix().cached("cache"),
        hashes(&product.nix().closure(&chain))
    );
    assert_eq!(tree(&product.queue_dir(), &[]), before);
    assert_eq!(product.nix().roots_of(&chain), [""; 0]);
}

#[test]
fn perform_upload_takes_out_paths() {
    let (product, _, chain) = product();
    let mut command = product.command();
    command
        .arg("perform-upload")
        .env("OUT_PATHS", &chain)
        .run()
        .success();
    assert_eq!(
        product.nix().cached("cache"),
        hashes(&product.nix().closure(&chain))
    );
    assert!(!product.queue_dir().exists());
}

#[test]
fn push_with_a_path_that_is_not_valid_copies_the_others_and_fails() {
    let (product, directory, chain) = product();
    product.nix().delete_ignoring_liveness(&directory);
    let output = product
        .run(&["push", "--", directory.as_str(), chain.as_str()])
        .exits(75);
    output.stderr_has("error: ").stderr_has(&directory);
    assert_eq!(
        product.nix().cached("cache"),
        hashes(&product.nix().closure(&chain))
    );
}

#[test]
fn list_and_status_tell_what_is_queued() {
    let (product, directory, chain) = product();
    product.run(&["list"]).success().is_silent();
    product.run(&["enqueue", directory.as_str()]).success();
    product.run(&["enqueue", chain.as_str()]).success();
    assert_eq!(
        product.run(&["list"]).success().lines(),
        [directory.as_str(), chain.as_str()]
    );
    let entry = product.entry(&chain);
    assert_eq!(entry["queue"], "main");
    assert_eq!(entry["state"], "ready");
    assert_eq!(
        (&entry["rooted"], &entry["present"]),
        (&true.into(), &true.into())
    );
    assert_eq!(entry["attempts"], 0);
    let status = product.json_of_one(&["status", "--json"]);
    assert_eq!(status["destination"], product.cache());
    assert_eq!(status["entries"], 2);
    assert_eq!(status["oldest"], product.entry(&directory)["enqueued_at"]);
    assert!(status["last_push"].is_null());
    product.run(&["push"]).success();
    let status = product.json_of_one(&["status", "--json"]);
    assert_eq!(
        (&status["entries"], &status["last_push"]["uploaded"]),
        (&0.into(), &2.into())
    );
    assert_eq!(status["last_push"]["ended"], status["last_success"]);
    product
        .run(&["status"])
        .success()
        .stdout_has("2 copied, 0 failed");
}

#[test]
fn closure_lists_what_a_push_would_copy() {
    let (product, directory, chain) = product();
    product.run(&["enqueue", directory.as_str()]).success();
    assert_eq!(
        product.run(&["closure"]).success().lines(),
        [directory.as_str()]
    );
    let listed = product.run(&["closure", chain.as_str()]).success();
    let listed: BTreeSet<_> = listed.lines().into_iter().map(Utf8PathBuf::from).collect();
    assert_eq!(listed, product.nix().closure(&chain));
    let json = product
        .run(&["show-closure", "--json", chain.as_str()])
        .success()
        .json();
    assert_eq!(json.as_array().expect("a list").len(), listed.len());
    assert_eq!(json[0]["queue"], "main");
}

#[test]
fn drop_takes_what_its_globs_fit_and_their_roots() {
    let product = Product::with_file_cache(Nix::new());
    product.nix().build(&expr::independent(12));
    let output = product.run(&["drop", "*-path-1?", "*-path-3"]).success();
    assert_eq!(output.lines().len(), 4);
    assert_eq!(product.queued().len(), 8);
    assert_eq!(product.rooted(), product.queued());
    product
        .run(&["drop", "*-nothing"])
        .exits(2)
        .stderr_has("*-nothing");
    let one = product.queued().into_iter().next().expect("an entry");
    product
        .run(&["drop", one.as_str()])
        .success()
        .stdout_has(&one);
    product.run(&["drop", "--all"]).success();
    assert_eq!(product.queued(), BTreeSet::new());
    assert_eq!(product.rooted(), BTreeSet::new());
    assert_eq!(product.nix().cached("cache"), BTreeSet::new());
}

#[test]
fn a_dry_run_tells_everything_and_does_nothing() {
    let (product, directory, chain) = product();
    product
        .run(&["enqueue", directory.as_str(), chain.as_str()])
        .success();
    let calls = product.nix().call_log();
    let config = fs::read_to_string(product.config_file()).expect("config");
    product.write_config(&format!("[nix]\nbin-dir = \"@T@/calls\"\n{config}"));
    let before = tree(product.nix().dir(), &[]);
    let output = product
        .run(&["push", "--dry-run"])
        .success()
        .without_complaint();
    output
        .stdout_has(&directory)
        .stdout_has(&chain)
        .stdout_has(product.cache());
    let row = product.json_of_one(&["push", "--dry-run", "--json"]);
    assert_eq!(row["ready"].as_array().expect("a list").len(), 2);
    product
        .run(&["push", "--dry-run", "--", chain.as_str()])
        .success()
        .stdout_has(&chain);
    assert_eq!(tree(product.nix().dir(), &[]), before);
    assert_eq!(calls.take(), [""; 0]);
}

#[test]
fn options_that_are_not_ours_reach_nix_copy() {
    let (product, directory, _) = product();
    let calls = product.nix().call_log();
    let config = fs::read_to_string(product.config_file()).expect("config");
    product.write_config(&format!(
        "[nix]\nbin-dir = \"@T@/calls\"\n{config}nix-opts = [\"--option\", \"connect-timeout\", \"7\"]\n"
    ));
    product.run(&["enqueue", directory.as_str()]).success();
    product
        .run(&["push", "--option", "narinfo-cache-positive-ttl", "0"])
        .success();
    let made = calls.take();
    assert_eq!(made.len(), 1, "{made:?}");
    // The last one counts for Nix, so the command line wins.
    let expected = "--option connect-timeout 7 --option narinfo-cache-positive-ttl 0 ";
    assert!(made[0].contains(expected), "{made:?}");
}

#[test]
fn what_was_pushed_can_be_fetched_into_another_store() {
    let product = Product::with_file_cache(Nix::new());
    let top = product.nix().build_one(&expr::diamond());
    let content = fs::read_to_string(&top).expect("read");
    let closure: Vec<_> = product.nix().closure(&top).into_iter().collect();
    product.run(&["push"]).success();
    product.nix().gc();
    assert!(!top.exists());
    let other = product.nix().dir().join("other");
    let mut copy = product.nix().command("nix");
    copy.args([
        "copy",
        "--no-check-sigs",
        "--from",
        &product.cache(),
        "--to",
        other.as_str(),
        top.as_str(),
    ]);
    copy.run().success();
    assert_eq!(product.nix().valid_in(other.as_str(), &closure), closure);
    let mut cat = product.nix().command("nix");
    cat.args(["store", "cat", "--store", other.as_str(), top.as_str()]);
    assert_eq!(cat.run().success().stdout, content);
}

#[test]
fn one_queue_of_several_is_picked_by_name() {
    let config = r#"
[queues.one]
destination = "file://@T@/one-cache"
queue-dir = "@T@/one"
[queues.two]
destination = "file://@T@/two-cache"
queue-dir = "@T@/two"
[queues.off]
enable = false
destination = "file://@T@/off-cache"
queue-dir = "@T@/off"
"#;
    let product = Product::install(Nix::new(), config);
    let path = product.nix().build_one(&expr::file("picked", "picked"));
    product.run(&["push", "--queue", "two"]).success();
    assert_eq!(product.queued_in("one"), [path.clone()].into());
    assert_eq!(product.nix().cached("one-cache"), BTreeSet::new());
    assert_eq!(product.nix().cached("two-cache"), hashes([&path]));
    product
        .run(&["enqueue", "--queue", "off", path.as_str()])
        .success();
    assert_eq!(product.rooted_in("off"), [path].into());
    product
        .run(&["push", "--queue", "three"])
        .exits(78)
        .stderr_has("known are");
}

/// As in CI: no file, no daemon, no root.
#[test]
fn variables_replace_the_file_and_the_command_line_wins_over_them() {
    let mut nix = Nix::new();
    nix.set_env(
        "NIX_POST_BUILD_PUSH_DESTINATION",
        format!("file://{}/ci-cache", nix.dir()),
    );
    nix.set_env(
        "NIX_POST_BUILD_PUSH_QUEUE_DIR",
        format!("{}/ci-queue", nix.dir()),
    );
    nix.set_hook(Product::hook_program());
    let path = nix.build_one(&expr::file("ci", "ci"));
    let mut list = nix.command(Product::program());
    assert_eq!(list.arg("list").run().success().lines(), [path.as_str()]);
    let other = format!("file://{}/other-cache", nix.dir());
    let mut push = nix.command(Product::program());
    push.args(["push", "--destination", &other])
        .run()
        .success()
        .without_complaint();
    assert_eq!(nix.cached("other-cache"), hashes(&[path]));
    assert_eq!(nix.cached("ci-cache"), BTreeSet::new());
}

#[test]
fn json_of_a_push_names_what_became_of_every_entry() {
    let product = Product::with_file_cache(Nix::new());
    let paths = product.nix().build(&expr::independent(2));
    product.nix().delete_ignoring_liveness(&paths[1]);
    let row = product.json_of_one(&["push", "--json"]);
    assert_eq!(row["outcome"], "finished");
    assert_eq!(row["uploaded"], serde_json::json!([paths[0].as_str()]));
    assert_eq!(row["invalid"], serde_json::json!([paths[1].as_str()]));
    assert_eq!(row["failed"], serde_json::json!([]));
    let empty = product.json_of_one(&["push", "--json"]);
    assert_eq!(empty["uploaded"], serde_json::json!([]));
}
