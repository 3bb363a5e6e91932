//! Destinations that do not have what they seem to have. Of those that say so when asked, the
//! tests of `verify` are in `verify.rs`.

use std::fs;

use camino::Utf8PathBuf;
use system_tests::{Nix, Product, Run, Server, expr};

/// Nix is to believe what it remembers of the destination, for an hour.
const TRUSTING: &str = "nix-opts = [\"--option\", \"narinfo-cache-positive-ttl\", \"3600\"]";

/// A path that was pushed to a cache, deleted there, and is queued once more.
fn deleted_there(more: &str) -> (Server, Product, Utf8PathBuf) {
    let server = Server::binary_cache();
    let config = format!(
        "[queues.main]\ndestination = \"{}\"\nqueue-dir = \"@T@/queue\"\n{more}\n",
        server.url()
    );
    let product = Product::install(Nix::new(), &config);
    let path = product.nix().build_one(&expr::file("deleted", "deleted"));
    product.run(&["push"]).success().without_complaint();
    server.delete(".narinfo");
    product.run(&["enqueue", path.as_str()]).success();
    (server, product, path)
}

/// Nix remembers for weeks what an HTTP cache has, and copies nothing that it remembers there.
#[test]
fn what_the_client_remembers_is_copied_all_the_same() {
    for more in ["", "verify = true", TRUSTING] {
        let (server, product, path) = deleted_there(more);
        product.run(&["push"]).success().without_complaint();
        let paths = [path];
        assert_eq!(product.nix().valid_in(&server.url(), &paths), paths);
    }
}

/// Of other stores Nix keeps nothing for later, so nothing has to be forbidden there.
#[test]
fn what_is_gone_from_other_stores_is_copied_again() {
    let stores = [
        "file://@T@/cache",
        "@T@/chroot",
        "ssh-ng://localhost?remote-store=@T@/remote",
    ];
    for store in stores {
        let config = format!(
            "[queues.main]\ndestination = \"{store}\"\nqueue-dir = \"@T@/queue\"\ncheck-sigs = false\n"
        );
        let product = Product::install(Nix::new(), &config);
        let dir = product.nix().dir();
        let path = product.nix().build_one(&expr::file("gone", "gone"));
        product.run(&["push"]).success().without_complaint();
        for place in ["cache", "chroot", "remote"].map(|name| dir.join(name)) {
            if place.exists() {
                fs::rename(&place, dir.join("gone")).expect("rename");
            }
        }
        product.run(&["enqueue", path.as_str()]).success();
        product.run(&["push"]).success().without_complaint();
        let store = store.replace("@T@", dir.as_str());
        let paths = [path];
        assert_eq!(product.nix().valid_in(&store, &paths), paths, "{store}");
    }
}

/// A copy keeps its memory in a directory of its own, and takes it along.
#[test]
fn nothing_is_left_of_what_a_copy_remembers() {
    let (_server, product, _) = deleted_there("");
    let temporary = product.nix().dir().join("temporary");
    fs::create_dir(&temporary).expect("mkdir");
    let mut push = product.command();
    push.arg("push").env("TMPDIR", &temporary);
    push.run().success().without_complaint();
    let left: Vec<_> = fs::read_dir(&temporary).expect("read_dir").collect();
    assert!(left.is_empty(), "{left:?}");
}
