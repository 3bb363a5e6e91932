//! The harness itself.

use std::fs;

use machine_tests::{Machine, Network};
use system_tests::{Run, expr, wait_until};

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

#[test]
fn machines_on_a_network_reach_each_other_and_nothing_is_left_of_it() {
    let network = Network::start(&[(1, "cache.example.org")]);
    let (mut server, client) = (Machine::boot(), Machine::boot());
    let connect_all = |server: &Machine| {
        network.connect(server, 1);
        network.connect(&client, 2);
        server.serve_cache();
    };
    let reach = ": </dev/tcp/cache.example.org/80";
    let reaches = || {
        client
            .command("timeout")
            .args(["5", "bash", "-c", reach])
            .run()
            .code
            == 0
    };
    connect_all(&server);
    assert!(reaches());
    network.cut(&server, 1);
    assert!(!reaches());
    network.mend(&server, 1);
    wait_until("the switch to learn", reaches);
    server.cut_power();
    connect_all(&server);
    wait_until("the switch to learn", reaches);

    drop(network);
    wait_until("the cables to be gone", || {
        client.try_sh("ip link show eth0").code != 0
    });
}
