//! A set-up that is well, to break something of, and what a doctor says of it.

use std::fs;
use std::process::Command;

use camino::{Utf8Path, Utf8PathBuf};
use rustix::process::Signal;
use system_tests::{DoctorReport, Nix, Product, Run, Running, Sshd, expr, wait_until};

pub(super) const CONFIG: &str =
    "[queues.main]\ndestination = \"file://@T@/cache\"\nqueue-dir = \"@T@/queue\"\n";

/// The containers of these tests have none.
const WITHOUT_SYSTEMD: [&str; 1] = ["no-systemd"];

/// Signed, queued by the hook, for a cache on this machine; no daemon.
pub(super) fn well() -> Product {
    let mut nix = Nix::new();
    sign(&mut nix);
    let product = Product::install(nix, CONFIG);
    product.nix().build_one(&expr::file("built", "hello"));
    assert_eq!(product.queued().len(), 1);
    product
}

/// The same with a daemon, through which all goes.
pub(super) fn well_with_daemon() -> Product {
    let mut product = well();
    product.nix_mut().start_daemon();
    product
}

/// Gives a Nix a key to sign with.
pub(super) fn sign(nix: &mut Nix) {
    let [secret, _] = make_keys(nix, "here-1");
    nix.add_setting(&format!("secret-key-files = {secret}"));
}

/// The files of a secret and a public key of this name.
#[track_caller]
pub(super) fn make_keys(nix: &Nix, name: &str) -> [Utf8PathBuf; 2] {
    let keys =
        ["secret", "public"].map(|kind| nix.dir().join("etc").join(format!("{kind}-{name}")));
    let mut make = nix.command("nix-store");
    make.args(["--generate-binary-cache-key", name]).args(&keys);
    make.run().success();
    keys
}

/// Signs a store path with this secret key.
#[track_caller]
pub(super) fn sign_with(nix: &Nix, key: &Utf8Path, path: &Utf8Path) {
    let mut sign = nix.command("nix");
    sign.args(["store", "sign", "--key-file", key.as_str(), path.as_str()]);
    sign.run().success();
}

/// Runs a doctor as hooks are run: the configuration is that of the environment.
#[track_caller]
pub(super) fn examine(product: &Product, words: &[&str]) -> DoctorReport {
    examine_with(product, words, |_| {})
}

/// The same with something else in its environment.
#[track_caller]
pub(super) fn examine_with(
    product: &Product,
    words: &[&str],
    change: impl FnOnce(&mut Command),
) -> DoctorReport {
    let mut command = product.nix().command(Product::program());
    command.args(["doctor", "--json"]).args(words);
    change(&mut command);
    DoctorReport::of(command.run(), &WITHOUT_SYSTEMD)
}

/// The same as the unprivileged user, through the daemon.
#[track_caller]
pub(super) fn examine_as_user(
    product: &Product,
    change: impl FnOnce(&mut Command),
) -> DoctorReport {
    let mut command = product.nix().user_command(Product::program());
    command.args(["doctor", "--json"]);
    change(&mut command);
    DoctorReport::of(command.run(), &WITHOUT_SYSTEMD)
}

/// A file system over a directory, until it is dropped, and what serves it, if that is a program.
pub(super) struct Mount {
    directory: Utf8PathBuf,
    server: Option<Running>,
}

impl Mount {
    #[track_caller]
    pub(super) fn tmpfs(options: &str, directory: &Utf8Path) -> Self {
        Self::new(&["-t", "tmpfs", "-o", options, "tmpfs"], directory)
    }

    #[track_caller]
    pub(super) fn read_only(directory: &Utf8Path) -> Self {
        let mount = Self::new(&["--bind", directory.as_str()], directory);
        let mut remount = Command::new("mount");
        remount
            .args(["-o", "remount,bind,ro", directory.as_str()])
            .run()
            .success();
        mount
    }

    /// What is `there` behind an SSH server.
    #[track_caller]
    pub(super) fn by_ssh(sshd: &Sshd, there: &Utf8Path, directory: &Utf8Path) -> Self {
        fs::create_dir_all(directory).expect("mkdir");
        let ssh = format!("ssh_command=ssh {}", sshd.options());
        let mut sshfs = Command::new("sshfs");
        sshfs.args([
            "-f",
            "-o",
            &ssh,
            &format!("127.0.0.1:{there}"),
            directory.as_str(),
        ]);
        let running = sshfs.start();
        wait_until("the file system to be there", || {
            let mounts = fs::read_to_string("/proc/self/mounts").expect("mounts");
            mounts.contains(&format!(" {directory} fuse.sshfs "))
        });
        Self {
            directory: directory.to_owned(),
            server: Some(running),
        }
    }

    /// Has it not answer any more.
    #[track_caller]
    pub(super) fn freeze(&self) {
        let server = self.server.as_ref().expect("a program that serves it");
        server.signal(Signal::STOP);
    }

    #[track_caller]
    fn new(arguments: &[&str], directory: &Utf8Path) -> Self {
        fs::create_dir_all(directory).expect("mkdir");
        Command::new("mount")
            .args(arguments)
            .arg(directory)
            .run()
            .success();
        Self {
            directory: directory.to_owned(),
            server: None,
        }
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let _ = Command::new("umount")
            .args(["--lazy", self.directory.as_str()])
            .output();
    }
}
