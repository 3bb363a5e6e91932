//! What a doctor says of a machine.

use machine_tests::Machine;
use serde_json::Value;
use system_tests::Output;

/// What a doctor found.
pub(crate) struct Report {
    rows: Vec<Value>,
    output: Output,
}

/// As root.
#[track_caller]
pub(crate) fn examine(machine: &Machine, words: &[&str]) -> Report {
    let words = words.join(" ");
    Report::of(machine.try_sh(&format!("nix-post-build-push doctor --json {words}")))
}

/// As somebody else.
#[allow(dead_code, reason = "not every test that has this file does")]
#[track_caller]
pub(crate) fn examine_as(machine: &Machine, user: &str, words: &[&str]) -> Report {
    let command = [&["nix-post-build-push", "doctor", "--json"], words].concat();
    Report::of(machine.try_as(user, &command))
}

impl Report {
    #[track_caller]
    fn of(output: Output) -> Report {
        let rows = output.json().as_array().expect("a list").clone();
        let faults = rows.iter().any(|row| row["verdict"] == "fault");
        assert_eq!(output.code, i32::from(faults), "{output}");
        Report { rows, output }
    }

    fn ids(&self) -> Vec<&str> {
        let ids = self.rows.iter().filter_map(|row| row["id"].as_str());
        ids.collect()
    }

    /// What it says of this.
    #[track_caller]
    pub(crate) fn finds(&self, id: &str) -> &Value {
        let found = self.rows.iter().find(|row| row["id"] == id);
        let found = found.unwrap_or_else(|| panic!("no {id} in {:?}\n{}", self.ids(), self.output));
        if found["verdict"] == "fault" {
            assert!(found["fix"].is_string(), "nothing mends {found:#}");
        }
        found
    }

    /// The same, and nothing else is wrong.
    #[track_caller]
    pub(crate) fn finds_only(&self, id: &str) -> &Value {
        assert_eq!(self.ids(), [id], "{}", self.output);
        self.finds(id)
    }

    /// All is well.
    #[allow(dead_code, reason = "not every test that has this file does")]
    #[track_caller]
    pub(crate) fn is_well(&self) {
        assert_eq!(self.ids(), [""; 0], "{}", self.output);
    }

    #[allow(dead_code, reason = "not every test that has this file does")]
    #[track_caller]
    pub(crate) fn says(&self, text: &str) -> &Self {
        assert!(self.output.stdout.contains(text), "{text}\n{}", self.output);
        self
    }
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
