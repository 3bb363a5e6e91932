//! Entries that are damaged themselves, and what a push makes of them.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;

use camino::{Utf8Path, Utf8PathBuf};
use rustix::fs::{CWD, FileType, Mode, mknodat};
use system_tests::{Nix, Product, Run, User, expr, hashes, names};

use crate::setup::{config, damage, install, is_parked};

/// What all of this is about.
#[test]
fn without_it_a_binary_cache_takes_what_is_damaged() {
    let product = install("off", "");
    let path = product.nix().build_one(&expr::file("bad", "bad"));
    damage(&path);
    product.run(&["push"]).success().without_complaint();
    assert_eq!(product.nix().cached("cache"), hashes([&path]));
}

#[test]
fn a_damaged_entry_is_named_and_parked_and_all_others_go_in_the_same_push() {
    for scope in ["entries", "closure"] {
        let product = install(scope, "");
        let paths = product.nix().build(&expr::independent(5));
        damage(&paths[2]);
        let output = product.run(&["push"]).exits(75).stdout_has("4 copied");
        output
            .stderr_has(format!("{} differs from what was registered", paths[2]))
            .stderr_has(format!("`nix-store --repair-path {}`", paths[2]))
            .stderr_has("then `retry ")
            .stderr_lacks(&paths[1]);
        let others = paths.iter().filter(|path| **path != paths[2]);
        assert_eq!(product.nix().cached("cache"), hashes(others), "{scope}");
        assert_eq!(product.queued(), [paths[2].clone()].into());
        is_parked(&product, &paths[2]);
    }
}

#[test]
fn what_the_hint_says_repairs_it_and_then_it_goes() {
    let product = install("entries", "");
    let path = product.nix().build_one(&expr::file("bad", "bad"));
    damage(&path);
    product.run(&["push"]).exits(75);
    // Also for who comes later.
    let told = format!(
        "`nix-store --repair-path {path}`, which fetches it anew, or builds it if it is an output, but not in a cache that got it damaged before; then `nix-post-build-push retry {path}`"
    );
    product.run(&["status"]).exits(1).stdout_has(told);
    // Asked for without having repaired it, it is parked anew.
    product.run(&["retry", "--all"]).success();
    product.run(&["push"]).exits(75).stderr_has("differs from");
    let mut repair = product.nix().command("nix-store");
    repair
        .args(["--repair-path", path.as_str()])
        .run()
        .success();
    product.run(&["push"]).success().stdout_has("1 parked");
    product.run(&["retry", "--all"]).success();
    product.run(&["push"]).success().stdout_has("1 copied");
    let mut fetch = product.nix().command("nix");
    let cache = product.cache();
    let words = ["store", "verify", "--no-trust", "--store", &cache];
    fetch.args(words).arg(&path).run().success();
}

/// Nix does not replace what is there. So says the manual, with what mends it.
#[test]
fn what_a_cache_got_damaged_stays_so_until_its_narinfo_and_nar_are_removed() {
    let product = install("off", "");
    let path = product.nix().build_one(&expr::file("bad", "bad"));
    damage(&path);
    product.run(&["push"]).success();
    let mut repair = product.nix().command("nix-store");
    repair
        .args(["--repair-path", path.as_str()])
        .run()
        .success();
    let cache = product.cache();
    let fetched = || {
        let mut verify = product.nix().command("nix");
        let words = ["store", "verify", "--no-trust", "--store", &cache];
        verify.args(words).arg(&path).run()
    };
    product.write_config(&config("entries", "verify = true"));
    let push = || {
        product.run(&["enqueue", path.as_str()]).success();
        product.run(&["push"]).success().stdout_has("1 copied");
    };
    push();
    fetched().fails();
    let directory = product.nix().dir().join("cache");
    let hash = &path.file_name().expect("name")[..32];
    let narinfo = directory.join(format!("{hash}.narinfo"));
    let text = fs::read_to_string(&narinfo).expect("narinfo");
    let nar = text.lines().find_map(|line| line.strip_prefix("URL: "));
    fs::remove_file(directory.join(nar.expect("URL"))).expect("rm");
    fs::remove_file(narinfo).expect("rm");
    push();
    fetched().success();
}

#[test]
fn what_cannot_be_read_and_what_is_gone_hold_back_no_other() {
    let product = install("entries", "");
    let dirs =
        r#"map (n: drv n "/bin/mkdir $out; echo ${n} > $out/file") [ "a" "fifo" "gone" "z" ]"#;
    let paths = product.nix().build(&expr::with_drv(dirs));
    fs::set_permissions(&paths[1], fs::Permissions::from_mode(0o755)).expect("chmod");
    fs::remove_file(paths[1].join("file")).expect("rm");
    let fifo = paths[1].join("file");
    mknodat(CWD, fifo.as_str(), FileType::Fifo, Mode::RUSR, 0).expect("mkfifo");
    fs::set_permissions(&paths[2], fs::Permissions::from_mode(0o755)).expect("chmod");
    fs::remove_dir_all(&paths[2]).expect("rm");
    let output = product.run(&["push"]).exits(75).stdout_has("2 copied");
    output
        .stderr_has(format!("{} cannot be read: ", paths[1]))
        .stderr_has(format!("{} cannot be read: ", paths[2]));
    assert_eq!(
        names(&product.queued()),
        ["fifo".to_owned(), "gone".to_owned()].into()
    );
    is_parked(&product, &paths[1]);
    is_parked(&product, &paths[2]);
}

#[test]
fn an_entry_that_is_no_longer_valid_still_leaves_the_queue() {
    for scope in ["entries", "closure"] {
        let product = install(scope, "");
        let paths = product.nix().build(&expr::independent(3));
        // Valid no more, and on the disk still.
        let kept = product.nix().dir().join("kept");
        fs::rename(&paths[1], &kept).expect("mv");
        fs::copy(&kept, &paths[1]).expect("cp");
        product.nix().delete_ignoring_liveness(&paths[1]);
        fs::rename(&kept, &paths[1]).expect("mv");
        damage(&paths[2]);
        let output = product.run(&["push"]).exits(75).stdout_has("1 copied");
        output.stderr_has(format!("{} is no longer valid", paths[1]));
        assert_eq!(product.queued(), [paths[2].clone()].into(), "{scope}");
    }
}

#[test]
fn an_unprivileged_user_of_a_daemon_is_told_as_well() {
    let mut nix = Nix::new();
    nix.start_daemon();
    nix.user_home();
    let config = config("closure", "").replace("@T@/", "@T@/user/");
    let product = Product::install(nix, &config);
    let mut build = product.nix().user_command("nix-build");
    let lines = build
        .args(["--no-out-link", "-E", &expr::independent(3)])
        .run()
        .success()
        .lines();
    let paths: Vec<_> = lines.iter().map(String::as_str).collect();
    product
        .user_run(&[&["enqueue"], &paths[..]].concat())
        .success();
    assert_ne!(User::unprivileged().uid, 0);
    damage(Utf8Path::new(paths[0]));
    fs::set_permissions(paths[1], fs::Permissions::from_mode(0o000)).expect("chmod");
    let output = product.user_run(&["push"]).exits(75).stdout_has("1 copied");
    output
        .stderr_has(format!("{} differs", paths[0]))
        .stderr_has(format!("{} cannot be read: ", paths[1]))
        .stderr_has("as root, and not through a daemon");
    assert_eq!(
        product.nix().cached("user/cache"),
        hashes([&Utf8PathBuf::from(paths[2])])
    );
}

#[test]
fn given_paths_are_compared_as_well() {
    let product = install("entries", "");
    let paths = product.nix().build(&expr::independent(2));
    product.run(&["drop", "--all"]).success();
    damage(&paths[0]);
    product
        .run(&["push", "--", paths[0].as_str(), paths[1].as_str()])
        .exits(75)
        .stdout_has("1 copied")
        .stderr_has(format!("{} differs", paths[0]));
    assert_eq!(product.nix().cached("cache"), hashes([&paths[1]]));
}

#[test]
fn a_nix_that_cannot_compare_copies_nothing_and_nobody_is_blamed() {
    let product = install("entries", "");
    let paths: BTreeSet<_> = product
        .nix()
        .build(&expr::independent(2))
        .into_iter()
        .collect();
    // Its other programs work.
    let _calls = product.nix().call_log();
    let refuse = "case \"$*\" in *'store verify'*) echo 'error: out of order' >&2; exit 1 ;; esac\nexit /bin/false";
    product.nix().script("calls/nix", refuse);
    product.write_config(&format!(
        "[nix]\nbin-dir = \"@T@/calls\"\n{}",
        config("entries", "")
    ));
    product
        .run(&["push"])
        .exits(75)
        .stderr_has("nothing can be copied from here")
        .stderr_has("out of order");
    assert_eq!(product.queued(), paths);
    for path in &paths {
        assert_eq!(product.entry(path)["attempts"], 0);
    }
}

#[test]
fn by_default_a_push_starts_nothing_but_nix_copy() {
    let product = Product::with_file_cache(Nix::new());
    let calls = product.nix().call_log();
    product.write_config(
        "[nix]\nbin-dir = \"@T@/calls\"\n[queues.main]\ndestination = \"file://@T@/cache\"\nqueue-dir = \"@T@/queue\"\n",
    );
    product.nix().build(&expr::independent(3));
    calls.take();
    product.run(&["push"]).success();
    let [call] = calls.take().try_into().expect("one call");
    assert!(call.contains(" copy "), "{call}");
}
