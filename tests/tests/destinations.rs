//! Stores of several kinds as destinations, signatures, and one that does not answer.

use std::collections::BTreeSet;
use std::fs;
use std::net::TcpListener;

use camino::Utf8PathBuf;
use system_tests::{Nix, Product, Reply, Run, Server, expr, hashes};

fn config(destination: &str, more: &str) -> String {
    format!(
        "[queues.main]\ndestination = \"{destination}\"\nqueue-dir = \"@T@/queue\"\nretry-delay = \"0s\"\n{more}\n"
    )
}

fn all_in(product: &Product, store: &str, paths: &BTreeSet<Utf8PathBuf>) {
    let paths: Vec<_> = paths.iter().cloned().collect();
    assert_eq!(product.nix().valid_in(store, &paths), paths, "{store}");
}

/// A port on loopback that nobody listens on.
fn closed_port() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("bind");
    let address = listener.local_addr().expect("local_addr");
    format!("http://{address}")
}

/// A fresh Nix that signs what it builds.
fn signing_nix() -> Nix {
    let mut nix = Nix::new();
    let (secret, public) = (nix.dir().join("secret"), nix.dir().join("public"));
    let mut command = nix.command("nix-store");
    command.args([
        "--generate-binary-cache-key",
        "key-1",
        secret.as_str(),
        public.as_str(),
    ]);
    command.run().success();
    nix.add_setting(&format!("secret-key-files = {secret}"));
    let public = fs::read_to_string(&public).expect("public key");
    nix.add_setting(&format!("trusted-public-keys = {}", public.trim()));
    nix
}

/// A push brings the closure there, and a second one has nothing to do.
#[track_caller]
fn arrives(nix: Nix, store: &str, more: &str) {
    let product = Product::install(nix, &config(store, more));
    let top = product.nix().build_one(&expr::chain(3));
    let closure = product.nix().closure(&top);
    product.run(&["push"]).success().without_complaint();
    all_in(
        &product,
        &store.replace("@T@", product.nix().dir().as_str()),
        &closure,
    );
    assert_eq!(product.queued(), BTreeSet::new());
    product
        .run(&["push"])
        .success()
        .stdout_has("nothing is queued");
}

/// The entry is kept, and the message says what can be done.
#[track_caller]
fn is_refused_without_a_signature(store: &str) {
    let product = Product::install(Nix::new(), &config(store, ""));
    let path = product.nix().build_one(&expr::file("unsigned", "unsigned"));
    let output = product.run(&["push"]).exits(75);
    output
        .stderr_has(path.as_str())
        .stderr_has("signature")
        .stderr_has("check-sigs");
    assert_eq!(product.queued(), [path.clone()].into());
    assert_eq!(product.rooted(), [path].into());
    // Once the configuration is mended it goes through.
    product.write_config(&config(store, "check-sigs = false"));
    product.run(&["push"]).success();
    assert_eq!(product.queued(), BTreeSet::new());
}

#[test]
fn a_file_binary_cache() {
    arrives(Nix::new(), "file://@T@/cache", "");
}

#[test]
fn an_http_binary_cache() {
    let server = Server::binary_cache();
    arrives(Nix::new(), &server.url(), "");
}

#[test]
fn a_chroot_store_that_does_not_check_signatures() {
    arrives(Nix::new(), "@T@/chroot", "check-sigs = false");
}

#[test]
fn a_chroot_store_that_trusts_the_key() {
    arrives(signing_nix(), "@T@/chroot", "");
}

#[test]
fn a_chroot_store_refuses_what_is_unsigned() {
    is_refused_without_a_signature("@T@/chroot");
}

#[test]
fn a_store_behind_ssh_ng_that_does_not_check_signatures() {
    let store = "ssh-ng://localhost?remote-store=@T@/remote";
    arrives(Nix::new(), store, "check-sigs = false");
}

#[test]
fn a_store_behind_ssh_ng_that_trusts_the_key() {
    arrives(
        signing_nix(),
        "ssh-ng://localhost?remote-store=@T@/remote",
        "",
    );
}

#[test]
fn a_store_behind_ssh_ng_refuses_what_is_unsigned() {
    is_refused_without_a_signature("ssh-ng://localhost?remote-store=@T@/remote");
}

#[test]
fn the_destination_may_stand_in_a_file() {
    let config = "[queues.main]\ndestination = { file = \"@T@/uri\" }\nqueue-dir = \"@T@/queue\"\n";
    let product = Product::install(Nix::new(), config);
    fs::write(
        product.nix().dir().join("uri"),
        format!("{}\n", product.cache()),
    )
    .expect("write");
    let path = product.nix().build_one(&expr::file("hidden", "hidden"));
    product.run(&["push"]).success();
    assert_eq!(product.nix().cached("cache"), hashes(&[path]));
}

#[test]
fn a_dead_destination_keeps_its_entries_and_holds_back_no_other() {
    let config = format!(
        r#"
[queues.dead]
destination = "{}"
queue-dir = "@T@/dead"
retry-delay = "1h"
[queues.sound]
destination = "file://@T@/cache"
queue-dir = "@T@/queue"
"#,
        closed_port()
    );
    let product = Product::install(Nix::new(), &config);
    let calls = product.nix().call_log();
    product.write_config(&format!("[nix]\nbin-dir = \"@T@/calls\"\n{config}"));
    let closure: BTreeSet<_> = product
        .nix()
        .build(&expr::independent(3))
        .into_iter()
        .collect();
    assert_eq!(product.queued_in("dead"), closure);
    assert_eq!(product.queued(), closure);

    let output = product
        .run(&["push"])
        .exits(69)
        .stderr_has("dead: http://127.0.0.1:");
    output
        .stderr_has("unavailable")
        .stderr_has("hint: ")
        .stderr_lacks("error: sound: ");
    assert_eq!(product.nix().cached("cache"), hashes(&closure));
    assert_eq!(product.queued(), BTreeSet::new());
    assert_eq!(product.queued_in("dead"), closure);
    assert_eq!(product.rooted_in("dead"), closure);
    // Nobody is blamed for it.
    let status = product.json_of_one(&["status", "--queue", "dead", "--json"]);
    assert_eq!(
        (&status["ready"], &status["failures"]),
        (&3.into(), &serde_json::json!([]))
    );
    assert_eq!(status["destination_failure"]["attempts"], 1);

    // While it backs off it is not asked.
    calls.take();
    product.run(&["push"]).exits(69).stderr_has("push --force");
    assert_eq!(calls.take(), [""; 0]);
    product
        .run(&["retry", "--queue", "dead", "--all"])
        .success();
    product.run(&["push"]).exits(69);
    assert_ne!(calls.take(), [""; 0]);
}

#[test]
fn a_destination_that_comes_back_gets_everything() {
    let dead = closed_port();
    let product = Product::install(Nix::new(), &config(&dead, ""));
    let paths = product.nix().build(&expr::independent(2));
    product.run(&["push"]).exits(69);
    product.write_config(&config("file://@T@/cache", ""));
    product.run(&["push"]).success();
    assert_eq!(product.nix().cached("cache"), hashes(&paths));
    let status = product.json_of_one(&["status", "--json"]);
    assert!(status["destination_failure"].is_null(), "{status:#}");
}

#[test]
fn a_path_that_the_destination_refuses_holds_back_no_other() {
    let nix = Nix::new();
    let drvs = nix.instantiate(&expr::independent(4));
    let refused = Utf8PathBuf::from(nix.query(&["--outputs", drvs[2].as_str()]).swap_remove(0));
    let hash = refused.file_name().expect("name")[..32].to_owned();
    let server = Server::binary_cache_except(move |request| {
        let ours = request.method == "PUT" && request.path.contains(&hash);
        ours.then_some(Reply::Status(403))
    });
    let product = Product::install(nix, &config(&server.url(), "max-attempts = 1"));
    let paths = product.nix().realise(&drvs);
    let output = product.run(&["push"]).exits(75).stdout_has("3 copied");
    output.stderr_has(refused.as_str()).stderr_has("403");
    let others: Vec<_> = paths
        .iter()
        .filter(|path| **path != refused)
        .cloned()
        .collect();
    assert_eq!(product.nix().valid_in(&server.url(), &paths), others);
    assert_eq!(product.queued(), [refused.clone()].into());
    assert_eq!(product.entry(&refused)["state"], "parked");
}
