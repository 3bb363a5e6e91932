//! A Nix of the test's own.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use camino::{Utf8Path, Utf8PathBuf};
use tempfile::TempDir;

use crate::daemon::Daemon;
use crate::planted;
use crate::run::Run;
use crate::version::Version;

/// A throwaway Nix: store, state and configuration below one short directory in `/tmp`, or in
/// `NPBP_TEST_DIR`.
///
/// Its commands see a clean environment and nothing of the machine's own Nix. Nothing is
/// substituted, builds are not sandboxed, and there is no hook unless a test sets one. Dropping it
/// ends its daemon and removes the directory; with `NPBP_KEEP=1` the directory stays.
#[derive(Debug)]
pub struct Nix {
    pub(crate) daemon: Option<Daemon>,
    dir: Utf8PathBuf,
    environment: BTreeMap<String, String>,
    hook: Option<Utf8PathBuf>,
    settings: Vec<String>,
    // Last, since fields are dropped in order.
    temp_dir: Option<TempDir>,
}

impl Default for Nix {
    fn default() -> Nix {
        Nix::new()
    }
}

impl Nix {
    /// A fresh Nix with an empty store.
    ///
    /// # Panics
    ///
    /// If there is no Nix, or not the version under test.
    pub fn new() -> Nix {
        Version::under_test();
        // Short: the paths of sockets in it must stay below 108 bytes.
        let above = std::env::var("NPBP_TEST_DIR").unwrap_or_else(|_| "/tmp".to_owned());
        let temp_dir = tempfile::Builder::new()
            .prefix("nq.")
            .tempdir_in(&above)
            .unwrap_or_else(|error| panic!("cannot make a directory in {above}: {error}"));
        let dir = Utf8PathBuf::from_path_buf(temp_dir.path().to_owned()).expect("UTF-8");
        // An unprivileged user of the daemon must come through.
        fs::set_permissions(&dir, fs::Permissions::from_mode(0o755)).expect("chmod");
        for name in ["etc", "home", "tmp"] {
            fs::create_dir(dir.join(name)).expect("mkdir");
        }
        let nix = Nix {
            daemon: None,
            environment: environment(&dir),
            dir,
            hook: None,
            settings: Vec::new(),
            temp_dir: Some(temp_dir),
        };
        nix.write_conf();
        nix
    }

    /// A fresh Nix that knows floating content-addressed derivations.
    pub fn with_ca_derivations() -> Nix {
        let mut nix = Nix::new();
        nix.add_setting("extra-experimental-features = ca-derivations");
        nix
    }

    /// The directory that holds all of it; a test may add what it likes.
    pub fn dir(&self) -> &Utf8Path {
        &self.dir
    }

    /// The store directory, which is not `/nix/store`.
    pub fn store_dir(&self) -> Utf8PathBuf {
        self.dir.join("store")
    }

    /// The state directory, with `gcroots` and `gc.lock` in it.
    pub fn state_dir(&self) -> Utf8PathBuf {
        self.dir.join("var/nix")
    }

    /// The version of this Nix.
    pub fn version(&self) -> Version {
        Version::under_test()
    }

    /// Sets the post-build hook. A daemon has to be started afterwards.
    pub fn set_hook(&mut self, program: impl Into<Utf8PathBuf>) {
        self.hook = Some(program.into());
        self.write_conf();
    }

    /// Adds a line to `nix.conf`. A daemon has to be started afterwards.
    pub fn add_setting(&mut self, line: &str) {
        self.settings.push(line.to_owned());
        self.write_conf();
    }

    /// Sets a variable for all commands, and for a daemon started afterwards: so for the hook.
    pub fn set_env(&mut self, name: &str, value: impl Into<String>) {
        self.environment.insert(name.to_owned(), value.into());
    }

    /// Writes an executable shell script and returns its path.
    pub fn script(&self, name: &str, body: &str) -> Utf8PathBuf {
        let path = self.dir.join(name);
        // By another process: had this one the file open for writing while another thread forks,
        // running it would fail with "text file busy".
        Command::new("install")
            .args(["-m", "755", "/dev/stdin", path.as_str()])
            .run_with_input(&format!("#!/bin/sh\n{body}\n"))
            .success();
        path
    }

    /// A command in the environment of this Nix, run by the current user.
    pub fn command(&self, program: impl AsRef<str>) -> Command {
        let mut command = Command::new(program.as_ref());
        command
            .env_clear()
            .envs(&self.environment)
            .current_dir(&self.dir);
        command
    }

    fn write_conf(&self) {
        let mut conf = String::from(
            "experimental-features = nix-command\nsandbox = false\nbuild-users-group =\nsubstituters =\n",
        );
        conf.push_str(planted::SETTING);
        conf.push('\n');
        if let Some(hook) = &self.hook {
            conf.push_str(&format!("post-build-hook = {hook}\n"));
        }
        for line in &self.settings {
            conf.push_str(&format!("{line}\n"));
        }
        fs::write(self.dir.join("etc/nix.conf"), conf).expect("cannot write nix.conf");
    }
}

impl Drop for Nix {
    fn drop(&mut self) {
        self.daemon = None;
        if !std::thread::panicking() {
            planted::none_is_left_in(&self.dir);
        }
        let Some(temp_dir) = self.temp_dir.take() else {
            return;
        };
        if std::env::var_os("NPBP_KEEP").is_some() {
            let _ = temp_dir.keep();
            return;
        }
        // Store objects are read-only, which stops an unprivileged removal.
        let _ = Command::new("chmod")
            .args(["-R", "u+w", self.dir.as_str()])
            .output();
    }
}

/// Everything a command of this Nix sees, but for the `PATH` of the test itself.
fn environment(dir: &Utf8Path) -> BTreeMap<String, String> {
    let below = |name: &str| dir.join(name).into_string();
    let path = std::env::var("PATH").expect("PATH");
    let variables = [
        ("PATH", path),
        ("LC_ALL", "C".to_owned()),
        ("HOME", below("home")),
        ("XDG_CACHE_HOME", below("home/.cache")),
        ("XDG_CONFIG_HOME", below("home/.config")),
        ("TMPDIR", below("tmp")),
        ("NIX_STORE_DIR", below("store")),
        ("NIX_STATE_DIR", below("var/nix")),
        ("NIX_LOG_DIR", below("var/log/nix")),
        ("NIX_LOCALSTATE_DIR", below("var")),
        ("NIX_CONF_DIR", below("etc")),
        ("NIX_USER_CONF_FILES", "/dev/null".to_owned()),
    ];
    let planted = planted::VARIABLES.map(|(name, value)| (name, value.to_owned()));
    let all = variables.into_iter().chain(planted);
    all.map(|(name, value)| (name.to_owned(), value)).collect()
}
