//! What a doctor says of a machine.

use machine_tests::Machine;
use system_tests::DoctorReport;

/// As root.
#[track_caller]
pub(crate) fn examine(machine: &Machine, words: &[&str]) -> DoctorReport {
    let words = words.join(" ");
    DoctorReport::of(
        machine.try_sh(&format!("nix-post-build-push doctor --json {words}")),
        &[],
    )
}

/// As somebody else.
#[allow(dead_code, reason = "not every test that has this file does")]
#[track_caller]
pub(crate) fn examine_as(machine: &Machine, user: &str, words: &[&str]) -> DoctorReport {
    let command = [&["nix-post-build-push", "doctor", "--json"], words].concat();
    DoctorReport::of(machine.try_as(user, &command), &[])
}

/// Has the daemon sign what it builds.
#[track_caller]
pub(crate) fn sign(machine: &Machine) {
    machine.sh(
        "nix-store --generate-binary-cache-key here-1 /etc/nix/secret-key /etc/nix/public-key
         echo 'secret-key-files = /etc/nix/secret-key' >>/etc/nix/nix.conf
         systemctl restart nix-daemon",
    );
}
