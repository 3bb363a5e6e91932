//! Nix, its daemon, and the configuration.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use system_tests::{Product, Run, tree};

use super::patient::{CONFIG, examine, examine_as_user, examine_with, well, well_with_daemon};

#[test]
fn a_set_up_that_is_well_is_all_ok_and_nothing_of_it_is_changed() {
    for product in [well(), well_with_daemon()] {
        let before = tree(&product.queue_dir(), &[]);
        let report = examine(&product, &[]);
        report.is_well();
        report.finds("no-systemd");
        assert_eq!(tree(&product.queue_dir(), &[]), before);
        assert!(!product.nix().dir().join("cache").exists());
        let mut command = product.nix().command(Product::program());
        let output = command.arg("doctor").run().success();
        output
            .stdout_has("\nno fault, 1 thing not known\n")
            .stdout_has("  ok       roots          Nix sees what holds each of 1\n")
            .without_complaint();
    }
}

#[test]
fn without_nix_it_says_so_and_tells_the_rest() {
    let product = well();
    let report = examine_with(&product, &[], |command| {
        command.env("PATH", "/nowhere");
    });
    report.finds("nix-missing");
    report.finds("hook-unknown");
    report.finds("roots-not-tried");
    report.finds("space-unknown");
    report.finds("signatures-not-tried");
    report.says("is safe to use");
    product.write_config(&CONFIG.replace("file://@T@/cache", "http://127.0.0.1:1"));
    let report = examine_with(&product, &[], |command| {
        command.env("PATH", "/nowhere");
    });
    report.finds("destination-not-asked");
}

#[test]
fn a_nix_that_does_not_work_is_not_to_be_installed_once_more() {
    let product = well();
    let directory = product.nix().dir().join("broken");
    fs::create_dir(&directory).expect("mkdir");
    fs::write(directory.join("nix.conf"), "what is this\n").expect("write");
    let report = examine_with(&product, &[], |command| {
        command.env("NIX_CONF_DIR", &directory);
    });
    let finding = report.finds("nix-missing").to_string();
    assert!(finding.contains("what is this"), "{finding}");
    assert!(!finding.contains("install"), "{finding}");
}

#[test]
fn settings_that_nix_cannot_read_are_told_as_it_tells_them() {
    let product = well();
    let report = examine_with(&product, &[], |command| {
        command.env("NIX_CONFIG", "what is this");
    });
    let finding = report.finds("settings-unknown");
    assert!(
        finding["causes"].to_string().contains("what is this"),
        "{finding:#}"
    );
}

#[test]
fn a_broken_configuration_keeps_nobody_from_the_rest() {
    let product = well();
    product.write_config(&CONFIG.replace("queue-dir", "closure-tipe = \"binary\"\nqueue-dir"));
    let report = examine(&product, &[]);
    let finding = report.finds("config-broken");
    assert!(
        finding["fix"].as_str().unwrap().contains("closure-type"),
        "{finding:#}"
    );
    report.says("is safe to use");
    product.write_config("[hook]\n");
    examine(&product, &[]).finds("no-queue");
    product.write_config(CONFIG);
    let report = examine_with(&product, &[], |command| {
        command.env("NIX_POST_BUILD_PUSH_DESTINATON", "x");
    });
    report.finds_only("config-warned");
}

#[test]
fn a_queue_is_picked() {
    let product = well();
    let more = "[queues.other]\nqueue-dir = \"@T@/other\"\ndestination = \"file://@T@/cache\"\n";
    product.write_config(&format!("{CONFIG}{more}"));
    examine(&product, &["--queue", "main"])
        .says("\"main\"")
        .is_well();
    // The hook has not seen it yet.
    examine(&product, &["--queue", "other"])
        .says("\"other\"")
        .is_well();
    examine(&product, &["--queue", "nobody"]).finds("config-broken");
}

#[test]
fn a_daemon_that_is_older_than_its_settings_is_found_and_a_restart_mends_it() {
    let mut product = well_with_daemon();
    product.nix_mut().add_setting("# changed");
    let report = examine(&product, &[]);
    let finding = report.finds_only("daemon-stale");
    assert!(
        finding["text"].as_str().unwrap().contains("nix.conf"),
        "{finding:#}"
    );
    product.nix_mut().stop_daemon();
    product.nix_mut().start_daemon();
    examine(&product, &[]).is_well();
}

#[test]
fn a_change_of_an_included_file_counts_as_well() {
    let mut product = well();
    let file = product.nix().dir().join("etc/more.conf");
    fs::write(&file, "cores = 1\n").expect("write");
    product.nix_mut().add_setting("include more.conf");
    product.nix_mut().start_daemon();
    examine(&product, &[]).is_well();
    fs::write(&file, "cores = 2\n").expect("write");
    let report = examine(&product, &[]);
    let finding = report.finds_only("daemon-stale");
    assert!(
        finding["text"].as_str().unwrap().contains("more.conf"),
        "{finding:#}"
    );
}

#[test]
fn a_daemon_that_does_not_answer_is_told_from_one_that_lets_nobody_in() {
    let mut product = well_with_daemon();
    let above = product.nix().state_dir().join("daemon-socket");
    fs::set_permissions(&above, fs::Permissions::from_mode(0o700)).expect("chmod");
    let report = examine_as_user(&product, |_| {});
    report.finds("daemon-forbidden");
    product.nix_mut().stop_daemon();
    assert!(above.join("socket").exists());
    examine(&product, &[]).finds("daemon-silent");
}

#[test]
fn who_is_not_among_the_allowed_users_is_told_so() {
    let mut product = well();
    product.nix_mut().add_setting("allowed-users = root");
    product.nix_mut().start_daemon();
    let report = examine_as_user(&product, |_| {});
    let finding = report.finds("daemon-forbidden");
    let fix = finding["fix"].as_str().expect("a fix");
    assert!(fix.contains("allowed-users"), "{finding:#}");
}
