//! Destinations that do not have what they seem to have. Of those that say so when asked, the
//! tests of `verify` are in `verify.rs`.

use std::collections::BTreeSet;

use camino::Utf8PathBuf;
use system_tests::{Nix, Product, Server, expr};

/// Believes what it remembers of the destination, for an hour.
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
    for more in ["", "verify = true"] {
        let (server, product, path) = deleted_there(more);
        product.run(&["push"]).success().without_complaint();
        let paths = [path];
        assert_eq!(product.nix().valid_in(&server.url(), &paths), paths);
    }
}

/// Somebody may want the copy to trust that memory, for its speed. The question of `verify` does not.
#[test]
fn verify_does_not_believe_what_the_client_remembers() {
    let (server, product, path) = deleted_there(&format!("verify = true\n{TRUSTING}"));
    let output = product.run(&["push"]).exits(75);
    output
        .stderr_has(&path)
        .stderr_has("the destination does not have it although the copy succeeded")
        .stderr_has("hint: it lost what it was sent, or Nix believed its own memory");
    assert_eq!(product.queued(), [path.clone()].into());
    assert_eq!(product.rooted(), [path.clone()].into());
    assert!(product.nix().valid_in(&server.url(), &[path]).is_empty());
}

/// What the test above is about.
#[test]
fn without_verify_a_copy_that_trusts_the_memory_is_believed() {
    let (server, product, path) = deleted_there(TRUSTING);
    product.run(&["push"]).success().without_complaint();
    assert_eq!(product.queued(), BTreeSet::new());
    assert!(product.nix().valid_in(&server.url(), &[path]).is_empty());
}
