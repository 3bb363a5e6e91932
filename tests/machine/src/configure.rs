//! A NixOS configuration for the machine.

use serde_json::Value;
use system_tests::Run;

use crate::boot::CHECKOUT;
use crate::machine::Machine;

/// The configuration of the machine, where NixOS has it.
const CONFIGURATION: &str = "/etc/nixos/configuration.nix";

/// What [`Machine::configure`] did.
#[derive(Debug)]
pub struct Configured {
    /// The units that were written, as `nix-post-build-push-main.service`.
    pub units: Vec<String>,
    /// What a switch would have warned of.
    pub warnings: Vec<String>,
}

impl Machine {
    /// Gives the machine a NixOS configuration with our module, as `nixos-rebuild switch` would:
    /// the machine's Nix evaluates it; its files are written, its units started, and the Nix daemon
    /// takes the new nix.conf.
    ///
    /// # Panics
    ///
    /// If it cannot be evaluated, or `config check` does not accept the configuration file.
    #[track_caller]
    pub fn configure(&self, module: &str) -> Configured {
        let rendered = self.evaluate(module);
        let files = rendered["files"].as_object().expect("files");
        for (path, text) in files {
            self.write(path, text.as_str().expect("text"));
        }
        let check = format!("{}/bin/nix-post-build-push", self.programs());
        self.sh(&format!("{check} config check --declared"));
        self.set_nix_conf(rendered["nixConf"].as_str().expect("nixConf"));
        self.sh(&format!(
            "ln -sf {}/bin/* /usr/local/bin/ # for people
             systemd-tmpfiles --create /etc/tmpfiles.d/nix-post-build-push.conf
             systemctl daemon-reload
             systemctl --quiet enable --now {}",
            self.programs(),
            strings(&rendered["enable"]).join(" ")
        ));
        let unit = |path: &String| Some(path.strip_prefix("/etc/systemd/system/")?.to_owned());
        Configured {
            units: files.keys().filter_map(unit).collect(),
            warnings: strings(&rendered["warnings"]),
        }
    }

    /// What a switch to a NixOS configuration would write, as nixos/tests/render.nix says.
    ///
    /// # Panics
    ///
    /// If it cannot be evaluated.
    #[track_caller]
    pub fn evaluate(&self, module: &str) -> Value {
        self.write(CONFIGURATION, module);
        self.command("nix-instantiate")
            .args(["--eval", "--strict", "--json"])
            .arg(format!("{CHECKOUT}/nixos/tests/render.nix"))
            .args(["--arg", "configuration", CONFIGURATION])
            .args(["--argstr", "package", self.programs().as_str()])
            .run()
            .success()
            .json()
    }

    /// Adds lines to nix.conf, and has the daemon read them.
    #[track_caller]
    pub fn set_nix_conf(&self, lines: &str) {
        self.write("/etc/nix/added.conf", lines);
        self.sh(
            "grep -q added.conf /etc/nix/nix.conf || echo 'include added.conf' >>/etc/nix/nix.conf
             # A test may do so more often than systemd lets anybody.
             systemctl reset-failed nix-daemon.service nix-daemon.socket 2>/dev/null || true
             systemctl restart nix-daemon",
        );
    }
}

fn strings(list: &Value) -> Vec<String> {
    let list = list.as_array().expect("a list").iter();
    list.map(|value| value.as_str().expect("a string").to_owned())
        .collect()
}
