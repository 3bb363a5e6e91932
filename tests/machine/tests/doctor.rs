//! `doctor` on a whole machine: a NixOS with our module. What mends something is written into its
//! configuration, and does.

#[path = "doctor/examined.rs"]
mod examined;

use examined::{examine, examine_as, sign};
use machine_tests::Machine;
use serde_json::Value;
use system_tests::expr;

const QUEUE: &str = "/var/lib/nix-post-build-push/main";
const TIMER: &str = "nix-post-build-push-main.timer";
const SERVICE: &str = "nix-post-build-push-main.service";

/// The configuration of a machine that is well.
const WELL: &str = r#"
  services.nix-post-build-push.queues.main = {
    destination = "ssh://receiver@cache.example.org?remote-store=/srv/remote";
    sshKeyFile = "/etc/secrets/key";
    user = "pusher";
    group = "pusher";
    interval = "1 day";
  };
"#;

/// Pushed by an ordinary account, with a key that root keeps; something is queued.
fn well() -> Machine {
    let machine = Machine::boot();
    machine.accept_ssh("receiver", "/etc/secrets/key", &["cache.example.org"]);
    machine.sh("chmod 700 /etc/secrets; touch /etc/NIXOS");
    sign(&machine);
    switch_to(&machine, "");
    let built = machine.build(&expr::file("built", "hello"));
    assert_eq!(machine.queued(QUEUE), built);
    machine
}

/// Switches to the configuration of a machine that is well, with these lines added.
#[track_caller]
fn switch_to(machine: &Machine, lines: &str) {
    machine.configure(&format!("{{ {WELL} {lines}\n}}"));
}

/// What mends something: lines for the configuration, and a switch.
#[track_caller]
fn lines_for(finding: &Value) -> &str {
    let fix = finding["fix"].as_str().expect("a fix");
    let lines = fix.strip_prefix("in the configuration of NixOS: ");
    let lines = lines.and_then(|lines| lines.strip_suffix("\nsudo nixos-rebuild switch"));
    lines.unwrap_or_else(|| panic!("{finding:#}"))
}

#[test]
fn a_machine_that_is_well_is_all_ok_also_in_the_place_of_the_service() {
    let machine = well();
    // Only a copy shows what is behind ssh.
    let report = examine(&machine, &[]);
    report.finds_only("write-not-tried");
    let report = examine(&machine, &["--write"]);
    report.is_well();
    report
        .says("cache.example.org?remote-store=/srv/remote answers")
        .says("pusher can take entries out of the queue")
        .says("/run/credentials/nix-post-build-push-doctor-")
        .says("fires in 23h ");
    machine.sh("nix-post-build-push doctor --write >/dev/null");
    let units = machine.sh("systemctl list-units --all --no-legend 'nix-post-build-push-doctor*'");
    units.is_silent();
}

#[test]
fn an_ordinary_user_is_told_what_only_root_sees() {
    let machine = well();
    let report = examine_as(&machine, "alice", &[]);
    let finding = report.finds("account-not-tried");
    assert_eq!(finding["fix"], "sudo nix-post-build-push doctor");
    report.says("answers, and is newer than its settings");
    report.has_no_fault();
}

#[test]
fn a_timer_that_does_not_fire_is_a_fault_whatever_the_reason() {
    let machine = well();
    machine.sh(&format!("systemctl stop {TIMER}"));
    examine(&machine, &["--write"]).finds_only("timer-inactive");
    machine.sh(&format!(
        "systemctl start {TIMER}; systemctl disable {TIMER}"
    ));
    examine(&machine, &["--write"]).finds_only("timer-disabled");
    machine.sh(&format!("systemctl enable {TIMER}"));
    examine(&machine, &["--write"]).is_well();
    let once = "[Timer]\nOnBootSec=\nOnActiveSec=\nOnUnitActiveSec=\nOnCalendar=\nOnCalendar=2001-01-01\nPersistent=no\n";
    let drop_in = format!("/etc/systemd/system/{TIMER}.d/once.conf");
    machine.write(&drop_in, once);
    machine.sh(&format!(
        "systemctl daemon-reload; systemctl restart {TIMER}"
    ));
    examine(&machine, &["--write"]).finds_only("timer-never");
    machine.sh(&format!(
        "systemctl disable --now {TIMER}; rm -r {drop_in} /etc/systemd/system/{TIMER}; systemctl daemon-reload"
    ));
    let report = examine(&machine, &["--write"]);
    switch_to(&machine, lines_for(report.finds_only("timer-missing")));
    examine(&machine, &["--write"]).is_well();
}

#[test]
fn a_queue_that_no_unit_pushes_is_declared() {
    let machine = well();
    machine.sh("systemctl disable --now nix-post-build-push-main.timer; rm /etc/systemd/system/nix-post-build-push-*; systemctl daemon-reload");
    let report = examine(&machine, &[]);
    let lines = lines_for(report.finds("service-missing"));
    assert!(lines.contains("queues.main.destination"), "{lines}");
    switch_to(&machine, "");
    examine(&machine, &["--write"]).is_well();
}

#[test]
fn what_nix_is_to_keep_is_declared() {
    let machine = well();
    let cache = "services.nix-post-build-push.queues.main.closureType = \"cache\";";
    switch_to(
        &machine,
        &format!("{cache} nix.settings.keep-outputs = false;"),
    );
    let report = examine(&machine, &["--write"]);
    let lines = lines_for(report.finds_only("outputs-not-kept"));
    switch_to(&machine, &format!("{cache} {lines}"));
    examine(&machine, &["--write"]).is_well();
}

#[test]
fn what_the_service_does_not_get_is_a_fault_and_so_is_its_failure() {
    let machine = well();
    machine.sh("mv /etc/secrets/key /etc/secrets/away");
    machine
        .try_sh(&format!("systemctl start {SERVICE}"))
        .fails();
    let report = examine(&machine, &[]);
    let finding = report.finds("credential-unreadable");
    assert!(
        finding["text"]
            .as_str()
            .unwrap()
            .contains("/etc/secrets/key"),
        "{finding:#}"
    );
    report.finds("service-failed");
    // A key that nobody lets in.
    machine.sh("ssh-keygen -q -t ed25519 -N '' -f /etc/secrets/key");
    let report = examine(&machine, &[]);
    let finding = report.finds("destination-down");
    assert!(
        finding["causes"].to_string().contains("Permission denied"),
        "{finding:#}"
    );
    machine.sh("mv /etc/secrets/away /etc/secrets/key");
    machine.start_unit(SERVICE);
    machine.build(&expr::file("again", "hello"));
    examine(&machine, &["--write"]).is_well();
}

#[test]
fn the_directory_must_be_the_accounts() {
    let machine = well();
    machine.sh(&format!("chown root {QUEUE}"));
    let report = examine(&machine, &[]);
    let run = |finding: &Value| machine.sh(&finding["fix"].as_str().unwrap().replace("sudo ", ""));
    run(report.finds("queue-not-writable"));
    examine(&machine, &["--write"]).is_well();
    machine.sh(&format!("nix-post-build-push drop --all; rm -r {QUEUE}"));
    run(examine(&machine, &[]).finds("queue-not-made"));
    examine(&machine, &["--write"]).finds_only("roots-not-tried");
}

#[test]
fn the_daemon_that_runs_counts_not_its_files() {
    let machine = well();
    machine.sh("echo '# changed' >>/etc/nix/added.conf");
    let report = examine(&machine, &["--write"]);
    let finding = report.finds_only("daemon-stale");
    assert!(
        finding["text"].as_str().unwrap().contains("added.conf"),
        "{finding:#}"
    );
    let fix = finding["fix"].as_str().unwrap();
    machine.sh(&fix.replace("sudo ", ""));
    examine(&machine, &["--write"]).is_well();
    machine.set_nix_conf("post-build-hook = /usr/bin/true\n");
    examine(&machine, &["--write"]).finds_only("hook-of-another");
    switch_to(
        &machine,
        "services.nix-post-build-push.hook.enable = false;",
    );
    let report = examine(&machine, &["--write"]);
    switch_to(&machine, lines_for(report.finds_only("hook-not-set")));
    examine(&machine, &["--write"]).is_well();
}
