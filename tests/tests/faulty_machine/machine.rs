//! A product to break a machine around, and what breaks it.

use std::fs;
use std::process::Command;

use camino::{Utf8Path, Utf8PathBuf};
use system_tests::{Nix, Output, Product, Run, expr, hashes};

/// A product with the first path queued, and a second one in the store only.
pub(super) struct Machine {
    pub(super) product: Product,
    pub(super) queued: Utf8PathBuf,
    pub(super) new: Utf8PathBuf,
}

pub(super) const CONFIG: &str =
    "[queues.main]\ndestination = \"file://@T@/cache\"\nqueue-dir = \"@T@/queue\"\n";

impl Machine {
    pub(super) fn new() -> Self {
        let nix = Nix::new();
        let paths = nix.build(&expr::independent(2));
        let [queued, new] = paths.try_into().expect("two paths");
        let product = Product::install(nix, CONFIG);
        Self {
            product,
            queued,
            new,
        }
    }

    /// With the first path queued, and the push's directory made.
    pub(super) fn with_an_entry() -> Self {
        let machine = Self::new();
        machine.fill();
        machine
    }

    pub(super) fn fill(&self) {
        let enqueue = ["enqueue", self.queued.as_str()];
        self.product.run(&enqueue).success();
        self.product.run(&["retry", "--all"]).success();
    }

    /// Runs a program behind another one that sets its limits or injects a fault.
    fn behind(&self, before: &[impl AsRef<str>], program: &Utf8Path, line: &[&str]) -> Output {
        let before: Vec<_> = before.iter().map(AsRef::as_ref).collect();
        let mut command = self.product.nix().command(before[0]);
        command.args(&before[1..]).arg(program).args(line);
        command.env("OUT_PATHS", &self.new);
        harmless(command.run())
    }

    pub(super) fn hook(&self, before: &[impl AsRef<str>]) -> Output {
        self.behind(before, &Product::hook_program(), &[])
    }

    pub(super) fn run(&self, before: &[impl AsRef<str>], line: &[&str]) -> Output {
        self.behind(before, &Product::program(), line)
    }

    /// What was queued is queued still.
    #[track_caller]
    pub(super) fn kept(&self) {
        assert_eq!(self.product.queued(), [self.queued.clone()].into());
    }

    /// Once all is well, both paths arrive.
    #[track_caller]
    pub(super) fn delivers(&self) {
        self.hook(&["env"]).success().is_silent();
        self.product.run(&["push", "--force"]).success();
        let both = [self.queued.clone(), self.new.clone()];
        assert_eq!(self.product.nix().cached("cache"), hashes(&both));
        assert!(self.product.queued().is_empty());
    }
}

/// Neither a panic nor an end by a signal.
#[track_caller]
pub(super) fn harmless(output: Output) -> Output {
    assert!(
        ![70, 101].contains(&output.code) && output.code < 128,
        "{output}"
    );
    output.stderr_lacks("panicked").stderr_lacks("has a fault")
}

/// A file system over a directory, until it is dropped.
pub(super) struct Mount(Utf8PathBuf);

impl Mount {
    pub(super) fn new(arguments: &[&str], directory: &Utf8Path) -> Self {
        fs::create_dir_all(directory).expect("mkdir");
        let mut mount = Command::new("mount");
        mount.args(arguments).arg(directory).run().success();
        Self(directory.to_owned())
    }

    pub(super) fn tmpfs(options: &str, directory: &Utf8Path) -> Self {
        Self::new(&["-t", "tmpfs", "-o", options, "tmpfs"], directory)
    }

    pub(super) fn read_only(directory: &Utf8Path) -> Self {
        let mount = Self::new(&["--bind", directory.as_str()], directory);
        Command::new("mount")
            .args(["-o", "remount,bind,ro", directory.as_str()])
            .run()
            .success();
        mount
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let _ = Command::new("umount")
            .args(["--lazy", self.0.as_str()])
            .output();
    }
}
