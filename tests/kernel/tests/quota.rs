//! A queue on a file system on which everything that the quota allows is used.

use std::fs;
use std::process::Command;

use camino::{Utf8Path, Utf8PathBuf};
use system_tests::{Nix, Product, Run, expr, hashes};

const WHY: &str = "Disk quota exceeded (os error 122)";

/// btrfs in a file. Its first subvolume has a quota.
struct FileSystem {
    top: Utf8PathBuf,
}

impl FileSystem {
    /// The subvolume is at `directory`.
    fn mount(directory: &Utf8Path) -> FileSystem {
        let top = directory.with_extension("top");
        let image = directory.with_extension("btrfs");
        for directory in [&top, directory] {
            fs::create_dir_all(directory).expect("mkdir");
        }
        let script = format!(
            "truncate --size=128M {image}
             mkfs.btrfs --quiet {image}
             mount -o loop {image} {top}
             btrfs quota enable {top}
             btrfs subvolume create {top}/limited
             mount --bind {top}/limited {directory}"
        );
        sh(&script);
        FileSystem { top }
    }

    /// Allows less than there is already, so that nothing can be added.
    fn allow_nothing_more(&self) {
        // What is not on the disk yet is not counted.
        sh(&format!("btrfs filesystem sync {}", self.top));
        self.limit("16k");
    }

    fn allow_everything(&self) {
        self.limit("none");
    }

    fn limit(&self, size: &str) {
        sh(&format!("btrfs qgroup limit {size} 0/256 {}", self.top));
    }
}

fn sh(script: &str) {
    Command::new("sh").args(["-ec", script]).run().success();
}

/// A product with the first path queued, on a file system with quotas, and a second one that is not.
fn product() -> (Product, [Utf8PathBuf; 2]) {
    let nix = Nix::new();
    let paths = nix.build(&expr::independent(2));
    let paths: [Utf8PathBuf; 2] = paths.try_into().expect("two paths");
    (Product::with_file_cache(nix), paths)
}

#[test]
fn a_queue_without_quota_takes_nothing_new_says_so_and_is_emptied_all_the_same() {
    let (product, [queued, new]) = product();
    let directory = product.queue_dir();
    let file_system = FileSystem::mount(&directory);
    product.run(&["enqueue", queued.as_str()]).success();
    // The push's directory is there, as it is after the first push.
    product.run(&["retry", "--all"]).success();
    file_system.allow_nothing_more();

    // A build goes on.
    let hook = product.hook_command(new.as_str(), "").run().success();
    hook.stderr_has(WHY).stderr_has("queue main: ");
    let enqueue = product.run(&["enqueue", new.as_str()]).exits(75);
    enqueue
        .stderr_has(WHY)
        .stderr_has(new.file_name().expect("name"))
        .stderr_has("hint: ");
    assert_eq!(product.queued(), [queued.clone()].into());

    // What is queued is delivered; that the push cannot note when, it says.
    let push = product.run(&["push"]).exits(75);
    push.stdout_has("1 copied")
        .stderr_has(WHY)
        .stderr_has("ledger");
    assert_eq!(
        product.nix().cached("cache"),
        hashes(std::slice::from_ref(&queued))
    );
    assert!(product.queued().is_empty());

    file_system.allow_everything();
    product
        .hook_command(new.as_str(), "")
        .run()
        .success()
        .is_silent();
    product.run(&["push"]).success();
    assert_eq!(product.nix().cached("cache"), hashes(&[queued, new]));
}
