//! Destinations that are away for a while, and machines as well.

use std::collections::BTreeSet;

use camino::Utf8PathBuf;
use machine_tests::Machine;
use system_tests::{expr, wait_until};

const QUEUE: &str = "/var/lib/nix-post-build-push/main";
const PUSH: &str = "nix-post-build-push-main.service";

/// A machine that pushes often, and whose destination is not there.
fn machine_without_destination() -> Machine {
    let machine = Machine::boot();
    machine.accept_ssh("receiver", "/etc/secrets/key", &["cache.example.org"]);
    machine.sh("systemctl disable --now ssh.service");
    machine.configure(
        r#"{
          services.nix-post-build-push.queues.main = {
            destination = "ssh://receiver@cache.example.org?remote-store=/srv/remote";
            sshKeyFile = "/etc/secrets/key";
            interval = "1s";
            retryDelay = "1s";
            retryMaxDelay = "2s";
            maxAttempts = 1000;
          };
        }"#,
    );
    machine
}

fn wait_until_all_arrive(machine: &Machine, paths: &BTreeSet<Utf8PathBuf>) {
    machine.sh("systemctl start ssh.service");
    wait_until("the queue to become empty", || {
        machine.queued(QUEUE).is_empty()
    });
    assert_eq!(&machine.valid_in("/srv/remote", paths), paths);
}

#[test]
fn entries_arrive_once_their_destination_is_back() {
    let machine = machine_without_destination();
    let built = machine.build(&expr::independent(2));
    wait_until("a failed push", || {
        machine.property(PUSH, "Result") == "exit-code"
    });
    assert_eq!(machine.queued(QUEUE), built);
    // What failed, where, why, what is kept, and when it goes on.
    let journal = machine.journal(PUSH);
    for told in [
        "main: ",
        "cache.example.org",
        "refused",
        "all is kept",
        "asked again after",
    ] {
        assert!(journal.contains(told), "{told}:\n{journal}");
    }
    // A reader who asks for what went wrong alone has the whole story too.
    let warnings = machine.sh(&format!("journalctl --output cat -p warning -u {PUSH}"));
    for told in ["main: ", "caused by: ", "hint: all is kept"] {
        assert!(warnings.stdout.contains(told), "{told}: {warnings}");
    }
    wait_until_all_arrive(&machine, &built);
    wait_until("a push that succeeds", || {
        machine.property(PUSH, "Result") == "success"
    });
}

#[test]
fn a_push_that_is_stopped_has_not_failed_and_keeps_what_is_not_confirmed() {
    let machine = machine_without_destination();
    machine.hold_ssh("receiver");
    machine.sh("systemctl start ssh.service");
    let built = machine.build(&expr::file("greeting", "hello"));
    machine.wait_for_held_ssh();
    machine.sh("systemctl stop nix-post-build-push-main.timer");
    machine.sh(&format!("systemctl stop {PUSH}"));
    assert_eq!(machine.property(PUSH, "ActiveState"), "inactive");
    assert_eq!(machine.property(PUSH, "Result"), "success");
    assert_eq!(machine.queued(QUEUE), built);
    let journal = machine.journal(PUSH);
    assert!(
        journal.contains("asked to stop; the rest stays queued"),
        "{journal}"
    );
}

#[test]
fn a_full_queue_survives_a_reboot_and_a_power_cut() {
    let mut machine = machine_without_destination();
    let mut built = machine.build(&expr::file("before-the-reboot", "1"));
    machine.reboot();
    assert_eq!(machine.queued(QUEUE), built);
    assert_eq!(machine.survivors(&built), built);

    built.extend(machine.build(&expr::file("before-the-power-cut", "2")));
    let before = machine.starts(PUSH);
    machine.wait_for_start(PUSH, before);
    machine.cut_power();
    assert_eq!(machine.queued(QUEUE), built);
    assert_eq!(machine.survivors(&built), built);

    wait_until_all_arrive(&machine, &built);
}
