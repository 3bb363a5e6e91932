//! Queues that compare contents, and damage.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use camino::{Utf8Path, Utf8PathBuf};
use system_tests::{Nix, Product};

pub(super) fn config(scope: &str, more: &str) -> String {
    format!(
        "[queues.main]\ndestination = \"file://@T@/cache\"\nqueue-dir = \"@T@/queue\"\n\
         check-contents = \"{scope}\"\n{more}\n"
    )
}

pub(super) fn install(scope: &str, more: &str) -> Product {
    Product::install(Nix::new(), &config(scope, more))
}

/// Changes a store object that is one file, behind Nix's back.
pub(super) fn damage(path: &Utf8Path) {
    fs::set_permissions(path, fs::Permissions::from_mode(0o644)).expect("chmod");
    fs::write(path, "somebody else's\n").expect("write");
    fs::set_permissions(path, fs::Permissions::from_mode(0o444)).expect("chmod");
}

#[track_caller]
pub(super) fn is_parked(product: &Product, path: &Utf8Path) {
    assert_eq!(product.entry(path)["state"], "parked", "{path}");
    assert!(product.rooted().contains(path), "{path} is not held");
}

pub(super) fn named(paths: &[Utf8PathBuf], name: &str) -> Utf8PathBuf {
    let found = paths.iter().find(|path| path.as_str().ends_with(name));
    found.expect("a path of that name").clone()
}
