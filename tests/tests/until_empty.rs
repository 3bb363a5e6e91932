//! `push --until-empty` on real Nix.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use system_tests::{Nix, Product, Reply, Request, Run, Server, expr, figure, hashes, wait_until};

/// Less than any timeout that the tests do not set.
const SOON: Duration = Duration::from_secs(45);

fn config(destination: &str, more: &str) -> String {
    format!("[queues.main]\ndestination = \"{destination}\"\nqueue-dir = \"@T@/queue\"\n{more}\n")
}

fn is_put(request: &Request) -> bool {
    request.method == "PUT" && request.path != "/nix-cache-info"
}

/// A binary cache that answers 503 until it is told to work.
fn cache_that_is_down() -> (Server, Arc<AtomicBool>) {
    let up = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&up);
    let server = Server::binary_cache_except(move |_| {
        (!told.load(Ordering::SeqCst)).then_some(Reply::Status(503))
    });
    (server, up)
}

#[test]
fn a_destination_that_comes_up_after_a_while_gets_everything() {
    let (server, up) = cache_that_is_down();
    let product = Product::install(Nix::new(), &config(&server.url(), "retry-delay = \"2s\""));
    let paths = product.nix().build(&expr::independent(3));
    let mut drain = product.command();
    let drain = drain
        .args(["push", "--until-empty", "--deadline", "100s"])
        .start();
    wait_until("the first failure", || {
        drain.stderr_so_far().contains("it is asked again in")
    });
    let late = product.nix().build(&expr::file("late", "late"));
    up.store(true, Ordering::SeqCst);
    let output = drain.wait().exits(0).stdout_has("4 copied");
    output.stdout_has("nothing is left");
    let all = [paths, late].concat();
    assert_eq!(product.nix().valid_in(&server.url(), &all), all);
    assert_eq!(product.queued(), BTreeSet::new());
}

#[test]
fn the_deadline_ends_an_upload_and_nothing_unconfirmed_leaves_the_queue() {
    let server = Server::binary_cache_except(|request| is_put(request).then_some(Reply::Hang));
    let product = Product::install(Nix::new(), &config(&server.url(), ""));
    let paths: BTreeSet<_> = product
        .nix()
        .build(&expr::independent(3))
        .into_iter()
        .collect();
    let begun = Instant::now();
    let output = product
        .run(&["push", "--until-empty", "--deadline", "4s"])
        .exits(75);
    let took = begun.elapsed();
    assert!(took < SOON, "it took {took:?}");
    figure(
        "a deadline of 4 s in mid-upload ended the push after",
        format!("{:.1} s", took.as_secs_f64()),
    );
    assert!(server.requests().iter().any(is_put), "it was under way");
    output.stderr_has("3 left: 3 ready when the time was over");
    assert_eq!(product.queued(), paths);
    assert_eq!(product.rooted(), paths);
    wait_until("the end of all processes", || {
        product.nix().processes().is_empty()
    });
}

#[test]
fn one_dead_beside_one_alive() {
    let (server, _) = cache_that_is_down();
    let more = "retry-delay = \"1h\"\n[queues.alive]\ndestination = \"file://@T@/cache\"\nqueue-dir = \"@T@/alive\"";
    let product = Product::install(Nix::new(), &config(&server.url(), more));
    let paths = product.nix().build(&expr::independent(2));
    let output = product
        .run(&["push", "--until-empty", "--deadline", "100s"])
        .exits(69);
    output
        .stdout_has("alive: 2 copied")
        .stdout_has("main: 0 copied")
        .stdout_has("2 left: 2 ready");
    assert_eq!(product.nix().cached("cache"), hashes(&paths));
    assert_eq!(product.queued().len(), 2);
}

#[test]
fn what_is_built_while_one_queue_waits_goes_to_all_of_them() {
    let (server, up) = cache_that_is_down();
    let more = "retry-delay = \"4s\"\n[queues.alive]\ndestination = \"file://@T@/cache\"\nqueue-dir = \"@T@/alive\"";
    let product = Product::install(Nix::new(), &config(&server.url(), more));
    let before = product.nix().build(&expr::file("before", "before"));
    let mut drain = product.command();
    let drain = drain
        .args(["push", "--until-empty", "--deadline", "100s"])
        .start();
    let cached = || product.nix().cached("cache").len();
    wait_until("the queue that is alive", || cached() == 1);
    wait_until("the first failure", || {
        drain.stderr_so_far().contains("it is asked again in")
    });
    let late = product.nix().build(&expr::file("late", "late"));
    wait_until("what was built", || cached() == 2);
    up.store(true, Ordering::SeqCst);
    let output = drain.wait().exits(0);
    output
        .stdout_has("alive: 2 copied")
        .stdout_has("main: 2 copied");
    let all = [before, late].concat();
    assert_eq!(product.nix().valid_in(&server.url(), &all), all);
    assert_eq!(product.nix().cached("cache"), hashes(&all));
    let listed = product.run(&["list"]).success();
    assert_eq!(listed.stdout, "");
}
