//! The destination: whether it is there, takes what is copied, and trusts who signed it.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};

use system_tests::{Nix, Product, Reply, Run, Server, User, Version, expr, tree};

use super::patient::{CONFIG, Mount, examine, examine_as_user, make_keys, sign_with, well};

fn to(destination: &str) -> Product {
    let product = well();
    product.write_config(&CONFIG.replace("file://@T@/cache", destination));
    product
}

#[test]
fn a_destination_that_is_none_or_does_not_answer_is_a_fault() {
    let product = well();
    product.write_config("[queues.main]\nqueue-dir = \"@T@/queue\"\n");
    examine(&product, &[]).finds("destination-unusable");
    product
        .write_config("[queues.main]\nqueue-dir = \"@T@/queue\"\ndestination.file = \"@T@/uri\"\n");
    let report = examine(&product, &[]);
    assert!(
        report.finds("destination-unusable")["causes"]
            .to_string()
            .contains("/uri")
    );
    let product = to("http://127.0.0.1:1");
    let report = examine(&product, &[]);
    report.finds_only("destination-down");
}

#[test]
fn a_cache_that_nix_would_not_open_is_a_fault_and_is_not_made_by_looking() {
    let product = to("file://relative/cache");
    examine(&product, &[]).finds("config-broken");
    let product = to("file://@T@/cache?compression=zstd");
    examine(&product, &[]).is_well();
    let product = to("file://@T@/cache?priority=nonsense");
    let report = examine(&product, &[]);
    let finding = report.finds_only("destination-unusable");
    assert!(
        finding["causes"].to_string().contains("nonsense"),
        "{finding:#}"
    );
    assert!(!product.nix().dir().join("cache").exists());
    let left = fs::read_dir(product.nix().dir().join("tmp")).expect("readdir");
    assert_eq!(left.count(), 0);
    product.run(&["push"]).fails();
}

#[test]
fn a_cache_that_cannot_be_written_or_is_full_is_a_fault() {
    let product = well();
    product.run(&["push"]).success();
    product.nix().build_one(&expr::file("more", "hello"));
    let cache = product.nix().dir().join("cache");
    examine(&product, &[]).is_well();
    let mount = Mount::read_only(&cache);
    examine(&product, &[]).finds_only("destination-not-writable");
    drop(mount);
    let _mount = Mount::tmpfs("size=4m,mode=755", &cache);
    fs::write(cache.join("fill"), vec![0; 8 << 20]).expect_err("it is full");
    examine(&product, &[]).finds_only("destination-full");
}

#[test]
fn what_only_a_copy_shows_is_tried_when_that_is_asked_for_and_leaves_one_path_there() {
    let server = Server::binary_cache();
    let product = to(&server.url());
    let report = examine(&product, &[]);
    report.finds_only("write-not-tried");
    let puts = || {
        let requests = server.requests().into_iter();
        requests
            .filter(|request| request.method == "PUT" && request.path.ends_with(".narinfo"))
            .count()
    };
    assert_eq!(puts(), 0);
    for times in 1..3 {
        examine(&product, &["--write"])
            .says("which stays there")
            .is_well();
        assert_eq!(puts(), times);
    }
    // Nothing of it is queued, or left in the way.
    assert_eq!(product.queued().len(), 1);
    let left = fs::read_dir(product.nix().dir().join("tmp")).expect("readdir");
    let ours = left.filter(|entry| {
        let name = entry.as_ref().expect("readdir").file_name();
        name.to_string_lossy().contains("doctor")
    });
    assert_eq!(ours.count(), 0);
}

#[test]
fn a_server_that_refuses_what_is_copied_is_found_by_a_copy() {
    let server = Server::binary_cache_except(|request| {
        let is_refused = request.method == "PUT" && !request.path.ends_with("nix-cache-info");
        is_refused.then_some(Reply::Status(403))
    });
    let product = to(&server.url());
    let report = examine(&product, &["--write"]);
    report.finds("destination-not-writable");
}

#[test]
fn what_is_not_signed_is_a_warning_for_a_cache_and_a_fault_for_a_store() {
    let product = Product::install(Nix::new(), CONFIG);
    product.nix().build_one(&expr::file("built", "hello"));
    examine(&product, &[]).finds_only("unsigned");
    product
        .write_config(&CONFIG.replace("file://@T@/cache", "file://@T@/cache?secret-key=@T@/key"));
    // The key of the destination signs, if it can be read.
    let report = examine(&product, &[]);
    report.finds_only("credential-unreadable");
    let key = product.nix().dir().join("key");
    fs::write(&key, "x").expect("write");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).expect("chmod");
    examine(&product, &[]).is_well();
    product.write_config(&CONFIG.replace("file://@T@/cache", "@T@/there"));
    examine(&product, &[]).finds_only("unsigned-refused");
    product.write_config(&format!(
        "{}check-sigs = false\n",
        CONFIG.replace("file://@T@/cache", "@T@/there")
    ));
    examine(&product, &[]).is_well();
}

#[test]
fn a_store_trusts_a_key_that_this_machine_trusts_and_no_other() {
    // Its own key is one that it trusts.
    let product = to("@T@/there");
    examine(&product, &[]).is_well();
    product.run(&["push"]).success();

    let config = CONFIG.replace("file://@T@/cache", "@T@/there");
    let mut product = Product::install(Nix::new(), &config);
    let path = product.nix().build_one(&expr::file("built", "hello"));
    let keys = make_keys(product.nix(), "elsewhere-1");
    sign_with(product.nix(), &keys[0], &path);
    let report = examine(&product, &[]);
    let finding = report.finds_only("key-not-trusted");
    assert!(
        finding["text"].as_str().unwrap().contains("elsewhere-1"),
        "{finding:#}"
    );
    product.run(&["push"]).fails();
    let key = fs::read_to_string(&keys[1]).expect("read");
    product
        .nix_mut()
        .add_setting(&format!("trusted-public-keys = {}", key.trim()));
    product.run(&["retry", "--all"]).success();
    examine(&product, &[]).is_well();
    product.run(&["push", "--force"]).success();
}

#[test]
fn a_chroot_store_that_is_not_there_yet_is_not_made_by_looking() {
    let product = to("@T@/there");
    let before = tree(&product.queue_dir(), &[]);
    drop(examine(&product, &[]));
    assert!(!product.nix().dir().join("there").exists());
    assert_eq!(tree(&product.queue_dir(), &[]), before);
}

#[test]
fn a_daemon_that_does_not_trust_who_asks_it_not_to_check_is_a_fault() {
    let mut product = to("unix://@T@/var/nix/daemon-socket/socket");
    let config = CONFIG.replace(
        "file://@T@/cache",
        "unix://@T@/var/nix/daemon-socket/socket",
    );
    product.write_config(&format!("{config}check-sigs = false\n"));
    product.nix_mut().start_daemon();
    let user = User::unprivileged();
    chown(product.queue_dir(), Some(user.uid), Some(user.gid)).expect("chown");
    let report = examine_as_user(&product, |_| {});
    // 2.8.0 does not tell.
    match product.nix().version() < Version(2, 14, 0) {
        true => report.finds("signatures-not-tried"),
        false => report.finds("not-trusted-there"),
    };
}

#[test]
fn whether_a_daemon_elsewhere_trusts_a_key_is_not_claimed() {
    let product = well();
    let destination = product.nix().ssh_ng_store("far");
    product.write_config(&CONFIG.replace("file://@T@/cache", &destination));
    let report = examine(&product, &[]);
    report.finds("signatures-not-tried");
    report.finds("write-not-tried");
}

#[test]
fn whether_a_daemon_elsewhere_trusts_a_key_shows_in_a_copy() {
    let mut nix = Nix::new();
    // Who asks signs; the daemon there knows nothing of the key.
    let keys = make_keys(&nix, "here-1");
    nix.add_setting("trusted-public-keys =");
    let config = CONFIG.replace("file://@T@/cache", &nix.ssh_ng_store("far"));
    let product = Product::install(nix, &config);
    let path = product.nix().build_one(&expr::file("built", "hello"));
    sign_with(product.nix(), &keys[0], &path);
    examine(&product, &[]).finds("signatures-not-tried");
    let report = examine(&product, &["--write"]);
    report.finds_only("key-not-trusted");
    report.says("which stays there");
    product.run(&["push"]).fails();
    examine(&product, &[]).finds("key-not-trusted");

    let product = well();
    let destination = product.nix().ssh_ng_store("far");
    product.write_config(&CONFIG.replace("file://@T@/cache", &destination));
    examine(&product, &["--write"])
        .says("which here-1 signed")
        .is_well();
}

#[test]
fn of_a_destination_in_a_file_nothing_is_shown_but_the_file() {
    let product = well();
    let there = product.nix().dir().join("hidden-place");
    fs::create_dir(&there).expect("mkdir");
    let uri = format!("file://{there}/cache?secret-key={there}/key");
    fs::write(product.nix().dir().join("uri"), uri).expect("write");
    product
        .write_config("[queues.main]\nqueue-dir = \"@T@/queue\"\ndestination.file = \"@T@/uri\"\n");
    let report = examine(&product, &[]);
    report.finds("credential-unreadable");
    report.says("/uri").lacks("hidden-place");
    let _mount = Mount::read_only(&there);
    let report = examine(&product, &[]);
    report.finds("destination-not-writable");
    report.lacks("hidden-place");
}

#[test]
fn a_secret_that_is_open_to_everybody_is_told() {
    let product = to("http://127.0.0.1:1");
    let at = |name: &str| product.nix().dir().join(name);
    let mode = |name: &str, mode| {
        fs::set_permissions(at(name), fs::Permissions::from_mode(mode)).expect("chmod");
    };
    let config = CONFIG.replace("file://@T@/cache", "http://127.0.0.1:1");
    product.write_config(&format!(
        "{config}nix-opts = [\"--netrc-file\", \"@T@/netrc\"]\n"
    ));
    fs::write(at("netrc"), "").expect("write");
    mode("netrc", 0o666);
    let report = examine(&product, &[]);
    let fix = report.finds("credential-open")["fix"]
        .as_str()
        .expect("a fix");
    let mut follow = std::process::Command::new("sh");
    follow
        .args(["-ec", &fix.replace("sudo ", "")])
        .run()
        .success();
    examine(&product, &[]).finds_only("destination-down");
    fs::remove_file(at("netrc")).expect("unlink");
    fs::create_dir(at("netrc")).expect("mkdir");
    examine(&product, &[]).finds("credential-unreadable");

    let file = "[queues.main]\nqueue-dir = \"@T@/queue\"\ndestination.file = \"@T@/uri\"\n";
    product.write_config(file);
    fs::write(at("uri"), "http://me:hunter2@127.0.0.1:1").expect("write");
    mode("uri", 0o644);
    examine(&product, &[]).finds("credential-open");
    mode("uri", 0o600);
    examine(&product, &[]).finds_only("destination-down");
}
