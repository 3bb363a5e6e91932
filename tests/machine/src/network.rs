//! A network between machines.

use std::fs;
use std::process::Command;

use system_tests::{Run, Running, wait_until};

use crate::machine::Machine;

/// A network of the test's own: a switch, in a network namespace that nobody else is in, and a cable
/// to each machine.
///
/// A namespace ends with the last process in it, and takes its devices with it. So nothing is left of
/// a network when the test ends, in whatever way, and of a cable when its machine is off: whoever
/// boots it again connects it again.
#[derive(Debug)]
pub struct Network {
    /// A process that does nothing but be in the namespace.
    holder: Running,
    /// Lines for /etc/hosts.
    hosts: String,
}

impl Network {
    /// Makes a network without a machine. `names` are those that machines with these numbers have
    /// for all others.
    ///
    /// # Panics
    ///
    /// If there can be no network namespace here.
    #[track_caller]
    pub fn start(names: &[(u8, &str)]) -> Network {
        // Killed when this thread ends, in whatever way.
        let holder = Command::new("setpriv")
            .args(["--pdeathsig", "KILL", "unshare", "--net"])
            .args(["sleep", "infinity"])
            .start();
        let namespace = |process: String| fs::read_link(format!("/proc/{process}/ns/net")).ok();
        wait_until("a network namespace", || {
            let held = namespace(holder.pid().as_raw_nonzero().to_string());
            held.is_some() && held != namespace("self".to_owned())
        });
        let line = |(number, name): &(u8, &str)| format!("{} {name}\n", address(*number));
        Network {
            holder,
            hosts: names.iter().map(line).collect(),
        }
    }

    /// Connects a machine, which has the address [`address`]`(number)` from now on. One that was
    /// off is connected as if it never had been.
    #[track_caller]
    pub fn connect(&self, machine: &Machine, number: u8) {
        self.switch(
            machine,
            &format!(
                "ip link show switch >/dev/null 2>&1 || ip link add name switch type bridge
                 ip link set switch up
                 # A machine that is just off may not have taken its cable with it yet.
                 ip link delete cable{number} 2>/dev/null || true
                 ip link add name cable{number} type veth peer name eth0 netns 1
                 ip link set cable{number} master switch up"
            ),
        );
        machine.write(
            "/etc/hosts",
            &format!("127.0.0.1 localhost\n{}", self.hosts),
        );
        machine.sh(&format!(
            "ip address add {}/24 dev eth0; ip link set eth0 up",
            address(number)
        ));
    }

    /// Pulls the cable of a machine out at the switch, until [`Network::mend`].
    #[track_caller]
    pub fn cut(&self, machine: &Machine, number: u8) {
        self.switch(machine, &format!("ip link set cable{number} down"));
    }

    /// Undoes [`Network::cut`].
    #[track_caller]
    pub fn mend(&self, machine: &Machine, number: u8) {
        self.switch(machine, &format!("ip link set cable{number} up"));
    }

    /// Runs a script in the switch's namespace, but with the programs and the processes of a machine:
    /// `ip` moves a cable's end to its process 1.
    #[track_caller]
    fn switch(&self, machine: &Machine, script: &str) {
        let holder = self.holder.pid().as_raw_nonzero();
        let leader = machine.running().leader;
        Command::new("nsenter")
            .arg(format!("--net=/proc/{holder}/ns/net"))
            .arg(format!("--mount=/proc/{leader}/ns/mnt"))
            .arg(format!("--pid=/proc/{leader}/ns/pid"))
            .args(["--", "sh", "-ec", script])
            .run()
            .success();
    }
}

/// The address of a machine with a number; of a block that is nobody's (RFC 5737).
pub fn address(number: u8) -> String {
    format!("192.0.2.{number}")
}

/// What a machine can send.
impl Machine {
    /// From now on it sends a megabit in a second at most; what it receives is not slowed.
    #[track_caller]
    pub fn slow_down(&self) {
        self.sh("tc qdisc add dev eth0 root tbf rate 1mbit burst 32kb latency 400ms");
    }

    /// Undoes [`Machine::slow_down`].
    #[track_caller]
    pub fn speed_up(&self) {
        self.sh("tc qdisc delete dev eth0 root");
    }
}
