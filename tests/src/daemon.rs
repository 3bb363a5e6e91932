//! The Nix daemon, and users who have nothing but it.

use std::fs;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::Command;

use camino::Utf8PathBuf;

use crate::nix::Nix;
use crate::run::{Run, Running};
use crate::wait::wait_until;

/// A daemon that runs until it is dropped.
#[derive(Debug)]
pub(crate) struct Daemon {
    _running: Running,
}

/// An unprivileged user of the machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The login name.
    pub name: String,
    /// The user id.
    pub uid: u32,
    /// The primary group's id.
    pub gid: u32,
}

impl User {
    /// The user that `tests/roots/build` made, `alice`; else `nobody`.
    ///
    /// # Panics
    ///
    /// If the machine has neither.
    pub fn unprivileged() -> User {
        let passwd = fs::read_to_string("/etc/passwd").expect("cannot read /etc/passwd");
        let find = |name: &str| {
            passwd
                .lines()
                .filter_map(User::parse)
                .find(|u| u.name == name)
        };
        find("alice")
            .or_else(|| find("nobody"))
            .expect("no unprivileged user in /etc/passwd")
    }

    fn parse(line: &str) -> Option<User> {
        let fields: Vec<&str> = line.split(':').collect();
        Some(User {
            name: fields.first()?.to_string(),
            uid: fields.get(2)?.parse().ok()?,
            gid: fields.get(3)?.parse().ok()?,
        })
    }
}

impl Nix {
    /// Starts the daemon of this Nix with the settings and variables as they are now. It builds,
    /// and runs the hook, as root.
    ///
    /// # Panics
    ///
    /// If it does not answer within a minute.
    #[track_caller]
    pub fn start_daemon(&mut self) {
        // Two processes that make the database at the same time get in each other's way: the one
        // for our first connection, and whatever the test does next (seen on 2.26.3).
        self.command("nix-store").arg("--init").run().success();
        let socket = self.state_dir().join("daemon-socket/socket");
        let running = self.command("nix-daemon").start();
        wait_until("the daemon to listen", || {
            UnixStream::connect(&socket).is_ok()
        });
        self.daemon = Some(Daemon { _running: running });
    }

    /// Ends the daemon.
    pub fn stop_daemon(&mut self) {
        self.daemon = None;
    }

    /// A command of the current user that goes through the daemon.
    pub fn daemon_command(&self, program: impl AsRef<str>) -> Command {
        let mut command = self.command(program);
        command.env("NIX_REMOTE", "daemon");
        command
    }

    /// A command of an unprivileged user ([`User::unprivileged`]) that goes through the daemon.
    /// Its home is [`Nix::user_home`]. The test itself must run as root.
    #[track_caller]
    pub fn user_command(&self, program: impl AsRef<str>) -> Command {
        let user = User::unprivileged();
        let home = self.user_home();
        let mut command = self.daemon_command(program);
        command
            .env("PATH", path_of_users())
            .env("HOME", &home)
            .env("USER", &user.name)
            .env("XDG_CACHE_HOME", home.join(".cache"))
            .env("XDG_CONFIG_HOME", home.join(".config"))
            .env("TMPDIR", &home)
            .current_dir(&home)
            .uid(user.uid)
            .gid(user.gid);
        command
    }

    /// The home of the unprivileged user, made and given to that user when first asked for.
    #[track_caller]
    pub fn user_home(&self) -> Utf8PathBuf {
        let home = self.dir().join("user");
        if !home.exists() {
            let user = User::unprivileged();
            fs::create_dir(&home).expect("mkdir");
            std::os::unix::fs::chown(&home, Some(user.uid), Some(user.gid))
                .expect("cannot give the home to the user: needs root");
        }
        home
    }
}

/// The `PATH` of the test, without directories of root's own: Nix stumbles over what it may not
/// look into.
fn path_of_users() -> String {
    let path = std::env::var("PATH").expect("PATH");
    let dirs: Vec<_> = path
        .split(':')
        .filter(|dir| !dir.starts_with("/root"))
        .collect();
    dirs.join(":")
}
