//! A machine of the test's own.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use camino::{Utf8Path, Utf8PathBuf};
use system_tests::{Run, wait_until};
use tempfile::TempDir;

use crate::boot::{Boot, PROGRAMS};

/// A machine of the test's own. Dropping it takes it and all that it wrote away.
///
/// There are a user `alice`, who may talk to the Nix daemon, and a user `pusher`, who may as well.
/// Secrets are in what it runs; a test fails that leaves one where others can read it
/// ([`Machine::shows_no_secret`]). Where a test fails, what the machine's journal says of our units
/// is printed.
#[derive(Debug)]
pub struct Machine {
    boot: Option<Boot>,
    programs: Utf8PathBuf,
    // Last, since fields are dropped in order.
    dir: TempDir,
}

impl Default for Machine {
    fn default() -> Machine {
        Machine::boot()
    }
}

impl Machine {
    /// Boots a new machine, and puts our programs into its Nix store.
    ///
    /// # Panics
    ///
    /// If containers cannot be made here, or the programs are not built.
    #[track_caller]
    pub fn boot() -> Machine {
        // The name is the machine's name. Not in /tmp, which may be memory.
        let dir = tempfile::Builder::new()
            .prefix("npbp-machine-")
            .rand_bytes(10)
            .tempdir_in("/var/tmp")
            .expect("cannot make a directory in /var/tmp");
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).expect("chmod");
        let mut machine = Machine {
            boot: None,
            programs: Utf8PathBuf::new(),
            dir,
        };
        machine.start();
        machine.programs = machine.add_programs();
        machine.plant_secrets();
        machine
    }

    #[track_caller]
    fn start(&mut self) {
        self.boot = Some(Boot::start(self.directory()));
        wait_until("the machine's boot", || {
            let state = self.command("systemctl").arg("is-system-running").run();
            ["running\n", "degraded\n"].contains(&&*state.stdout)
        });
    }

    /// As a package manager would: a store path that nobody but its root holds.
    fn add_programs(&self) -> Utf8PathBuf {
        let script = format!(
            "mkdir -p /tmp/nix-post-build-push/bin
             cp {PROGRAMS}/nix-post-build-push {PROGRAMS}/nix-post-build-push-hook /tmp/nix-post-build-push/bin
             path=$(nix-store --add /tmp/nix-post-build-push)
             ln -s $path /nix/var/nix/gcroots/nix-post-build-push
             rm -r /tmp/nix-post-build-push
             echo $path"
        );
        self.sh(&script).stdout.trim_end().into()
    }

    /// The store path of our programs, with a directory `bin` in it.
    pub fn programs(&self) -> &Utf8Path {
        &self.programs
    }

    /// Where the host keeps what the machine writes.
    pub fn directory(&self) -> &Utf8Path {
        Utf8Path::from_path(self.dir.path()).expect("UTF-8")
    }

    /// The one of this machine that is booted now.
    pub(crate) fn running(&self) -> &Boot {
        self.boot.as_ref().expect("booted")
    }

    /// Shuts the machine down in order, and boots it again.
    #[track_caller]
    pub fn reboot(&mut self) {
        self.sh("systemctl reboot");
        self.boot.as_mut().expect("booted").wait();
        self.start();
    }

    /// Ends every process of the machine at once, and boots it again. What was written but not yet
    /// on disk is there nevertheless: the kernel is the host's.
    #[track_caller]
    pub fn cut_power(&mut self) {
        self.boot = None;
        self.start();
    }
}

impl Drop for Machine {
    #[expect(clippy::print_stderr, reason = "the report of a test that fails")]
    fn drop(&mut self) {
        let Some(boot) = &self.boot else { return };
        if !std::thread::panicking() {
            return self.shows_no_secret();
        }
        eprintln!("--- console\n{}", boot.console());
        let script = "systemctl list-units --failed --no-legend --plain
                      journalctl --no-pager --output short-precise -n 300 -u 'nix-post-build-push*' |
                          grep -v pids.max | sed 's/planted-secre[t]/(SECRET)/g'";
        eprintln!("--- failed units, and the journal\n{}", self.try_sh(script));
    }
}
