//! `doctor` on a machine with the units of `contrib/systemd`: who pushes, and what that account sees.

#[path = "doctor/examined.rs"]
mod examined;

use examined::{examine, examine_as, sign};
use machine_tests::Machine;
use serde_json::Value;
use system_tests::expr;

const QUEUE: &str = "/var/lib/nix-post-build-push/main";
const TIMER: &str = "nix-post-build-push@main.timer";
const KEY: &str = "/etc/secrets/key";

/// Pushed by root, to a cache on this machine.
fn well(destination: &str) -> Machine {
    let machine = Machine::boot();
    machine.accept_ssh("receiver", KEY, &["cache.example.org"]);
    machine.sh("chmod 700 /etc/secrets; chmod 600 /etc/secrets/key");
    sign(&machine);
    let config = format!("[queues.main]\ndestination = \"{destination}\"\n");
    machine.write("/etc/nix-post-build-push/config.toml", &config);
    machine.sh(&format!(
        "ln -s {}/bin/* /usr/local/bin/
         cp /checkout/contrib/systemd/*@.* /etc/systemd/system/
         systemctl daemon-reload; systemctl --quiet enable --now {TIMER}",
        machine.programs()
    ));
    machine.set_nix_conf("post-build-hook = /usr/local/bin/nix-post-build-push-hook\n");
    let built = machine.build(&expr::file("built", "hello"));
    assert_eq!(machine.queued(QUEUE), built);
    machine
}

/// Has the service run with these lines.
fn run_with(machine: &Machine, lines: &str) {
    let file = "/etc/systemd/system/nix-post-build-push@main.service.d/test.conf";
    machine.write(file, &format!("[Service]\n{lines}\n"));
    machine.sh("systemctl daemon-reload");
}

/// As the account `pusher`, whose the queue is.
fn run_as_pusher(machine: &Machine, lines: &str) {
    machine.sh(&format!("chown -R --no-dereference pusher {QUEUE}"));
    run_with(machine, &format!("User=pusher\n{lines}"));
}

/// Runs what mends something, in a checkout.
#[track_caller]
fn follow(machine: &Machine, finding: &Value) {
    let fix = finding["fix"].as_str().expect("a fix");
    machine.sh(&format!("cd /checkout\n{}", fix.replace("sudo ", "")));
}

#[test]
fn a_machine_that_is_well_is_all_ok() {
    let machine = well("file:///srv/cache");
    examine(&machine, &[]).is_well();
    examine(&machine, &["--write"])
        .says("which stays there")
        .is_well();
}

#[test]
fn a_queue_that_no_unit_pushes_is_told() {
    let machine = well("file:///srv/cache");
    machine.sh(&format!("systemctl disable --now {TIMER}; rm /etc/systemd/system/nix-post-build-push@*; systemctl daemon-reload"));
    let report = examine(&machine, &[]);
    follow(&machine, report.finds_only("service-missing"));
    examine(&machine, &[]).is_well();
    machine.sh(&format!(
        "systemctl disable --now {TIMER}; rm /etc/systemd/system/nix-post-build-push@.timer; systemctl daemon-reload"
    ));
    examine(&machine, &[]).finds_only("timer-missing");
}

#[test]
fn what_nix_conf_lacks_is_added_to_it() {
    let machine = well("file:///srv/cache");
    let config = "/etc/nix-post-build-push/config.toml";
    machine.sh(&format!("echo 'closure-type = \"cache\"' >>{config}"));
    machine.set_nix_conf("post-build-hook =\nkeep-outputs = false\n");
    let report = examine(&machine, &[]);
    follow(&machine, report.finds("hook-not-set"));
    follow(&machine, report.finds("outputs-not-kept"));
    examine(&machine, &[]).is_well();
}

#[test]
fn a_key_that_only_root_reads_is_a_fault_though_root_asks() {
    let machine = well("ssh://receiver@cache.example.org?remote-store=/srv/remote");
    let ssh = format!("Environment=\"NIX_SSHOPTS=-i {KEY} -o BatchMode=yes\"");
    run_with(&machine, &ssh);
    examine(&machine, &["--write"]).is_well();
    run_as_pusher(&machine, &ssh);
    let report = examine(&machine, &[]);
    let finding = report.finds("credential-unreadable");
    assert!(
        finding["text"].as_str().unwrap().contains("by pusher"),
        "{finding:#}"
    );
    report.finds("destination-down");
    let credential = format!(
        "LoadCredential=ssh-key:{KEY}\n\
         Environment=\"NIX_SSHOPTS=-i /run/credentials/%n/ssh-key -o BatchMode=yes\""
    );
    run_as_pusher(&machine, &credential);
    examine(&machine, &["--write"]).is_well();
}

#[test]
fn who_has_no_home_finds_no_key_in_it() {
    let machine = well("ssh://receiver@cache.example.org?remote-store=/srv/remote");
    run_as_pusher(&machine, "UnsetEnvironment=HOME");
    machine.sh("test ! -e ~pusher");
    let report = examine(&machine, &[]);
    let finding = report.finds("home-missing");
    assert!(
        finding["text"]
            .as_str()
            .unwrap()
            .contains("HOME is not set"),
        "{finding:#}"
    );
    report.finds("destination-down");
}

#[test]
fn an_account_must_be_there_and_may_talk_to_the_daemon() {
    let machine = well("file:///srv/cache");
    run_with(&machine, "User=nobody-here");
    examine(&machine, &[]).finds("account-missing");
    machine.sh("useradd --system stranger; install -d -o stranger /srv/cache");
    run_with(&machine, "User=stranger");
    machine.sh(&format!("chown -R --no-dereference stranger {QUEUE}"));
    let report = examine(&machine, &[]);
    let fix = report.finds("account-without-daemon")["fix"]
        .as_str()
        .unwrap()
        .to_owned();
    machine.sh(&fix.replace("sudo ", ""));
    examine(&machine, &[]).is_well();
}

#[test]
fn a_daemon_there_that_does_not_trust_the_account_is_a_fault() {
    let machine = well("ssh-ng://receiver@cache.example.org");
    machine.sh("usermod -aG nix-users receiver; echo 'check-sigs = false' >>/etc/nix-post-build-push/config.toml");
    run_with(
        &machine,
        &format!("Environment=\"NIX_SSHOPTS=-i {KEY} -o BatchMode=yes\""),
    );
    examine(&machine, &[]).finds("not-trusted-there");
    machine.sh(
        "echo 'trusted-users = root receiver' >>/etc/nix/nix.conf; systemctl restart nix-daemon",
    );
    examine(&machine, &["--write"]).is_well();
}

#[test]
fn a_service_that_cannot_push_the_queue_is_a_fault_whatever_the_reason() {
    let machine = well("file:///srv/cache");
    let (program, file) = (
        "/usr/local/bin/nix-post-build-push",
        "--config-file=/etc/nix-post-build-push/config.toml",
    );
    let start = |command: &str| format!("ExecStart=\nExecStart={command}");
    for (lines, says) in [
        ("Environment=PATH=/usr/local/bin".to_owned(), "no Nix"),
        (start("/nowhere/nix-post-build-push push"), "/nowhere"),
        (start(&format!("{program} {file} status")), "status"),
        (
            start(&format!("{program} {file} push --queue=other")),
            "other",
        ),
        (
            start(&format!(
                "{program} --config-file=/etc/other.toml push --queue=main"
            )),
            "/etc/other.toml",
        ),
        (
            "Environment=NIX_POST_BUILD_PUSH_QUEUE_DIR=/var/lib/another".to_owned(),
            "/var/lib/another",
        ),
    ] {
        run_with(&machine, &lines);
        let report = examine(&machine, &[]);
        report.finds("service-unable");
        report.says(says).lacks("pushes it as root");
    }
    run_with(&machine, &start(&format!("/bin/sh -c '{program} push'")));
    examine(&machine, &[]).finds_only("service-not-judged");
    run_with(
        &machine,
        &start(&format!("{program} {file} push --queue main")),
    );
    examine(&machine, &[]).is_well();
}

#[test]
fn whatever_the_unit_forbids_is_forbidden_to_who_looks_in_its_place() {
    let machine = well("ssh://receiver@cache.example.org?remote-store=/srv/remote");
    let ssh = format!("Environment=\"NIX_SSHOPTS=-i {KEY} -o BatchMode=yes\"");
    run_with(&machine, &ssh);
    examine(&machine, &["--write"]).is_well();
    run_with(
        &machine,
        &format!("{ssh}\nRestrictAddressFamilies=\nRestrictAddressFamilies=AF_UNIX"),
    );
    examine(&machine, &[]).finds("destination-down");
    run_with(
        &machine,
        &format!("{ssh}\nTemporaryFileSystem=/etc/secrets"),
    );
    examine(&machine, &[]).finds("credential-unreadable");
}

#[test]
fn what_earlier_pushes_left_must_be_of_use_to_the_next() {
    let machine = well("file:///srv/cache");
    machine.sh("systemctl start nix-post-build-push@main.service");
    machine.build(&expr::file("again", "hello"));
    machine.sh(&format!("chown alice {QUEUE}/.push"));
    let report = examine(&machine, &[]);
    follow(&machine, report.finds("queue-not-writable"));
    examine(&machine, &[]).is_well();
    // Owned by root, used by another.
    run_as_pusher(&machine, "");
    machine.sh("install -d -o pusher /srv/cache; chown -R pusher /srv/cache");
    machine.sh(&format!("chown root {QUEUE}/.push/lock"));
    let report = examine(&machine, &[]);
    let finding = report.finds("queue-not-writable");
    assert!(
        finding["text"].to_string().contains(".push/lock"),
        "{finding:#}"
    );
}

#[test]
fn an_ordinary_user_finds_no_fault_where_there_is_none() {
    let machine = well("file:///srv/cache");
    for config in ["", "queue-dir = \"/var/lib/nix-post-build-push/main\"\n"] {
        let file = "/etc/nix-post-build-push/config.toml";
        machine.sh(&format!("printf '{config}' >>{file}"));
        let report = examine_as(&machine, "alice", &[]);
        report.finds("account-not-tried");
        report.has_no_fault();
        report.says("pushes it as root").says("1 queued");
    }
}

#[test]
fn a_credential_is_handed_on_whatever_way_the_unit_has_it() {
    let machine = well("http://127.0.0.1:1");
    let file = "/run/credentials/%n/netrc";
    machine.sh(
        "systemd-creds encrypt --name=netrc /etc/secrets/key /etc/secrets/encrypted 2>/dev/null",
    );
    for setting in [
        "SetCredential=netrc:machine",
        "LoadCredential=netrc:/etc/secrets/key",
        "LoadCredentialEncrypted=netrc:/etc/secrets/encrypted",
    ] {
        let start = format!(
            "ExecStart=\nExecStart=/usr/local/bin/nix-post-build-push push --queue=main\n\
             Environment=NIX_POST_BUILD_PUSH_NIX_OPTS=\"--netrc-file {file}\"\n{setting}"
        );
        run_with(&machine, &start);
        examine(&machine, &[]).says("can be read: /run/credentials/");
    }
}
