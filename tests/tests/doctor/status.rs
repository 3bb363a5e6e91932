//! What `status` says of a queue as well: in the same words.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use serde_json::Value;
use system_tests::{Nix, Product, Run, expr, wait_until};

use super::patient::{CONFIG, examine, well};

/// Both say this, and the same mends it.
#[track_caller]
fn status_agrees(product: &Product, kind: &str, finding: &Value) {
    let status = product.run(&["status", "--json"]).json();
    let reasons = status[0]["reasons"].as_array().expect("a list");
    let reason = reasons.iter().find(|reason| reason["kind"] == kind);
    let reason = reason.unwrap_or_else(|| panic!("no {kind} in {reasons:?}"));
    // How long ago something was may differ by now.
    let before_times = |text: &Value| {
        let text = text.as_str().expect("text").to_owned();
        let times = text.find(" for ").or(text.find(", last "));
        text[..times.unwrap_or(text.len())].to_owned()
    };
    assert_eq!(
        before_times(&finding["text"]),
        before_times(&reason["text"])
    );
    if kind != "foreign" {
        assert_eq!(finding["fix"], reason["hint"]);
    }
    let is_broken = reason["level"] == "broken";
    assert_eq!(finding["verdict"] == "fault", is_broken, "{finding:#}");
}

/// With this in the table of the queue, or in one below.
fn with(product: &Product, lines: &str) {
    product.write_config(&format!("{CONFIG}{lines}\n"));
}

#[test]
fn what_is_no_entry_is_named() {
    let product = well();
    fs::write(product.queue_dir().join("note"), "").expect("write");
    let report = examine(&product, &[]);
    let finding = report.finds_only("queue-foreign");
    status_agrees(&product, "foreign", finding);
    assert!(
        finding["causes"].to_string().contains("`note`"),
        "{finding:#}"
    );
}

#[test]
fn a_queue_that_a_limit_closed_is_a_fault() {
    let product = well();
    let limits = "[queues.main.limits]\nmax-pinned = \"1B\"\n";
    let config = CONFIG.replace("file://@T@/cache", "http://127.0.0.1:1");
    product.write_config(&format!("{config}{limits}"));
    product.run(&["push"]).exits(69);
    let report = examine(&product, &[]);
    status_agrees(&product, "closed", report.finds("queue-closed"));
}

#[test]
fn a_push_that_could_copy_nothing_from_here_is_a_fault() {
    let product = well();
    let mut push = product.nix().command(Product::program());
    push.arg("push").env("PATH", "/nowhere").run().fails();
    let report = examine(&product, &[]);
    status_agrees(&product, "push-broken", report.finds("push-broken"));
}

#[test]
fn what_was_given_up_is_told_with_why_and_what_waits_is_counted() {
    // A store that refuses what is not signed.
    let config = CONFIG.replace("file://@T@/cache", "@T@/there");
    let product = Product::install(Nix::new(), &config);
    product.nix().build_one(&expr::file("unsigned", "hello"));
    product.run(&["push"]).fails();
    let report = examine(&product, &[]);
    report.says("1 queued, 1 of them failed");
    product.write_config(&format!("{config}max-attempts = 1\n"));
    product.run(&["push", "--force"]).fails();
    let report = examine(&product, &[]);
    let finding = report.finds("entries-parked");
    status_agrees(&product, "parked", finding);
    assert!(
        finding["causes"].to_string().contains("signature"),
        "{finding:#}"
    );
}

#[test]
fn a_destination_that_has_not_answered_for_too_long_is_told() {
    let product = well();
    product.write_config(&format!(
        "{}[queues.main.health]\nmax-unavailable = \"0s\"\n",
        CONFIG.replace("file://@T@/cache", "http://127.0.0.1:1")
    ));
    product.run(&["push"]).exits(69);
    wait_until("a while without an answer", || {
        examine(&product, &[]).ids().contains(&"destination-silent")
    });
    let report = examine(&product, &[]);
    status_agrees(&product, "unavailable", report.finds("destination-silent"));
    report.finds("destination-down");
}

#[test]
fn an_entry_that_waits_for_too_long_is_told() {
    let product = well();
    let path = product.queued().into_iter().next().expect("one");
    let link = product.queue_dir().join(path.file_name().expect("name"));
    let mut touch = Command::new("touch");
    touch.args(["--no-dereference", "--date=2001-01-01", link.as_str()]);
    touch.run().success();
    let report = examine(&product, &[]);
    status_agrees(&product, "old", report.finds_only("entries-old"));
}

#[test]
fn what_a_limit_refused_or_dropped_is_told_and_what_cannot_be_seen_of_it() {
    let product = well();
    with(&product, "[queues.main.limits]\nmax-entries = 1");
    product.nix().build_one(&expr::file("refused", "hello"));
    let report = examine(&product, &[]);
    status_agrees(&product, "refused", report.finds_only("entries-refused"));
    with(
        &product,
        "[queues.main.limits]\nmax-entries = 1\nbeyond-max-entries = \"drop-oldest\"",
    );
    product.nix().build_one(&expr::file("dropping", "hello"));
    let report = examine(&product, &[]);
    status_agrees(&product, "dropped", report.finds("entries-dropped"));
    let room = product.queue_dir().join(".limits");
    fs::set_permissions(&room, fs::Permissions::from_mode(0o777)).expect("chmod");
    let report = examine(&product, &[]);
    status_agrees(&product, "unseen", report.finds_only("queue-unseen"));
}

#[test]
fn an_entry_without_a_store_object_is_told() {
    let product = well();
    let path = product.queued().into_iter().next().expect("one");
    product.nix().delete_ignoring_liveness(&path);
    let report = examine(&product, &[]);
    status_agrees(&product, "absent", report.finds("entries-absent"));
}

#[test]
fn a_lost_memory_is_told() {
    let product = well();
    product.run(&["retry", "--all"]).success();
    let ledger = product.queue_dir().join(".push/ledger.toml");
    fs::write(ledger, "what is this").expect("write");
    let report = examine(&product, &[]);
    status_agrees(&product, "ledger-lost", report.finds_only("memory-lost"));
}
