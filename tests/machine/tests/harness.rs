//! The harness itself.

use std::fs;

use machine_tests::Machine;
use system_tests::expr;

#[test]
fn machines_have_nothing_in_common_and_leave_nothing_behind() {
    let (one, other) = (Machine::boot(), Machine::boot());
    for machine in [&one, &other] {
        machine.sh("systemd-run --quiet --unit=web python3 -m http.server --bind 127.0.0.1 4711");
        machine.wait_for_port(4711);
    }
    let directory = one.directory().to_owned();
    drop(one);

    assert_eq!(fs::exists(&directory).ok(), Some(false), "{directory}");
    let name = directory.file_name().expect("name");
    for file in ["/proc/self/mountinfo", "/proc/self/cgroup"] {
        assert!(!fs::read_to_string(file).expect("proc").contains(name));
    }
    other.wait_for_port(4711);
    other.sh("systemctl is-active web nix-daemon.socket ssh");
}

#[test]
fn what_was_written_is_there_after_a_reboot_and_after_a_power_cut() {
    let mut machine = Machine::boot();
    let built = machine.build(&expr::file("greeting", "hello"));
    let boot = |machine: &Machine| {
        machine
            .sh("cat /proc/sys/kernel/random/boot_id; systemctl show --value -p UserspaceTimestamp")
            .stdout
    };
    let mut boots = vec![boot(&machine)];
    machine.reboot();
    boots.push(boot(&machine));
    machine.cut_power();
    boots.push(boot(&machine));

    assert_eq!(machine.valid_in("", &built), built);
    boots.dedup();
    assert_eq!(boots.len(), 3, "{boots:?}");
    machine.sh("test ! -e /run/nologin");
}
