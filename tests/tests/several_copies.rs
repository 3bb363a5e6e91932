//! `jobs`: several copies at once for one batch.

use std::collections::BTreeSet;
use std::fs;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};

use camino::{Utf8Path, Utf8PathBuf};
use rustix::fs::{CWD, FileType, Mode, mknodat};
use rustix::process::Signal;
use system_tests::{CallLog, Nix, Product, Reply, Request, Run, Server, expr, hashes, wait_until};

fn config(destination: &str, more: &str) -> String {
    format!(
        "[nix]\nbin-dir = \"@T@/calls\"\n[queues.main]\ndestination = \"{destination}\"\n\
         queue-dir = \"@T@/queue\"\n{more}\n"
    )
}

/// A Nix whose calls are noted, and a queue on it.
fn installed(destination: &str, more: &str) -> (Product, CallLog) {
    let nix = Nix::new();
    let calls = nix.call_log();
    (Product::install(nix, &config(destination, more)), calls)
}

fn copies(calls: &CallLog) -> usize {
    let calls = calls.take();
    calls.iter().filter(|call| call.contains(" copy ")).count()
}

/// Eight libraries, and 32 programs of which each refers to two of these.
fn programs() -> String {
    expr::with_drv(
        r#"let
  lib = k: drv "lib-${toString k}" "echo ${toString k} > $out";
  libs = builtins.genList lib 8;
  use = i: builtins.elemAt libs (i - (i / 8) * 8);
  program = i: drv "program-${toString i}" "echo ${toString i} ${use i} ${use (i + 1)} > $out";
in libs ++ builtins.genList program 32"#,
    )
}

/// A binary cache that lets nobody begin before so many copies have, as often as that.
fn cache_that_waits_for(copies: usize, rounds: usize) -> Server {
    let together = Barrier::new(copies);
    let begun = AtomicUsize::new(0);
    Server::binary_cache_except(move |request| {
        // Each copy asks for it once, and first of all.
        let begins = request.method == "GET" && request.path == "/nix-cache-info";
        if begins && begun.fetch_add(1, Ordering::SeqCst) < copies * rounds {
            together.wait();
        }
        None
    })
}

fn uploads(server: &Server) -> Vec<String> {
    let is_nar = |request: &Request| request.method == "PUT" && request.path.starts_with("/nar/");
    let requests = server.requests().into_iter();
    requests
        .filter(is_nar)
        .map(|request| request.path)
        .collect()
}

/// The hash parts of what was uploaded.
fn narinfos(server: &Server) -> BTreeSet<String> {
    let hash = |request: Request| {
        let name = request.path.strip_suffix(".narinfo")?.strip_prefix('/')?;
        (request.method == "PUT").then(|| name.to_owned())
    };
    server.requests().into_iter().filter_map(hash).collect()
}

fn set(paths: &[Utf8PathBuf]) -> BTreeSet<Utf8PathBuf> {
    paths.iter().cloned().collect()
}

/// Puts a FIFO where a store object was: valid still, but not to be read.
fn replace_by_fifo(path: &Utf8Path) {
    fs::remove_file(path).expect("unlink");
    let mode = Mode::RUSR | Mode::WUSR;
    mknodat(CWD, path.as_str(), FileType::Fifo, mode, 0).expect("mkfifo");
}

#[test]
fn a_batch_goes_in_parts_at_once_and_nothing_twice() {
    let server = cache_that_waits_for(4, 2);
    let (product, calls) = installed(&server.url(), "jobs = 4\ntimeout = \"60s\"");
    let paths = product.nix().build(&programs());
    calls.take();
    product
        .run(&["push"])
        .success()
        .without_complaint()
        .stdout_has("40 copied");
    // The libraries first, then the programs.
    assert_eq!(copies(&calls), 8);
    let uploads = uploads(&server);
    assert_eq!(uploads.len(), 40);
    assert_eq!(uploads.iter().collect::<BTreeSet<_>>().len(), 40);
    assert_eq!(product.nix().valid_in(&server.url(), &paths), paths);
    assert_eq!(product.queued(), BTreeSet::new());
    assert_eq!(product.rooted(), BTreeSet::new());
}

/// There no path waits for the one before, but one stream does not fill a long line.
#[test]
fn by_ssh_ng_only_what_is_large_goes_in_parts() {
    let destination = "ssh-ng://localhost?remote-store=@T@/remote";
    let (product, calls) = installed(destination, "check-sigs = false");
    let mut paths = product.nix().build(&programs());
    calls.take();
    product.run(&["push"]).success().without_complaint();
    assert_eq!(copies(&calls), 1);
    paths.extend(product.nix().build(&expr::with_drv(
        r#"builtins.genList (i: drv "large-${toString i}"
            "echo ${toString i} > $out; /usr/bin/head -c 17000000 /dev/zero >> $out") 4"#,
    )));
    calls.take();
    product.run(&["push"]).success().without_complaint();
    assert_eq!(copies(&calls), 4);
    let destination = destination.replace("@T@", product.nix().dir().as_str());
    assert_eq!(product.nix().valid_in(&destination, &paths), paths);
    assert_eq!(product.queued(), BTreeSet::new());
}

/// Copies that begin together would all initialise it: they fail over that, and one that is ended in
/// the middle breaks the store for good. So a question goes first.
#[test]
fn a_store_that_was_never_used_takes_all_in_one_push() {
    for destination in ["ssh://localhost?remote-store=@T@/remote", "@T@/chroot"] {
        let (product, calls) = installed(destination, "jobs = 4\ncheck-sigs = false");
        let paths = product.nix().build(&expr::independent(16));
        calls.take();
        product.run(&["push"]).success().stdout_has("16 copied");
        assert_eq!(copies(&calls), 4);
        let destination = destination.replace("@T@", product.nix().dir().as_str());
        assert_eq!(product.nix().valid_in(&destination, &paths), paths);
    }
}

#[test]
fn what_is_not_queued_goes_first_where_several_refer_to_it() {
    let server = Server::binary_cache();
    let (product, calls) = installed(&server.url(), "jobs = 4");
    let paths = product.nix().build(&programs());
    let (libraries, programs) = paths.split_at(8);
    let mut drop = vec!["drop"];
    drop.extend(libraries.iter().map(|path| path.as_str()));
    product.run(&drop).success();
    assert_eq!(product.queued(), set(programs));
    calls.take();
    product.run(&["push"]).success().without_complaint();
    assert_eq!(copies(&calls), 5);
    assert_eq!(uploads(&server).len(), 40);
    assert_eq!(product.nix().valid_in(&server.url(), &paths), paths);
}

/// Before 2.14 two copies that met a cache which their common memory did not know failed.
#[test]
fn eight_copies_at_once_meet_a_cache_that_is_new() {
    let server = cache_that_waits_for(8, 1);
    let (product, calls) = installed(&server.url(), "jobs = 8\ntimeout = \"60s\"");
    let paths = product.nix().build(&expr::independent(40));
    calls.take();
    product.run(&["push"]).success().without_complaint();
    assert_eq!(copies(&calls), 8);
    assert_eq!(product.nix().valid_in(&server.url(), &paths), paths);
}

#[test]
fn paths_that_were_given_go_in_parts_too() {
    let server = cache_that_waits_for(4, 1);
    let (product, calls) = installed(&server.url(), "timeout = \"60s\"");
    let paths = product.nix().build(&expr::independent(8));
    calls.take();
    let mut push = vec!["push", "--jobs", "4"];
    push.extend(paths.iter().map(|path| path.as_str()));
    product.run(&push).success().without_complaint();
    assert_eq!(copies(&calls), 4);
    assert_eq!(product.nix().valid_in(&server.url(), &paths), paths);
}

#[test]
fn with_one_job_few_entries_or_bare_a_batch_is_one_copy_and_nothing_else() {
    for (more, entries) in [
        ("jobs = 1", 8),
        ("jobs = 4", 3),
        ("jobs = 4\nclosure-type = \"bare\"", 8),
    ] {
        let server = Server::binary_cache();
        let (product, calls) = installed(&server.url(), more);
        product.nix().build(&expr::independent(entries));
        calls.take();
        product.run(&["push"]).success().without_complaint();
        let calls = calls.take();
        assert_eq!(calls.len(), 1, "{more}: {calls:?}");
    }
}

#[test]
fn of_several_closure_types_all_arrives() {
    for closure_type in ["source", "cache"] {
        let server = Server::binary_cache();
        let more = format!("jobs = 4\nclosure-type = \"{closure_type}\"");
        let (product, _) = installed(&server.url(), &more);
        let paths = product.nix().build(&programs());
        let drvs: Vec<_> = paths
            .iter()
            .map(|path| product.nix().deriver(path).expect("a deriver"))
            .collect();
        product.run(&["push"]).success().without_complaint();
        // 2.8.0 cannot be asked for derivations.
        let there = narinfos(&server);
        assert!(there.is_superset(&hashes(&drvs)));
        let is_there = closure_type == "cache";
        assert_eq!(there.is_superset(&hashes(&paths)), is_there);
        assert_eq!(product.queued(), BTreeSet::new());
    }
}

#[test]
fn one_bad_path_holds_back_no_other() {
    let server = Server::binary_cache();
    let (product, calls) = installed(&server.url(), "jobs = 4\nretry-delay = \"1h\"");
    let paths = product.nix().build(&expr::independent(40));
    let bad = &paths[17];
    replace_by_fifo(bad);
    calls.take();
    let output = product.run(&["push"]).exits(75);
    output
        .stdout_has("39 copied")
        .stdout_has("1 failed")
        .stderr_has(bad);
    let left = [bad.clone()];
    assert_eq!(product.queued(), set(&left));
    let others: Vec<_> = paths.iter().filter(|path| *path != bad).cloned().collect();
    assert_eq!(product.nix().valid_in(&server.url(), &paths), others);
    // 1 + 2 * 1 * log2(40) uploads of four copies each.
    let copies = copies(&calls);
    assert!(copies <= 4 * 13, "{copies} calls of nix copy");
}

#[test]
fn a_dead_destination_blames_no_path() {
    let server = Server::answering(500);
    let (product, _) = installed(&server.url(), "jobs = 4");
    let paths = product.nix().build(&expr::independent(8));
    let output = product.run(&["push"]).exits(69);
    let blamed = |path: &&Utf8PathBuf| output.stderr.contains(path.as_str());
    assert_eq!(paths.iter().filter(blamed).count(), 0, "{output}");
    assert_eq!(product.queued(), set(&paths));
    assert_eq!(product.rooted(), set(&paths));
    let status = product.json_of_one(&["status", "--json"]);
    assert_eq!(status["failures"], serde_json::json!([]));
}

/// A binary cache that hangs at every upload until it is told not to.
fn hesitant_cache() -> (Server, Arc<AtomicBool>) {
    let open = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&open);
    let server = Server::binary_cache_except(move |request| {
        let is_nar = request.method == "PUT" && request.path.starts_with("/nar/");
        (is_nar && !told.load(Ordering::SeqCst)).then_some(Reply::Hang)
    });
    (server, open)
}

#[test]
fn a_push_that_is_stopped_or_killed_in_mid_copy_loses_nothing() {
    for signal in [Signal::TERM, Signal::KILL] {
        let (server, open) = hesitant_cache();
        let (product, calls) = installed(&server.url(), "jobs = 4");
        let paths = product.nix().build(&expr::independent(8));
        calls.take();
        let push = product.command().arg("push").start();
        wait_until("four uploads", || uploads(&server).len() >= 4);
        push.signal(signal);
        if signal == Signal::TERM {
            push.wait().exits(143).stderr_has("asked to stop");
            wait_until("the end of all processes", || {
                product.nix().processes().is_empty()
            });
        } else {
            wait_until("the push to be gone", || {
                let left = product.nix().processes();
                !left.iter().any(|line| line.contains("nix-post-build-push"))
            });
        }
        assert_eq!(product.queued(), set(&paths));
        assert_eq!(product.rooted(), set(&paths));
        open.store(true, Ordering::SeqCst);
        product.run(&["push"]).success().without_complaint();
        assert_eq!(product.nix().valid_in(&server.url(), &paths), paths);
        assert_eq!(product.queued(), BTreeSet::new());
    }
}
