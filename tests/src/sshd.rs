//! A destination by SSH.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::process::Command;

use camino::{Utf8Path, Utf8PathBuf};
use rustix::process::{Pid, Signal, kill_process};

use crate::nix::Nix;
use crate::run::{Run, Running};
use crate::wait::wait_until;

/// A real SSH server on loopback, which lets the current user in by key. Dropping it ends it and
/// all its sessions.
#[derive(Debug)]
pub struct Sshd {
    dir: Utf8PathBuf,
    port: u16,
    running: Running,
}

impl Sshd {
    /// Starts one in a directory of its own below that of `nix`. Its sessions see the store of
    /// `nix`.
    ///
    /// # Panics
    ///
    /// If there is no `sshd`, or it does not listen within a minute.
    #[track_caller]
    pub fn start(nix: &Nix) -> Sshd {
        let dir = nix.dir().join("ssh");
        fs::create_dir(&dir).expect("mkdir");
        // Where a session that is not yet let in is locked up.
        fs::create_dir_all("/run/sshd").expect("mkdir");
        make_key(&dir.join("host-key"));
        make_key(&dir.join("key"));
        fs::copy(dir.join("key.pub"), dir.join("authorized")).expect("copy");
        let port = free_port();
        let host_key = fs::read_to_string(dir.join("host-key.pub")).expect("read");
        let known = format!("[127.0.0.1]:{port} {host_key}");
        fs::write(dir.join("known"), known).expect("write");
        fs::write(dir.join("config"), config(nix, &dir, port)).expect("write");
        // By its full path, as it starts itself again for each session.
        let mut command = Command::new("/usr/sbin/sshd");
        let config = dir.join("config");
        let running = command.args(["-D", "-e", "-f", config.as_str()]).start();
        wait_until("the SSH server to listen", || {
            TcpStream::connect(("127.0.0.1", port)).is_ok()
        });
        Sshd { dir, port, running }
    }

    /// What `NIX_SSHOPTS` has to be.
    pub fn options(&self) -> String {
        let Sshd { dir, port, .. } = self;
        format!(
            "-p {port} -F none -o BatchMode=yes -o IdentitiesOnly=yes -i {dir}/key -o UserKnownHostsFile={dir}/known"
        )
    }

    /// Lets nobody in any more, until [`Sshd::let_in`].
    #[track_caller]
    pub fn lock_out(&self) {
        let (file, away) = (self.dir.join("authorized"), self.dir.join("away"));
        fs::rename(file, away).expect("rename");
    }

    /// Lets the user in again.
    #[track_caller]
    pub fn let_in(&self) {
        let (file, away) = (self.dir.join("authorized"), self.dir.join("away"));
        fs::rename(away, file).expect("rename");
    }

    /// Kills its sessions and all that runs in them; it goes on listening.
    pub fn kill_sessions(&self) {
        for process in descendants(self.running.pid()) {
            // It may have ended by itself.
            let _ = kill_process(process, Signal::KILL);
        }
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        self.kill_sessions();
    }
}

fn make_key(file: &Utf8Path) {
    Command::new("ssh-keygen")
        .args(["-q", "-t", "ed25519", "-N", "", "-f", file.as_str()])
        .run()
        .success();
}

fn config(nix: &Nix, dir: &Utf8Path, port: u16) -> String {
    // Sessions get no other variables.
    let command = nix.command("nix");
    let variables = command.get_envs().filter_map(|(name, value)| {
        let (name, value) = (name.to_str()?, value?.to_str()?);
        name.starts_with("NIX_").then(|| format!("{name}={value} "))
    });
    format!(
        "ListenAddress 127.0.0.1\nPort {port}\nHostKey {dir}/host-key\nAuthorizedKeysFile {dir}/authorized\n\
         PidFile none\nSubsystem sftp internal-sftp\nUsePAM no\nStrictModes no\nPermitRootLogin yes\nSetEnv {}\n",
        variables.collect::<String>().trim_end()
    )
}

/// Nobody's at this moment: sshd cannot be told to choose one.
fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("bind");
    listener.local_addr().expect("local_addr").port()
}

fn descendants(of: Pid) -> Vec<Pid> {
    let pid = of.as_raw_nonzero();
    let text = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    let pids = text.split_whitespace().filter_map(|pid| pid.parse().ok());
    let children = pids.filter_map(Pid::from_raw);
    children
        .flat_map(|child| [vec![child], descendants(child)].concat())
        .collect()
}
