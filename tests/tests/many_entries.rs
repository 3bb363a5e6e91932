//! Many entries of which some cannot be copied.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;

use camino::{Utf8Path, Utf8PathBuf};
use rustix::fs::{CWD, FileType, Mode, mknodat};
use system_tests::{Nix, Product, Run, expr, hashes};

const CONFIG: &str = r#"
[nix]
bin-dir = "@T@/calls"
[queues.main]
destination = "file://@T@/cache"
queue-dir = "@T@/queue"
max-attempts = 2
"#;

/// Puts a FIFO where a store object was: valid still, but not to be read.
fn replace_by_fifo(path: &Utf8Path) {
    fs::remove_file(path).expect("unlink");
    let mode = Mode::RUSR | Mode::WUSR;
    mknodat(CWD, path.as_str(), FileType::Fifo, mode, 0).expect("mkfifo");
}

/// Makes a file again what `expr::independent` and `expr::file` had made it.
fn repair(path: &Utf8Path) {
    let name = &path.file_name().expect("name")[33..];
    let content = name.strip_prefix("path-").unwrap_or(name);
    fs::remove_file(path).expect("unlink");
    fs::write(path, format!("{content}\n")).expect("write");
}

fn without(paths: &[Utf8PathBuf], others: &[&Utf8PathBuf]) -> BTreeSet<Utf8PathBuf> {
    paths
        .iter()
        .filter(|path| !others.contains(path))
        .cloned()
        .collect()
}

#[test]
fn of_two_hundred_entries_the_good_arrive_in_one_push_and_the_bad_are_named() {
    let nix = Nix::new();
    let calls = nix.call_log();
    let product = Product::install(nix, &format!("{CONFIG}retry-delay = \"1h\"\n"));
    let paths = product.nix().build(&expr::independent(200));
    assert_eq!(product.queued().len(), 200);
    let (gone, unreadable) = (&paths[70], &paths[130]);
    product.nix().delete_ignoring_liveness(gone);
    replace_by_fifo(unreadable);
    calls.take();

    let output = product.run(&["push"]).exits(75);
    let output = output
        .stdout_has("198 copied")
        .stdout_has("1 failed, 1 no longer valid");
    let complaints = |word: &str, path: &Utf8Path| {
        let lines = output.stderr.lines();
        lines
            .filter(|line| line.starts_with(word) && line.contains(path.as_str()))
            .count()
    };
    assert_eq!(complaints("warning: ", gone), 1, "{output}");
    assert_eq!(complaints("warning: ", unreadable), 1, "{output}");
    assert_eq!(
        product.nix().cached("cache"),
        hashes(&without(&paths, &[gone, unreadable]))
    );
    assert_eq!(product.queued(), [unreadable.clone()].into());
    assert_eq!(product.rooted(), [unreadable.clone()].into());
    // All that is there, the one that Nix names, the rest.
    let copies = calls
        .take()
        .iter()
        .filter(|call| call.contains(" copy "))
        .count();
    assert_eq!(copies, 3);

    let entry = product.entry(unreadable);
    assert_eq!(
        (&entry["state"], &entry["attempts"]),
        (&"backing-off".into(), &1.into())
    );
    let output = product.run(&["push"]).success();
    output.stdout_has("1 backing off");
    assert_eq!(calls.take(), [""; 0]);

    product
        .run(&["push", "--force"])
        .exits(75)
        .stderr_has("parked")
        .stderr_has("retry");
    let entry = product.entry(unreadable);
    assert_eq!(
        (&entry["state"], &entry["attempts"]),
        (&"parked".into(), &2.into())
    );
    product
        .run(&["status"])
        .exits(1)
        .stdout_has(unreadable)
        .stdout_has("parked");
    calls.take();
    product
        .run(&["push", "--force"])
        .success()
        .stderr_has("parked");
    assert_eq!(calls.take(), [""; 0]);

    repair(unreadable);
    product
        .run(&["retry", unreadable.as_str()])
        .success()
        .stdout_has(unreadable);
    product.run(&["push"]).success().without_complaint();
    assert_eq!(
        product.nix().cached("cache"),
        hashes(&without(&paths, &[gone]))
    );
    assert_eq!(product.queued(), BTreeSet::new());
}

/// What a push asks of the system, and how often of Nix, where that many entries are gone.
fn cost_of_gone(number: usize) -> (usize, usize) {
    let nix = Nix::new();
    let calls = nix.call_log();
    let product = Product::install(nix, CONFIG);
    let (store, queue) = (product.nix().store_dir(), product.nix().dir().join("queue"));
    // Makes the queue.
    product.nix().build_one(&expr::file("a", "a"));
    product.run(&["drop", "--all"]).success();
    for number in 0..number {
        let name = format!("{number:032}-gone");
        symlink(store.join(&name), queue.join(&name)).expect("an entry");
    }
    calls.take();
    let trace = product.nix().dir().join("trace");
    let (push, mut strace) = (product.command(), product.nix().command("strace"));
    strace.args(["-qq", "-o", trace.as_str()]);
    strace.arg(push.get_program()).args(push.get_args());
    strace.args(["push", "-q"]).run().success();
    assert_eq!(product.queued(), BTreeSet::new());
    let trace = fs::read_to_string(&trace).expect("the trace");
    (trace.lines().count(), calls.take().len())
}

#[test]
fn what_it_takes_to_let_go_what_is_gone_grows_with_its_number_and_no_faster() {
    let (few, many) = (cost_of_gone(300), cost_of_gone(1200));
    assert!(many.0 <= 4 * few.0, "{few:?}, {many:?}");
    // Once to find them and once to let them go, a thousand at most in a call.
    assert_eq!((few.1, many.1), (2, 4));
}

#[test]
fn without_a_wait_each_push_is_an_attempt_until_the_entry_is_parked() {
    let nix = Nix::new();
    let calls = nix.call_log();
    let product = Product::install(nix, &format!("{CONFIG}retry-delay = \"0s\"\n"));
    let path = product.nix().build_one(&expr::file("bad", "bad"));
    replace_by_fifo(&path);
    product.run(&["push"]).exits(75);
    assert_eq!(product.entry(&path)["state"], "ready");
    // What comes later does not wait for it.
    let good = product.nix().build_one(&expr::file("good", "good"));
    product
        .run(&["push"])
        .exits(75)
        .stdout_has("1 copied")
        .stdout_has("1 failed");
    assert_eq!(product.nix().cached("cache"), hashes(&[good]));
    assert_eq!(product.entry(&path)["state"], "parked");
    calls.take();
    product.run(&["push"]).success().stdout_has("1 parked");
    assert_eq!(calls.take(), [""; 0]);
}

#[test]
fn a_lost_or_damaged_ledger_costs_only_the_memory_of_failures() {
    let nix = Nix::new();
    nix.call_log();
    let product = Product::install(nix, &format!("{CONFIG}retry-delay = \"1h\"\n"));
    let path = product.nix().build_one(&expr::file("bad", "bad"));
    replace_by_fifo(&path);
    product.run(&["push"]).exits(75);
    fs::write(
        product.queue_dir().join(".push/ledger.toml"),
        "\u{1}damaged",
    )
    .expect("write");
    product
        .run(&["push"])
        .exits(75)
        .stderr_has("memory of failures is lost");
    assert_eq!(product.entry(&path)["attempts"], 1);
    fs::remove_file(product.queue_dir().join(".push/ledger.toml")).expect("unlink");
    repair(&path);
    product.run(&["push"]).success().without_complaint();
    assert_eq!(product.nix().cached("cache"), hashes(&[path]));
}

#[test]
fn only_invalid_entries_leave_a_queue_without_a_failure() {
    let nix = Nix::new();
    nix.call_log();
    let product = Product::install(nix, CONFIG);
    let paths = product.nix().build(&expr::independent(3));
    paths
        .iter()
        .for_each(|path| product.nix().delete_ignoring_liveness(path));
    let output = product
        .run(&["push"])
        .success()
        .stdout_has("3 no longer valid");
    paths
        .iter()
        .for_each(|path| drop(output.clone().stderr_has(path)));
    assert_eq!(product.queued(), BTreeSet::new());
}

#[test]
fn an_entry_that_is_no_longer_valid_but_on_disk_is_found_out() {
    let nix = Nix::new();
    nix.call_log();
    let product = Product::install(nix, CONFIG);
    let paths = product.nix().build(&expr::independent(3));
    let content = fs::read(&paths[1]).expect("read");
    product.nix().delete_ignoring_liveness(&paths[1]);
    fs::write(&paths[1], content).expect("write");
    let output = product.run(&["push"]).success().stdout_has("2 copied");
    output.stdout_has("1 no longer valid").stderr_has(&paths[1]);
    assert_eq!(
        product.nix().cached("cache"),
        hashes(&without(&paths, &[&paths[1]]))
    );
    assert_eq!(product.queued(), BTreeSet::new());
}

#[test]
fn what_is_not_ours_in_the_queue_directory_is_reported_and_left() {
    let nix = Nix::new();
    nix.call_log();
    let product = Product::install(nix, CONFIG);
    let path = product.nix().build_one(&expr::file("ours", "ours"));
    let (file, link) = (
        product.queue_dir().join("README"),
        product.queue_dir().join("result"),
    );
    fs::write(&file, "not ours").expect("write");
    std::os::unix::fs::symlink("/etc/passwd", &link).expect("symlink");
    let output = product.run(&["push"]).success();
    output
        .stderr_has("README")
        .stderr_has("result")
        .stderr_has("left alone");
    assert_eq!(product.nix().cached("cache"), hashes(&[path]));
    assert!(file.exists() && link.exists());
}
