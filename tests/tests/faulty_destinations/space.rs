//! Destinations without room.

use std::process::Command;

use camino::Utf8PathBuf;
use system_tests::{Nix, Run, expr};

use crate::faulty_queue::FaultyQueue;

/// A file system of three megabytes; dropping it unmounts it.
struct Small(Utf8PathBuf);

impl Small {
    fn mount(nix: &Nix) -> Small {
        let dir = nix.dir().join("small");
        std::fs::create_dir(&dir).expect("mkdir");
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=3m", "tmpfs", dir.as_str()]);
        mount.run().success();
        Small(dir)
    }

    fn enlarge(&self) {
        let mut mount = Command::new("mount");
        mount.args(["-o", "remount,size=60m", self.0.as_str()]);
        mount.run().success();
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        Command::new("umount").args(["-l", self.0.as_str()]).run();
    }
}

fn two_large_paths() -> String {
    expr::with_drv(
        r#"map (name: drv name "/usr/bin/head -c 4000000 /dev/urandom > $out") [ "one" "two" ]"#,
    )
}

const HINT: &str = "make room at the destination";

#[test]
fn a_binary_cache_in_files() {
    let nix = Nix::new();
    let small = Small::mount(&nix);
    let destination = "file://@T@/small/cache?compression=none";
    let name = "file://, out of space";
    let queue = FaultyQueue::holding(&two_large_paths(), name, nix, destination, "");
    let seen = queue.push().blames_the_destination_after_two_entries();
    seen.says(&["No space left on device", HINT]);
    small.enlarge();
    queue.arrives_once_mended();
}

/// 2.34.8 has no room for its database any more, and so it cannot even be asked; the others can.
#[test]
fn a_store_in_another_directory() {
    let nix = Nix::new();
    let small = Small::mount(&nix);
    let name = "chroot store, out of space";
    let more = "check-sigs = false";
    let queue = FaultyQueue::holding(&two_large_paths(), name, nix, "@T@/small/store", more);
    queue.push().exits(69).keeps_everything().says(&[HINT]);
    small.enlarge();
    queue.arrives_once_mended();
}

/// What there is room for arrives, and only the rest waits.
#[test]
fn a_binary_cache_with_room_for_some() {
    let nix = Nix::new();
    let small = Small::mount(&nix);
    let expression = expr::with_drv(
        r#"[ (drv "large" "/usr/bin/head -c 4000000 /dev/urandom > $out") (drv "little" "echo little > $out") ]"#,
    );
    let destination = "file://@T@/small/cache?compression=none";
    let name = "file://, room for some";
    let queue = FaultyQueue::holding(&expression, name, nix, destination, "");
    let seen = queue.push().exits(75);
    seen.says(&["No space left on device", HINT]);
    assert_eq!(queue.product.nix().cached("small/cache").len(), 1);
    small.enlarge();
    queue.arrives_once_mended();
}
