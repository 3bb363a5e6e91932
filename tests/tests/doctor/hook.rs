//! The hook that runs, and the one that somebody believes to run.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Command;

use camino::Utf8PathBuf;
use system_tests::{Product, Run, expr};

use super::patient::{CONFIG, examine, examine_as_user, examine_with, well, well_with_daemon};

fn with_hook(hook: impl Into<Utf8PathBuf>) -> Product {
    let mut product = well();
    product.nix_mut().set_hook(hook);
    product
}

#[test]
fn no_hook_is_a_fault_with_a_daemon_and_without() {
    let mut product = well();
    product.nix_mut().add_setting("post-build-hook =");
    examine(&product, &[]).finds_only("hook-not-set");
    product.nix_mut().start_daemon();
    let report = examine(&product, &[]);
    let finding = report.finds_only("hook-not-set");
    let fix = finding["fix"].as_str().unwrap();
    assert!(fix.contains(Product::hook_program().as_str()), "{fix}");
    assert!(fix.contains("systemctl restart nix-daemon"), "{fix}");
}

#[test]
fn the_hook_of_the_daemon_counts_not_that_of_who_asks() {
    let mut product = well();
    product.nix_mut().add_setting("post-build-hook =");
    product.nix_mut().start_daemon();
    // What this account would set is what a daemon that does not trust it ignores.
    let ours = format!("post-build-hook = {}", Product::hook_program());
    let report = examine_as_user(&product, |command| {
        command.env("NIX_CONFIG", &ours);
    });
    report.finds("hook-not-set");
    report.finds("hook-ignored");
}

#[test]
fn who_is_trusted_and_sets_a_hook_of_his_own_is_told_that_his_builds_run_it() {
    let mut product = well();
    product
        .nix_mut()
        .add_setting("trusted-users = root alice nobody");
    product.nix_mut().start_daemon();
    let report = examine_as_user(&product, |command| {
        command.env("NIX_CONFIG", "post-build-hook = /my/hook");
    });
    report.finds("hook-overridden");
}

#[test]
fn another_hook_is_a_fault_and_a_script_that_calls_ours_is_none() {
    let product = with_hook("/bin/true");
    examine(&product, &[]).finds_only("hook-of-another");
    let ours = Product::hook_program();
    let script = product
        .nix()
        .script("hooks", &format!("{ours}\nexec /bin/true"));
    let product = {
        let mut product = product;
        product.nix_mut().set_hook(script);
        product
    };
    examine(&product, &[]).says("which calls").is_well();
    product.nix().build_one(&expr::file("by-script", "hello"));
    assert_eq!(product.queued().len(), 2);
    let script = product.nix().script("hooks", "exec /bin/true");
    assert!(script.exists());
    examine(&product, &[]).finds_only("hook-of-another");
}

/// Whether a build adds something to the queue.
fn a_build_is_queued(product: &Product, name: &str) -> bool {
    let before = product.queued().len();
    product.nix().build_one(&expr::file(name, "hello"));
    product.queued().len() > before
}

#[test]
fn a_hook_that_is_named_without_its_directory_is_ours_where_path_has_it() {
    let mut product = well();
    let name = Product::hook_program()
        .file_name()
        .expect("a name")
        .to_owned();
    let programs = Product::hook_program()
        .parent()
        .expect("a directory")
        .to_owned();
    let path = std::env::var("PATH").expect("PATH");
    product.nix_mut().set_hook(&name);
    examine(&product, &[]).finds_only("hook-missing");
    product
        .nix_mut()
        .set_env("PATH", format!("{programs}:{path}"));
    examine(&product, &[]).is_well();
    assert!(a_build_is_queued(&product, "by-name"));
    let script = product.nix().script("by-name", &format!("exec {name}"));
    product.nix_mut().set_hook(script);
    examine(&product, &[]).is_well();
    assert!(a_build_is_queued(&product, "by-a-script"));
}

#[test]
fn a_script_may_name_ours_behind_a_variable_call_enqueue_or_have_no_first_line() {
    let mut product = well();
    let hook = Product::hook_program();
    let (directory, name) = (hook.parent().expect("one"), hook.file_name().expect("one"));
    let bodies = [
        format!("d={directory}\nexec $d/{name}"),
        format!("exec {} enqueue $OUT_PATHS", Product::program()),
        format!("{hook}"),
    ];
    for (at, body) in bodies.iter().enumerate() {
        let script = product.nix().script(&format!("hook-{at}"), body);
        if at == 2 {
            let mut remove = Command::new("sed");
            remove.args(["-i", "1d", script.as_str()]).run().success();
        }
        product.nix_mut().set_hook(script);
        examine(&product, &[]).says("which calls").is_well();
        assert!(
            a_build_is_queued(&product, &format!("built-{at}")),
            "{body}"
        );
    }
}

#[test]
fn a_script_that_may_end_before_it_calls_ours_is_not_judged() {
    let mut product = well();
    let script = format!("exit 0\nexec {}", Product::hook_program());
    let script = product.nix().script("ends", &script);
    product.nix_mut().set_hook(script);
    examine(&product, &[]).finds_only("hook-unknown");
    assert!(!a_build_is_queued(&product, "not-queued"));
}

#[test]
fn a_hook_that_is_a_directory_fails_each_build() {
    let mut product = well();
    let directory = product.nix().dir().to_owned();
    product.nix_mut().set_hook(directory);
    examine(&product, &[]).finds_only("hook-not-executable");
    product
        .nix()
        .try_build(&expr::file("fails", "hello"))
        .fails();
}

#[test]
fn a_hook_behind_a_link_is_ours() {
    let mut product = well();
    let link = product.nix().dir().join("link");
    symlink(Product::hook_program(), &link).expect("symlink");
    product.nix_mut().set_hook(link);
    examine(&product, &[]).is_well();
}

#[test]
fn a_hook_that_is_not_there_or_cannot_be_run_is_a_fault() {
    let product = with_hook("/nowhere/nix-post-build-push-hook");
    examine(&product, &[]).finds_only("hook-missing");
    let mut product = product;
    let file = product.nix().dir().join("nix-post-build-push-hook");
    fs::copy(Product::hook_program(), &file).expect("copy");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).expect("chmod");
    product.nix_mut().set_hook(file);
    examine(&product, &[]).finds_only("hook-not-executable");
}

#[test]
fn a_hook_of_another_version_is_told() {
    let mut product = well();
    // No other version was ever released.
    let other = product.nix().script(
        "nix-post-build-push-hook",
        "echo nix-post-build-push-hook 0.0.1",
    );
    product.nix_mut().set_hook(other);
    examine(&product, &[]).finds_only("hook-other-version");
}

#[test]
fn a_queue_that_the_hook_does_not_fill_is_a_fault() {
    let product = well_with_daemon();
    let other = product.nix().dir().join("other.toml");
    let config = CONFIG.replace("@T@", product.nix().dir().as_str());
    fs::write(&other, config.replace("/queue\"", "/another\"")).expect("write");
    let report = examine(&product, &["--config-file", other.as_str()]);
    let finding = report.finds("queue-not-filled");
    assert!(
        finding["text"].as_str().unwrap().contains("config.toml"),
        "{finding:#}"
    );
}

#[test]
fn a_broken_configuration_of_the_hook_is_found_from_one_that_is_not() {
    let product = well_with_daemon();
    let sound = product.nix().dir().join("sound.toml");
    fs::copy(product.config_file(), &sound).expect("copy");
    product.write_config(&CONFIG.replace("queue-dir", "queue-dri"));
    let report = examine_with(&product, &["--config-file", sound.as_str()], |_| {});
    report.finds("hook-config-broken");
    report.finds("queue-not-filled");
}
