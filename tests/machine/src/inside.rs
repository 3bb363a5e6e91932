//! What is done and seen inside the machine.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use camino::{Utf8Path, Utf8PathBuf};
use system_tests::{Output, Run};

use crate::machine::Machine;

const PATH: &str = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Commands and files in the machine.
impl Machine {
    /// A command that root runs in the machine, in a clean environment.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new("nsenter");
        command.arg(format!("--target={}", self.running().leader));
        command.args(["--all", "--", "env", "--ignore-environment", PATH]);
        command.args(["HOME=/root", "LC_ALL=C.UTF-8", program]);
        command
    }

    /// Runs a shell script as root, which may fail.
    #[track_caller]
    pub fn try_sh(&self, script: &str) -> Output {
        self.command("sh").args(["-ec", script]).run()
    }

    /// Runs a shell script as root.
    #[track_caller]
    pub fn sh(&self, script: &str) -> Output {
        self.try_sh(script).success()
    }

    /// Runs a command as another user, whose home directory exists or not.
    #[track_caller]
    pub fn try_as(&self, user: &str, command: &[&str]) -> Output {
        let mut run = self.command("runuser");
        run.args(["-u", user, "--", "env", &format!("HOME=/home/{user}")]);
        run.args(command).run()
    }

    /// The path by which the host reaches a file of the machine, which must not be behind a
    /// symbolic link.
    pub fn path(&self, path: impl AsRef<Utf8Path>) -> Utf8PathBuf {
        let below = path.as_ref().strip_prefix("/").expect("an absolute path");
        Utf8PathBuf::from(format!("/proc/{}/root", self.running().leader)).join(below)
    }

    /// Writes a file that everybody may read, and the directories above it.
    #[track_caller]
    pub fn write(&self, path: impl AsRef<Utf8Path>, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().expect("directory")).expect("mkdir");
        fs::write(path, text).expect("write");
    }

    /// Writes a program that everybody may run.
    #[track_caller]
    pub fn write_program(&self, path: &str, script: &str) {
        self.write(path, &format!("#!/bin/sh\n{script}\n"));
        self.sh(&format!("chmod 755 {path}"));
    }

    /// Lets the commands of pages be run by root, as they stand there.
    #[track_caller]
    pub fn add_sudo(&self) {
        self.write_program("/usr/local/bin/sudo", "exec \"$@\"");
    }

    /// What `sudoedit` does from now on with the file `$1`.
    #[track_caller]
    pub fn add_editor(&self, script: &str) {
        self.write_program("/usr/local/bin/sudoedit", script);
    }

    /// Lets `make build` and `make install` of the checkout be run, where `CARGO_TARGET_DIR` is
    /// /root: what they build is built already.
    #[track_caller]
    pub fn add_cargo(&self) {
        self.write_program(
            "/usr/local/bin/cargo",
            "exec ln -sfn /programs /root/release",
        );
    }

    /// Writes a file that nobody but root may read.
    #[track_caller]
    pub fn write_secret(&self, path: impl AsRef<Utf8Path>, text: &str) {
        self.write(&path, "");
        fs::set_permissions(self.path(&path), fs::Permissions::from_mode(0o600)).expect("chmod");
        self.write(path, text);
    }
}
