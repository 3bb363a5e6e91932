//! Uploads that stall, signals in mid-copy, and pushes at the same time. What becomes of a destination
//! that takes nothing is told by the tests of faulty destinations.

use std::collections::BTreeSet;
use std::slice::from_ref;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use camino::Utf8PathBuf;
use rustix::process::Signal;
use system_tests::{Nix, Product, Reply, Request, Run, Running, Server, expr, wait_until};

/// Less than any timeout that the tests do not set, so that it is ours that ends a push.
const SOON: Duration = Duration::from_secs(45);

fn config(server: &Server, more: &str) -> String {
    let url = server.url();
    format!(
        "[queues.main]\ndestination = \"{url}\"\nqueue-dir = \"@T@/queue\"\nretry-delay = \"0s\"\n{more}\n"
    )
}

/// Whether a path is uploaded. A cache that is new is made first, by a `nix-cache-info`.
fn is_put(request: &Request) -> bool {
    request.method == "PUT" && request.path != "/nix-cache-info"
}

/// A binary cache that hangs at every upload until it is told not to.
fn hesitant_cache() -> (Server, Arc<AtomicBool>) {
    let open = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&open);
    let server = Server::binary_cache_except(move |request| {
        (is_put(request) && !told.load(Ordering::SeqCst)).then_some(Reply::Hang)
    });
    (server, open)
}

/// Starts a push and waits until it uploads.
fn push_until_it_uploads(product: &Product, server: &Server) -> Running {
    let push = product.command().arg("push").start();
    wait_until("an upload", || server.requests().iter().any(is_put));
    push
}

#[track_caller]
fn nobody_is_left(product: &Product) {
    let mut left = Vec::new();
    // A process that was killed may take a moment to go.
    wait_until("the end of all processes", || {
        left = product.nix().processes();
        left.is_empty()
    });
}

#[track_caller]
fn is_untouched(product: &Product, paths: &BTreeSet<Utf8PathBuf>) {
    assert_eq!(product.queued(), *paths);
    assert_eq!(product.rooted(), *paths);
}

/// With one entry it may be either: the entry alone waits, and what comes later is tried.
#[test]
fn the_total_timeout_ends_an_upload_as_well() {
    let (server, _) = hesitant_cache();
    let product = Product::install(Nix::new(), &config(&server, "timeout = \"2s\""));
    let path = product.nix().build_one(&expr::file("slow", "slow"));
    let start = Instant::now();
    product.run(&["push"]).exits(75).stderr_has("2 s");
    assert!(start.elapsed() < SOON, "it took {:?}", start.elapsed());
    nobody_is_left(&product);
    is_untouched(&product, &[path].into());
}

/// What stands in for `nix-daemon` at the other end has a child, and neither heeds SIGTERM.
#[test]
fn the_stall_timeout_ends_the_whole_process_group() {
    let nix = Nix::new();
    let started = nix.dir().join("started");
    nix.script(
        "hang",
        &format!("trap '' TERM\nsleep 600 &\n: >{started}\nwait"),
    );
    let product = Product::install(
        nix,
        "[queues.main]\ndestination = \"ssh-ng://localhost?remote-program=@T@/hang\"\nqueue-dir = \"@T@/queue\"\nstall-timeout = \"2s\"\n",
    );
    let path = product.nix().build_one(&expr::file("stuck", "stuck"));
    product.run(&["push"]).exits(69);
    assert!(started.exists());
    nobody_is_left(&product);
    is_untouched(&product, &[path].into());
}

#[test]
fn one_path_that_stalls_holds_back_no_other() {
    let nix = Nix::new();
    let drvs = nix.instantiate(&expr::independent(3));
    let stalled = Utf8PathBuf::from(nix.query(&["--outputs", drvs[1].as_str()]).swap_remove(0));
    let hash = stalled.file_name().expect("name")[..32].to_owned();
    let server = Server::binary_cache_except(move |request| {
        (is_put(request) && request.path.contains(&hash)).then_some(Reply::Hang)
    });
    let product = Product::install(nix, &config(&server, "stall-timeout = \"2s\""));
    let paths = product.nix().realise(&drvs);
    product
        .run(&["push"])
        .exits(75)
        .stderr_has(&stalled)
        .stdout_has("2 copied");
    let others: Vec<_> = paths
        .iter()
        .filter(|path| **path != stalled)
        .cloned()
        .collect();
    assert_eq!(product.nix().valid_in(&server.url(), &paths), others);
    is_untouched(&product, &[stalled].into());
    nobody_is_left(&product);
}

#[test]
fn a_slow_upload_that_moves_is_left_alone() {
    // Each request takes a second; only all of them together take longer than the timeout.
    let server = Server::binary_cache_except(|request| {
        if is_put(request) {
            let taken = Instant::now();
            wait_until("a second to pass", || {
                taken.elapsed() > Duration::from_secs(1)
            });
        }
        None
    });
    let product = Product::install(Nix::new(), &config(&server, "stall-timeout = \"3s\""));
    let path = product.nix().build_one(&expr::chain(3));
    let start = Instant::now();
    product.run(&["push"]).success().without_complaint();
    assert!(
        start.elapsed() > Duration::from_secs(3),
        "too fast to show anything"
    );
    assert_eq!(
        product.nix().valid_in(&server.url(), from_ref(&path)),
        [path]
    );
}

/// A signal to the push alone, as systemd sends it with `KillMode=mixed`.
#[track_caller]
fn a_signal_ends_it_all(signal: Signal) {
    let (server, open) = hesitant_cache();
    let product = Product::install(Nix::new(), &config(&server, ""));
    let paths: Vec<_> = product.nix().build(&expr::independent(3));
    let push = push_until_it_uploads(&product, &server);
    push.signal(signal);
    push.wait()
        .exits(128 + signal.as_raw())
        .stderr_has("asked to stop");
    nobody_is_left(&product);
    is_untouched(&product, &paths.iter().cloned().collect());
    let status = product.json_of_one(&["status", "--json"]);
    assert_eq!(
        (&status["ready"], &status["failures"]),
        (&3.into(), &serde_json::json!([]))
    );
    open.store(true, Ordering::SeqCst);
    product.run(&["push"]).success().without_complaint();
    assert_eq!(product.nix().valid_in(&server.url(), &paths), paths);
    assert_eq!(product.queued(), BTreeSet::new());
}

#[test]
fn sigterm_in_mid_copy_leaves_no_process_and_all_entries() {
    a_signal_ends_it_all(Signal::TERM);
}

#[test]
fn sigint_in_mid_copy_leaves_no_process_and_all_entries() {
    a_signal_ends_it_all(Signal::INT);
}

#[test]
fn sigterm_ends_a_push_whose_destination_does_not_even_answer() {
    let server = Server::hanging();
    let product = Product::install(Nix::new(), &config(&server, ""));
    let path = product.nix().build_one(&expr::file("waiting", "waiting"));
    let push = product.command().arg("push").start();
    wait_until("a request", || !server.requests().is_empty());
    push.signal(Signal::TERM);
    push.wait().exits(143);
    nobody_is_left(&product);
    is_untouched(&product, &[path].into());
}

#[test]
fn what_was_confirmed_before_a_signal_has_left_the_queue() {
    let nix = Nix::new();
    let drvs = nix.instantiate(&expr::independent(2));
    let (first, second) = (0, 1);
    let outputs: Vec<_> = drvs
        .iter()
        .map(|drv| Utf8PathBuf::from(nix.query(&["--outputs", drv.as_str()]).swap_remove(0)))
        .collect();
    let hash = outputs[second].file_name().expect("name")[..32].to_owned();
    let server = Server::binary_cache_except(move |request| {
        (is_put(request) && request.path.contains(&hash)).then_some(Reply::Hang)
    });
    let product = Product::install(nix, &config(&server, "batch-size = 1"));
    product.nix().realise(&drvs[first..=first]);
    product.nix().realise(&drvs[second..]);
    let push = product.command().arg("push").start();
    wait_until("the first entry to leave", || product.queued().len() == 1);
    push.signal(Signal::TERM);
    push.wait().exits(143);
    is_untouched(&product, &[outputs[second].clone()].into());
}

#[test]
fn a_killed_push_is_no_obstacle_to_the_next() {
    let (server, open) = hesitant_cache();
    let product = Product::install(Nix::new(), &config(&server, ""));
    let path = product.nix().build_one(&expr::file("again", "again"));
    let push = push_until_it_uploads(&product, &server);
    push.signal(Signal::KILL);
    wait_until("the push to be gone", || {
        let left = product.nix().processes();
        !left.iter().any(|line| line.contains("nix-post-build-push"))
    });
    is_untouched(&product, &[path.clone()].into());
    open.store(true, Ordering::SeqCst);
    product.run(&["push"]).success();
    assert_eq!(
        product.nix().valid_in(&server.url(), from_ref(&path)),
        [path]
    );
    assert_eq!(product.queued(), BTreeSet::new());
    // Whatever nix it had started loses its server.
    drop(server);
    drop(push);
}

#[test]
fn a_second_push_of_a_queue_returns_at_once_and_says_so() {
    let (server, _) = hesitant_cache();
    let nix = Nix::new();
    let calls = nix.call_log();
    let config = format!("{}[nix]\nbin-dir = \"@T@/calls\"\n", config(&server, ""));
    let product = Product::install(nix, &config);
    product.nix().build(&expr::independent(2));
    let first = push_until_it_uploads(&product, &server);
    assert_eq!(calls.take().len(), 1);
    let second = product.run(&["push"]).success();
    second
        .stdout_has("another push is at work")
        .stderr_lacks("error");
    let row = product.json_of_one(&["push", "--json"]);
    assert_eq!(row["outcome"], "already-running");
    let retry = product.run(&["retry", "--all"]).exits(75);
    retry.stderr_has("a push is running");
    assert_eq!(calls.take(), [""; 0]);
    first.signal(Signal::TERM);
    first.wait().exits(143);
}

#[test]
fn a_hook_queues_while_a_push_hangs() {
    let (server, _) = hesitant_cache();
    let product = Product::install(Nix::new(), &config(&server, ""));
    let before = product.nix().build_one(&expr::file("before", "before"));
    let push = push_until_it_uploads(&product, &server);
    let meanwhile = product
        .nix()
        .build_one(&expr::file("meanwhile", "meanwhile"));
    is_untouched(&product, &[before, meanwhile].into());
    push.signal(Signal::TERM);
    push.wait().exits(143);
}
