//! Units and their journal.

use system_tests::wait_until;

use crate::machine::Machine;

/// Units of the machine, and what became of them.
impl Machine {
    /// Starts a unit, and waits for the end of a service.
    #[track_caller]
    pub fn start_unit(&self, unit: &str) {
        self.sh(&format!("systemctl start {unit}"));
    }

    /// A property of a unit, as `systemctl show` prints it.
    #[track_caller]
    pub fn property(&self, unit: &str, property: &str) -> String {
        let output = self.sh(&format!("systemctl show --value -p {property} '{unit}'"));
        output.stdout.trim_end().to_owned()
    }

    /// What the units that match a pattern and systemd have written to the journal, of this boot
    /// and earlier ones, a message a line.
    #[track_caller]
    pub fn journal(&self, unit: &str) -> String {
        self.sh(&format!(
            "journalctl --sync; journalctl --no-pager --output cat -u '{unit}'"
        ))
        .stdout
    }

    /// How often a service has been started in this boot, successfully or not.
    #[track_caller]
    pub fn starts(&self, unit: &str) -> usize {
        // Systemd's catalog id of the message that a unit begins to start.
        let starting = "MESSAGE_ID=7d4958e842da4a758f6c1cdc7b36dcc5";
        let output = self.sh(&format!(
            "journalctl --sync; journalctl --boot --quiet --no-pager --output cat {starting} UNIT='{unit}'"
        ));
        output.lines().len()
    }

    /// Waits until a service has been started once more than `before` in this boot.
    #[track_caller]
    pub fn wait_for_start(&self, unit: &str, before: usize) {
        wait_until(&format!("a start of {unit}"), || self.starts(unit) > before);
    }

    /// Waits until no unit of ours is being started or stopped, nor about to be. A push is being
    /// started until it has ended.
    #[track_caller]
    pub fn wait_for_rest(&self) {
        wait_until("the end of all jobs", || {
            let jobs = self.sh("systemctl list-jobs --no-legend 'nix-post-build-push*'");
            jobs.stdout.is_empty()
        });
    }

    /// Waits until something listens on a port of the loopback.
    #[track_caller]
    pub fn wait_for_port(&self, port: u16) {
        // In hexadecimal, as the kernel lists it.
        let listens = format!("grep ': 0100007F:{port:04X} 00000000:0000 0A' /proc/net/tcp");
        wait_until(&format!("port {port}"), || self.try_sh(&listens).code == 0);
    }

    /// The grade of `systemd-analyze security`, from 0.0 (the best) to 10.0, as tenths.
    #[track_caller]
    pub fn exposure(&self, unit: &str) -> u32 {
        let output = self.sh(&format!(
            "systemd-analyze security --no-pager '{unit}' | sed -n 's/.*Overall exposure level.*: \\([0-9.]*\\) .*/\\1/p'"
        ));
        let digits = output.stdout.trim_end().replace('.', "");
        digits
            .parse()
            .unwrap_or_else(|_| panic!("no exposure level: {output}"))
    }
}
