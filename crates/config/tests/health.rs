//! When a queue needs a look, and where its metrics go: what is resolved, and what is refused.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::time::Duration;

use nix_post_build_push_config::{ByteSize, Need, Resolution};

use support::Case;

fn read(text: &str) -> Resolution {
    Case::new(text).resolve(Need::Enqueue)
}

fn problem(text: &str) -> String {
    let resolution = read(text);
    let [problem] = resolution.problems.as_slice() else {
        panic!("{:?}", resolution.problems);
    };
    let hint = problem.hint.clone().unwrap_or_default();
    format!("{problem} ({hint})")
}

#[test]
fn every_threshold_has_a_default_but_that_which_hangs_on_the_file_system() {
    let resolution = read("[queues.main]\n");
    let health = &resolution.config.queues[0].health;
    assert_eq!(health.max_parked.value, 0);
    assert_eq!(health.max_age.value, Duration::from_secs(24 * 3600));
    assert_eq!(health.max_unavailable.value, Duration::from_secs(3600));
    assert_eq!(health.max_pinned, None);
    assert_eq!(health.remember_losses.value, Duration::from_secs(24 * 3600));
    assert_eq!(resolution.config.queues[0].metrics_file, None);
}

#[test]
fn thresholds_and_limits_of_the_same_name_are_two_settings() {
    let text = "[queues.main.limits]\nmax-age = \"30days\"\n[queues.main.health]\n\
                max-age = \"2h\"\nmax-pinned = \"1kB\"\nmax-parked = 7\nmax-unavailable = \"0s\"\n";
    let resolution = read(text);
    assert_eq!(resolution.problems, []);
    let queue = &resolution.config.queues[0];
    assert_eq!(queue.health.max_age.value, Duration::from_secs(7200));
    assert_eq!(
        queue.health.max_pinned.as_ref().unwrap().value,
        ByteSize(1000)
    );
    assert_eq!(queue.health.max_parked.value, 7);
    assert_eq!(queue.health.max_unavailable.value, Duration::ZERO);
    let thirty_days = Duration::from_secs(30 * 24 * 3600);
    assert_eq!(queue.limits.max_age.as_ref().unwrap().value, thirty_days);
    assert_eq!(queue.limits.max_pinned, None);
}

#[test]
fn a_threshold_in_the_wrong_place_is_told_its_own() {
    let told = problem("[queues.main]\nmax-parked = 3\n");
    assert!(
        told.ends_with("(it is a threshold of `status`: write it below [queues.main.health])"),
        "{told}"
    );
    let told = problem("max-parked = 3\n[queues.main]\n");
    assert!(told.contains("below [queues.default.health]"), "{told}");
    let told = problem("[queues.main.health]\nmax-parkd = 3\n");
    assert!(told.contains("did you mean `max-parked`?"), "{told}");
}

#[test]
fn a_number_of_parked_entries_that_nobody_can_have_is_refused() {
    for number in ["-1", "99999999999"] {
        let told = problem(&format!("[queues.main.health]\nmax-parked = {number}\n"));
        assert!(told.contains("must be from 0 to 4294967295"), "{told}");
    }
}

#[test]
fn a_file_that_the_node_exporter_would_leave_out_is_refused() {
    let file = |name: &str| format!("[queues.main]\nmetrics-file = \"{name}\"\n");
    let told = problem(&file("/var/lib/x/main.txt"));
    assert!(told.contains("`.prom`"), "{told}");
    assert!(problem(&file("main.prom")).contains("not absolute"));
    let queues = read(&file("/var/lib/x/main.prom")).config.queues;
    let kept = queues[0].metrics_file.as_ref().unwrap();
    assert_eq!(kept.value, "/var/lib/x/main.prom");
}

#[test]
fn a_file_that_two_queues_write_is_noticed_through_a_symlink() {
    let place = tempfile::tempdir().unwrap();
    let place = place.path().to_str().unwrap();
    std::fs::create_dir(format!("{place}/real")).unwrap();
    std::os::unix::fs::symlink("real", format!("{place}/link")).unwrap();
    let text = |name: &str| {
        format!(
            "[queues.a]\nmetrics-file = \"{place}/real/a.prom\"\n\
             [queues.b]\nmetrics-file = \"{place}/link/{name}.prom\"\n"
        )
    };
    let warnings = |name: &str| Case::new(&text(name)).resolve(Need::Look).warnings;
    assert_eq!(warnings("a").len(), 1);
    assert_eq!(warnings("b"), []);
    // Of a file that is replaced, what it leads to does not matter.
    std::os::unix::fs::symlink("a.prom", format!("{place}/real/b.prom")).unwrap();
    assert_eq!(warnings("b"), []);
}

#[test]
fn two_queues_that_write_the_same_file_are_warned_of() {
    let text =
        "[queues.a]\nmetrics-file = \"/x/a.prom\"\n[queues.b]\nmetrics-file = \"/x/a.prom\"\n";
    let resolution = read(text);
    assert_eq!(resolution.problems, []);
    let [warning] = resolution.warnings.as_slice() else {
        panic!("{:?}", resolution.warnings);
    };
    let told = warning.to_string();
    let said = "config.toml:4:16: queues `a` and `b` have the same `metrics-file` /x/a.prom";
    assert!(told.contains(said), "{told}");
    let other = text.replacen("/x/a.prom", "/x/b.prom", 1);
    assert_eq!(read(&other).warnings, []);
}
