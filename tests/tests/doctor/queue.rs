//! A queue's directory, its entries, and what holds them.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::process::Command;

use system_tests::{Nix, Product, Run, Sshd, expr, wait_until};

use super::patient::{CONFIG, Mount, examine, examine_as_user, sign, well, well_with_daemon};

#[test]
fn a_directory_that_others_may_write_is_a_fault_and_the_command_mends_it() {
    let product = well();
    let directory = product.queue_dir();
    fs::set_permissions(&directory, fs::Permissions::from_mode(0o777)).expect("chmod");
    let report = examine(&product, &[]);
    let fix = report.finds("queue-refused")["fix"]
        .as_str()
        .unwrap()
        .to_owned();
    Command::new("sh").args(["-ec", &fix]).run().success();
    examine(&product, &[]).is_well();
}

#[test]
fn a_queue_that_is_somebody_elses_to_push_is_not_judged_by_an_ordinary_user() {
    let product = well_with_daemon();
    chown(product.config_file(), Some(0), Some(0)).expect("chown");
    let report = examine_as_user(&product, |_| {});
    report.finds("account-not-tried");
    report.finds("filling-unknown");
    report.has_no_fault();
}

#[test]
fn a_queue_in_memory_that_is_full_is_told_and_a_read_only_one() {
    let product = well();
    let other = product.nix().dir().join("memory");
    product.write_config(&CONFIG.replace("@T@/queue", "@T@/memory"));
    let mount = Mount::tmpfs("size=4m,mode=755", &other);
    let report = examine(&product, &[]);
    report.finds("queue-in-memory");
    assert!(!report.ids().contains(&"queue-full"), "{:?}", report.ids());
    fs::write(other.join("fill"), vec![0; 8 << 20]).expect_err("it is full");
    let report = examine(&product, &[]);
    report.finds("queue-full");
    report.finds("queue-foreign");
    drop(mount);
    product.write_config(CONFIG);
    let mount = Mount::read_only(&product.queue_dir());
    examine(&product, &[]).finds("queue-read-only");
    drop(mount);
    examine(&product, &[]).is_well();
}

#[test]
fn a_queue_on_a_file_system_of_another_machine_is_told() {
    let product = well();
    let sshd = Sshd::start(product.nix());
    let (there, here) = (
        product.nix().dir().join("there"),
        product.nix().dir().join("far"),
    );
    fs::create_dir(&there).expect("mkdir");
    product.write_config(&CONFIG.replace("@T@/queue", "@T@/far"));
    let mount = Mount::by_ssh(&sshd, &there, &here);
    examine(&product, &[]).finds("queue-on-network");
    mount.freeze();
    let report = examine(&product, &[]);
    report.finds("queue-hangs");
    report.says("cache is made by the first push");
    product.write_config(&CONFIG.replace("@T@/cache", "@T@/far/cache"));
    examine(&product, &[]).finds_only("destination-down");
}

#[test]
fn a_push_that_holds_the_queue_for_too_long_is_told_and_others_are_not() {
    let product = well();
    product.run(&["retry", "--all"]).success();
    let lock = product.queue_dir().join(".push/lock");
    let mut hold = Command::new("flock");
    let _holder = hold.args([lock.as_str(), "sleep", "1000"]).start();
    let is_free = || {
        let mut attempt = Command::new("flock");
        attempt.args(["-n", lock.as_str(), "true"]).run().code == 0
    };
    wait_until("the lock to be held", || !is_free());
    examine(&product, &[]).is_well();
    product.write_config(&format!(
        "{CONFIG}timeout = \"1s\"\nstall-timeout = \"1s\"\n"
    ));
    wait_until("the push to be a long one", || {
        examine(&product, &[]).ids().contains(&"push-long")
    });
    examine(&product, &[]).finds_only("push-long");
}

#[test]
fn an_entry_that_nix_does_not_see_held_is_a_fault_and_the_next_push_holds_it() {
    let product = well();
    let auto = product.nix().auto_dir();
    for link in fs::read_dir(&auto).expect("readdir") {
        fs::remove_file(link.expect("readdir").path()).expect("unlink");
    }
    let report = examine(&product, &[]);
    let finding = report.finds_only("root-unseen");
    assert!(
        finding["text"].as_str().unwrap().contains("1 of 1"),
        "{finding:#}"
    );
    product.write_config(&CONFIG.replace("file://@T@/cache", "http://127.0.0.1:1"));
    product.run(&["push"]).exits(69);
    product.write_config(CONFIG);
    product.run(&["retry", "--all"]).success();
    examine(&product, &[]).is_well();
}

#[test]
fn an_empty_queue_is_not_said_to_be_held() {
    let product = well();
    product.run(&["drop", "--all"]).success();
    examine(&product, &[]).finds_only("roots-not-tried");
}

#[test]
fn a_queue_that_fills_the_store_is_told_and_a_store_that_is_full() {
    let mut nix = Nix::new();
    let _mount = Mount::tmpfs("size=16m,mode=755", &nix.store_dir());
    sign(&mut nix);
    let product = Product::install(nix, CONFIG);
    product.nix().build_one(&expr::large("large", 4 << 20));
    let report = examine(&product, &[]);
    report.finds_only("space-much");
    fs::write(product.nix().store_dir().join(".fill"), vec![0; 16 << 20]).expect_err("it is full");
    let report = examine(&product, &[]);
    let finding = report.finds("store-nearly-full");
    assert!(
        finding["causes"].to_string().contains("min-free"),
        "{finding:#}"
    );
}

#[test]
fn what_is_not_kept_for_a_closure_type_is_told_and_for_others_it_does_not_matter() {
    let mut product = well();
    product.nix_mut().add_setting("keep-derivations = false");
    product.nix_mut().add_setting("keep-outputs = false");
    examine(&product, &[]).is_well();
    let of_type = |kind: &str| format!("{CONFIG}closure-type = \"{kind}\"\n");
    product.write_config(&of_type("source"));
    examine(&product, &[]).finds_only("derivations-not-kept");
    product.write_config(&of_type("cache"));
    let report = examine(&product, &[]);
    report.finds("derivations-not-kept");
    report.finds("outputs-not-kept");
    product.nix_mut().add_setting("keep-derivations = true");
    product.nix_mut().add_setting("keep-outputs = true");
    examine(&product, &[]).is_well();
}

#[test]
fn a_metrics_file_that_cannot_be_written_is_found_and_the_command_mends_it() {
    let product = well();
    let directory = product.nix().dir().join("metrics");
    let line = format!("metrics-file = \"{directory}/main.prom\"\n");
    product.write_config(&(CONFIG.to_owned() + &line));
    let report = examine(&product, &[]);
    let fix = report.finds("metrics-not-writable")["fix"].as_str();
    let fix = fix.and_then(|fix| fix.strip_prefix("sudo "));
    let fix = fix.expect("a command").to_owned();
    Command::new("sh").args(["-ec", &fix]).run().success();
    examine(&product, &[]).is_well();
    // What is no directory cannot be mended by a command.
    fs::remove_dir(&directory).expect("rmdir");
    fs::write(&directory, "").expect("write");
    let report = examine(&product, &[]);
    let finding = report.finds("metrics-not-writable");
    assert!(!finding["fix"].to_string().contains("sudo"), "{finding:#}");
}
