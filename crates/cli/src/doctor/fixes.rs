//! What mends what is found, where that depends on who writes the files below `/etc`: what is done to
//! them by hand fails on NixOS, or is lost with the next switch.

use ownership::quoted;

use super::hook_program::NAME;
use super::managed::Managed::{self, ByHand, NixOs};

const SWITCH: &str = "sudo nixos-rebuild switch";
const RESTART: &str = "sudo systemctl restart nix-daemon";
/// Who makes the directories of queues on NixOS, for the accounts that push them.
const TMPFILES: &str = "sudo systemd-tmpfiles --create";
/// The group that may connect to the daemon: Debian lets nobody else into the socket's directory.
const SOCKET_GROUP: &str = "stat -c %G /nix/var/nix/daemon-socket";

impl Managed {
    /// No hook of ours runs.
    pub(super) fn set_hook(self, by_daemon: bool) -> String {
        let restart = restart(by_daemon);
        match self {
            NixOs => declare(
                "services.nix-post-build-push.hook.enable = true; # and a queue in its `queues`",
            ),
            ByHand => format!(
                "printf '\\npost-build-hook = %s\\n' {} | sudo tee -a /etc/nix/nix.conf{restart}",
                our_hook()
            ),
        }
    }

    /// Another hook runs, which is somebody's.
    pub(super) fn call_hook(self, by_daemon: bool) -> String {
        match self {
            NixOs => format!(
                "call ${{config.services.nix-post-build-push.hook.script}} in it, or take \
                 nix.settings.post-build-hook out of the configuration of NixOS; then\n{SWITCH}"
            ),
            ByHand => format!(
                "call {} in it, or:\n{}",
                our_hook(),
                self.set_hook(by_daemon)
            ),
        }
    }

    /// The hook cannot be run.
    pub(super) fn make_executable(self, hook: &str, by_daemon: bool) -> String {
        match self {
            NixOs => self.set_hook(by_daemon),
            ByHand => format!("sudo chmod a+x {}", quoted(hook)),
        }
    }

    /// An account sets a hook that only root may set.
    pub(super) fn set_hook_as_root(self) -> String {
        match self {
            NixOs => self.set_hook(true),
            ByHand => "set post-build-hook in /etc/nix/nix.conf, as root".to_owned(),
        }
    }

    /// The hook knows nothing of a queue.
    pub(super) fn add_queue(self, queue: &str) -> String {
        match self {
            NixOs => declare(&format!("{} = \"…\";", option(queue, "destination"))),
            ByHand => "put the queue into /etc/nix-post-build-push/config.toml".to_owned(),
        }
    }

    /// There is none.
    pub(super) fn begin(self) -> String {
        match self {
            NixOs => self.add_queue("main"),
            ByHand => "begin with a table such as [queues.main]".to_owned(),
        }
    }

    /// There are some, and each is disabled.
    pub(super) fn enable_queue(self, queue: &str) -> String {
        match self {
            NixOs => declare(&format!("{} = true;", option(queue, "enable"))),
            ByHand => format!("enable = true in [queues.{queue}]"),
        }
    }

    /// There is no Nix, or it is too old.
    pub(super) fn install_nix(self) -> String {
        match self {
            NixOs => declare("nix.package = pkgs.nix; # 2.8 or later"),
            ByHand => "install Nix 2.8 or later (or set `bin-dir` in [nix], if it is not in PATH)"
                .to_owned(),
        }
    }

    /// A switch of Nix's is off.
    pub(super) fn switch_on(self, setting: &str, by_daemon: bool) -> String {
        match self {
            NixOs => declare(&format!("nix.settings.{setting} = true;")),
            ByHand => append(&format!("{setting} = true")) + &restart(by_daemon),
        }
    }

    /// What is queued has no signature. What is built from now on gets one where there is a `key`.
    pub(super) fn sign(self, key: Option<&str>, by_daemon: bool) -> String {
        let queued = |key: &str| {
            let key = quoted(key);
            format!(
                "sudo nix --extra-experimental-features nix-command store sign --key-file {key} \
                 --recursive PATH… # what is queued already"
            )
        };
        if let Some(key) = key {
            return queued(key);
        }
        // A new key would take the place of one that is in use.
        let generate = "sudo test -e /etc/nix/secret-key || \
                        sudo nix-store --generate-binary-cache-key \"$(hostname)-1\" \
                        /etc/nix/secret-key /etc/nix/public-key";
        let set = match self {
            NixOs => declare("nix.settings.secret-key-files = [ \"/etc/nix/secret-key\" ];"),
            ByHand => append("secret-key-files = /etc/nix/secret-key") + &restart(by_daemon),
        };
        format!("{generate}\n{set}\n{}", queued("/etc/nix/secret-key"))
    }

    /// The destination takes nothing unsigned.
    pub(super) fn sign_or_trust(self, key: Option<&str>, queue: &str, by_daemon: bool) -> String {
        let unchecked = match self {
            NixOs => format!("{} = false;", option(queue, "checkSigs")),
            ByHand => "`check-sigs = false`".to_owned(),
        };
        format!(
            "{}\nor {unchecked} if the other side trusts this account",
            self.sign(key, by_daemon)
        )
    }

    /// A key that Nix shall sign with is not there.
    pub(super) fn put_secret_key(self) -> String {
        let place = match self {
            NixOs => format!("nix.settings.secret-key-files, then\n{SWITCH}"),
            ByHand => "/etc/nix/nix.conf".to_owned(),
        };
        format!("put it there, or take it out of {place}")
    }

    /// A store of this machine's does not trust a key of this machine's.
    pub(super) fn trust_key(self) -> String {
        match self {
            NixOs => declare(
                "nix.settings.trusted-public-keys = [ \"…\" ]; # what is in /etc/nix/public-key",
            ),
            ByHand => {
                "printf '\\nextra-trusted-public-keys = %s\\n' \"$(cat /etc/nix/public-key)\" \
                       | sudo tee -a /etc/nix/nix.conf"
                    .to_owned()
            }
        }
    }

    /// An account may not open the daemon's socket.
    pub(super) fn let_in(self, account: &str) -> String {
        match self {
            NixOs => declare(&format!(
                "users.users.{}.extraGroups = [ \"…\" ]; # the group: {SOCKET_GROUP}",
                attribute(account)
            )),
            ByHand => format!(
                "sudo usermod --append --groups \"$({SOCKET_GROUP})\" {}",
                quoted(account)
            ),
        }
    }

    /// The daemon has an account not among its users.
    pub(super) fn allow(self, account: &str) -> String {
        match self {
            NixOs => declare(&format!("nix.settings.allowed-users = [ \"{account}\" ];")),
            ByHand => format!("add {account} to allowed-users in /etc/nix/nix.conf, as root"),
        }
    }

    /// No unit is for a queue.
    pub(super) fn add_units(self, queue: &str) -> String {
        match self {
            NixOs => self.add_queue(queue),
            ByHand => format!(
                "sudo cp contrib/systemd/*@.* /etc/systemd/system/ && \
                 sudo systemctl enable --now nix-post-build-push@{queue}.timer"
            ),
        }
    }

    /// There is no timer for a queue that has a service.
    pub(super) fn add_timer(self, queue: &str, timer: &str) -> String {
        match self {
            NixOs => declare(&format!("{} = true;", option(queue, "enable"))),
            ByHand => format!("sudo systemctl enable --now {timer}"),
        }
    }

    /// It does not run.
    pub(super) fn start_timer(self, timer: &str) -> String {
        match self {
            NixOs => format!("sudo systemctl start {timer}"),
            ByHand => format!("sudo systemctl enable --now {timer}"),
        }
    }

    /// It is not started with the machine.
    pub(super) fn enable_timer(self, timer: &str) -> String {
        match self {
            NixOs => {
                let name = timer.strip_suffix(".timer").unwrap_or(timer);
                declare(&format!(
                    "systemd.timers.{}.wantedBy = [ \"timers.target\" ];",
                    attribute(name)
                ))
            }
            ByHand => format!("sudo systemctl enable {timer}"),
        }
    }

    /// The account that shall push is none.
    pub(super) fn add_account(self, account: &str) -> String {
        match self {
            NixOs => {
                let name = attribute(account);
                declare(&format!(
                    "users.users.{name} = {{ isSystemUser = true; group = \"{account}\"; }}; \
                     users.groups.{name} = {{ }};"
                ))
            }
            ByHand => format!("sudo useradd --system --user-group {}", quoted(account)),
        }
    }

    /// The directory of a queue is not there for the account that pushes it.
    pub(super) fn make_queue(self, directory: &str, account: &str) -> String {
        match self {
            NixOs => format!("{TMPFILES} # makes it, for the account that pushes"),
            ByHand => format!(
                "sudo install -d -o {0} -g \"$(id -gn {0})\" {1}",
                quoted(account),
                quoted(directory)
            ),
        }
    }

    /// It is somebody else's.
    pub(super) fn give_queue(self, queue: &str, directory: &str, account: &str) -> String {
        match self {
            NixOs => format!("{TMPFILES} # gives it to {}", option(queue, "user")),
            ByHand => format!(
                "sudo chown -R --no-dereference {} {}; and ReadWritePaths={directory} in its unit, \
                 if that has ProtectSystem=strict",
                quoted(account),
                quoted(directory)
            ),
        }
    }

    /// What says where a queue is.
    pub(super) fn queue_dir(self, queue: &str) -> String {
        match self {
            NixOs => option(queue, "queueDir"),
            ByHand => "`queue-dir`".to_owned(),
        }
    }

    /// A file that systemd hands to a service is not there.
    pub(super) fn put_credential(self, queue: &str, unit: &str, name: &str, file: &str) -> String {
        match self {
            NixOs => {
                let option = option(queue, &by_credential(name));
                format!("put it there, or name another file: {option}")
            }
            ByHand => {
                format!("put it there, or take LoadCredential={name}:{file} out of {unit}")
            }
        }
    }

    /// A file that only others may read.
    pub(super) fn hand_credential(self, queue: &str, file: &str) -> String {
        match self {
            NixOs => format!(
                "hand it to the service: {} or {} = {file}",
                option(queue, "sshKeyFile"),
                option(queue, "loadCredentials.NAME")
            ),
            ByHand => format!(
                "hand it to the service: LoadCredential=NAME:{file} in its unit, and %d/NAME for {file}"
            ),
        }
    }

    /// What lets in is looked for in a home that is none.
    pub(super) fn name_credentials(self, queue: &str) -> String {
        match self {
            NixOs => format!(
                "name the files: {} = \"/path/to/key\";, or {}",
                option(queue, "sshKeyFile"),
                option(queue, "loadCredentials.aws-credentials")
            ),
            ByHand => "name the files: Environment=\"NIX_SSHOPTS=-i /path/to/key\", or \
                       AWS_SHARED_CREDENTIALS_FILE, in the unit of the service"
                .to_owned(),
        }
    }
}

/// A daemon reads its settings once.
fn restart(by_daemon: bool) -> String {
    match by_daemon {
        true => format!(" && {RESTART}"),
        false => String::new(),
    }
}

/// Adds a line to nix.conf, of which the last one may lack its end.
fn append(line: &str) -> String {
    format!("printf '\\n{line}\\n' | sudo tee -a /etc/nix/nix.conf")
}

/// What to write, and what makes it so.
fn declare(lines: &str) -> String {
    format!("in the configuration of NixOS: {lines}\n{SWITCH}")
}

/// An option of a queue, as nixos/module declares it.
fn option(queue: &str, name: &str) -> String {
    format!(
        "services.nix-post-build-push.queues.{}.{name}",
        attribute(queue)
    )
}

/// The option behind a credential (nixos/module/units/credentials.nix).
fn by_credential(name: &str) -> String {
    match name {
        "ssh-key" => "sshKeyFile".to_owned(),
        "destination" => "destination._secret".to_owned(),
        other => format!("loadCredentials.{}", attribute(other)),
    }
}

/// A name as it stands in Nix: quoted, if it is no identifier. No name of a queue or an account has
/// what would have to be escaped.
fn attribute(name: &str) -> String {
    let first = |c: char| c.is_ascii_alphabetic() || c == '_';
    let is_plain = name.starts_with(first)
        && name
            .chars()
            .all(|c| first(c) || c.is_ascii_digit() || c == '-');
    match is_plain {
        true => name.to_owned(),
        false => format!("\"{name}\""),
    }
}

/// The hook beside this program.
fn our_hook() -> String {
    let program = std::env::current_exe().ok();
    let hook = program.and_then(|program| Some(program.parent()?.join(NAME)));
    hook.map_or_else(
        || NAME.to_owned(),
        |hook| quoted(&hook.to_string_lossy()).into_owned(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(by: Managed) -> Vec<String> {
        vec![
            by.set_hook(true),
            by.call_hook(true),
            by.make_executable("/h", true),
            by.set_hook_as_root(),
            by.add_queue("q"),
            by.begin(),
            by.enable_queue("q"),
            by.install_nix(),
            by.switch_on("keep-outputs", true),
            by.sign(None, true),
            by.sign(Some("/k"), true),
            by.sign_or_trust(None, "q", true),
            by.put_secret_key(),
            by.trust_key(),
            by.let_in("a"),
            by.allow("a"),
            by.add_units("q"),
            by.add_timer("q", "q.timer"),
            by.start_timer("q.timer"),
            by.enable_timer("q.timer"),
            by.add_account("a"),
            by.make_queue("/q", "a"),
            by.give_queue("q", "/q", "a"),
            by.queue_dir("q"),
            by.put_credential("q", "q.service", "n", "/f"),
            by.hand_credential("q", "/f"),
            by.name_credentials("q"),
        ]
    }

    #[test]
    fn nobody_is_told_to_do_by_hand_what_nixos_does() {
        for fix in all(NixOs) {
            for word in [
                "nix.conf",
                "systemctl enable",
                "useradd",
                "usermod",
                "config.toml",
                "contrib/",
                " unit",
            ] {
                assert!(!fix.contains(word), "{fix}");
            }
        }
    }

    #[test]
    fn nobody_else_hears_of_nixos() {
        for fix in all(ByHand) {
            for word in ["nixos", "services.", "nix.settings", "users.users"] {
                assert!(!fix.contains(word), "{fix}");
            }
        }
    }

    #[test]
    fn whoever_signs_already_is_told_to_make_no_key() {
        for by in [ByHand, NixOs] {
            let fix = by.sign(Some("/etc/nix/my key"), true);
            assert!(fix.contains("--key-file '/etc/nix/my key'"), "{fix}");
            assert!(
                !fix.contains("generate") && fix.lines().count() == 1,
                "{fix}"
            );
        }
    }

    #[test]
    fn what_is_added_to_nix_conf_is_a_line_of_its_own() {
        for fix in all(ByHand) {
            for line in fix.lines().filter(|line| line.contains("tee -a")) {
                assert!(line.contains("printf '\\n"), "{line}");
            }
        }
    }

    #[test]
    fn no_daemon_is_restarted_where_there_is_none() {
        for by in [ByHand, NixOs] {
            let fixes = [
                by.set_hook(false),
                by.switch_on("keep-outputs", false),
                by.sign(None, false),
            ];
            assert!(fixes.iter().all(|fix| !fix.contains(RESTART)), "{fixes:#?}");
        }
    }

    #[test]
    fn names_that_are_no_identifiers_are_quoted() {
        assert_eq!(attribute("my-queue_2"), "my-queue_2");
        assert_eq!(attribute("a.b"), "\"a.b\"");
        assert_eq!(attribute("2nd"), "\"2nd\"");
    }
}
