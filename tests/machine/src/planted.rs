//! Secrets that nobody may see.

use system_tests::MARK;

use crate::machine::Machine;

/// Where systemd looks for what an administrator adds to units; not among those that tests write.
const ADDED: &str = "/usr/local/lib/systemd/system";

/// The Nix daemon, which runs the hook; every push of the module, every one of `contrib/systemd`.
const SERVICES: [&str; 3] = [
    "nix-daemon.service",
    "nix-post-build-push-.service",
    "nix-post-build-push@.service",
];

/// Secrets that every machine has in what it runs. Nobody may ever see one of them again.
impl Machine {
    /// Puts them where secrets belong: the settings of Nix, which it hands to its hook, and files
    /// with the environment of services.
    #[track_caller]
    pub(crate) fn plant_secrets(&self) {
        let variables = format!("GITHUB_TOKEN={MARK}-github\nCACHIX_AUTH_TOKEN={MARK}-cachix\n");
        self.write_secret("/etc/planted/environment", &variables);
        for service in SERVICES {
            let text = "[Service]\nEnvironmentFile=/etc/planted/environment\n";
            self.write(format!("{ADDED}/{service}.d/planted.conf"), text);
        }
        let tokens = format!("access-tokens = planted.example.org={MARK}-setting\n");
        self.write("/etc/nix/planted.conf", &tokens);
        self.sh("echo 'include planted.conf' >>/etc/nix/nix.conf
                 systemctl daemon-reload; systemctl try-restart nix-daemon.service");
    }

    /// Looks where every user of the machine, or whoever reads its journal, can look: in the
    /// journal, in what systemd shows of units, on command lines, in files.
    ///
    /// # Panics
    ///
    /// If a secret is there.
    #[track_caller]
    pub fn shows_no_secret(&self) {
        // The output of every command is searched.
        self.sh("journalctl --sync; journalctl --no-pager --all --output export");
        self.sh(
            "systemctl show --all 'nix-post-build-push*' nix-daemon.service
                 systemctl status --all --full --no-pager 'nix-post-build-push*' || true",
        );
        self.command_lines();
        // So that the pattern is not what it finds. Nix itself remembers binary caches by their
        // URIs, in .cache.
        let (last, rest) = (&MARK[MARK.len() - 1..], &MARK[..MARK.len() - 1]);
        let found = self.sh(&format!(
            "cd /; find nix var home root srv tmp etc/systemd etc/nix-post-build-push etc/nixos \
                 etc/tmpfiles.d run/systemd usr/local -xdev \\( -name .cache -o -path var/log/journal \\) -prune \
                 -o -type f -exec grep -laE '{rest}[{last}]' {{}} + || true"
        ));
        assert_eq!(found.stdout, "", "a secret is in these files");
    }

    /// The command lines of all processes, as every user sees them, a process a line.
    #[track_caller]
    pub fn command_lines(&self) -> Vec<String> {
        let script =
            "for file in /proc/[0-9]*/cmdline; do tr '\\0' ' ' <$file; echo; done 2>/dev/null";
        let output = self.try_as("alice", &["sh", "-c", script]);
        output.success().lines()
    }
}
