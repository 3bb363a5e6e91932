//! What mends something, where somebody edits `nix.conf` and where it is a link into the store, as on
//! NixOS.

use std::fs;
use std::os::unix::fs::symlink;

use system_tests::{DoctorReport, Nix, Product, expr};

use super::patient::{CONFIG, examine};

/// With something wrong with each of these.
fn ill() -> Product {
    let mut nix = Nix::new();
    nix.add_setting("keep-derivations = false");
    nix.add_setting("keep-outputs = false");
    let config = CONFIG.replace("file://@T@/cache", "@T@/there") + "closure-type = \"cache\"\n";
    let mut product = Product::install(nix, &config);
    product.nix().build_one(&expr::file("built", "hello"));
    product.nix_mut().add_setting("post-build-hook =");
    product
}

const IDS: [&str; 4] = [
    "hook-not-set",
    "derivations-not-kept",
    "outputs-not-kept",
    "unsigned-refused",
];

fn fixes(report: &DoctorReport) -> [&str; 4] {
    IDS.map(|id| report.finds(id)["fix"].as_str().expect("a fix"))
}

/// Looks while `nix.conf` is a file in the store, to which a link leads over another one. Afterwards it
/// is where it was: it has a secret of the tests in it, which is to be in no store.
fn examine_declared(product: &Product) -> DoctorReport {
    let nix = product.nix();
    let (file, between) = (nix.dir().join("etc/nix.conf"), nix.dir().join("static"));
    let name = "00000000000000000000000000000001-nix.conf";
    let declared = nix.store_dir().join(name);
    fs::rename(&file, &declared).expect("rename");
    symlink(&declared, &between).expect("symlink");
    symlink(&between, &file).expect("symlink");
    let report = examine(product, &[]);
    fs::rename(&declared, &file).expect("rename");
    report
}

#[test]
fn whoever_edits_nix_conf_is_told_what_to_write_there_and_nobody_else_is() {
    let product = ill();
    let report = examine(&product, &[]);
    for fix in fixes(&report) {
        assert!(fix.contains("/etc/nix/nix.conf"), "{fix}");
    }
    report.lacks("nixos");
    let report = examine_declared(&product);
    let options = [
        "services.nix-post-build-push.hook.enable = true;",
        "nix.settings.keep-derivations = true;",
        "nix.settings.keep-outputs = true;",
        "nix.settings.secret-key-files = [",
    ];
    for (fix, option) in fixes(&report).into_iter().zip(options) {
        assert!(fix.contains(option), "{fix}");
        assert!(fix.contains("sudo nixos-rebuild switch"), "{fix}");
        assert!(!fix.contains("/etc/nix/nix.conf"), "{fix}");
    }
    report.says("services.nix-post-build-push.queues.main.checkSigs = false;");
}
