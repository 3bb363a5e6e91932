//! `verify = true`: no entry leaves before the destination says that it has the path.

use std::collections::BTreeSet;

use camino::Utf8PathBuf;
use system_tests::{Nix, Product, Reply, Server, expr, hashes};

fn config(destination: &str, verify: bool) -> String {
    format!(
        "[queues.main]\ndestination = \"{destination}\"\nqueue-dir = \"@T@/queue\"\nverify = {verify}\ncheck-sigs = false\n"
    )
}

/// A queue with three paths, and a cache that takes the second one's narinfo and forgets it.
fn forgetful(verify: bool) -> (Server, Product, Vec<Utf8PathBuf>) {
    let nix = Nix::new();
    let drvs = nix.instantiate(&expr::independent(3));
    let output = Utf8PathBuf::from(nix.query(&["--outputs", drvs[1].as_str()]).swap_remove(0));
    let narinfo = format!("/{}.narinfo", &output.file_name().expect("name")[..32]);
    let server = Server::binary_cache_except(move |request| {
        let forgotten = request.method == "PUT" && request.path == narinfo;
        forgotten.then_some(Reply::Status(200))
    });
    let product = Product::install(nix, &config(&server.url(), verify));
    let paths = product.nix().realise(&drvs);
    assert_eq!(product.queued().len(), 3);
    (server, product, paths)
}

#[test]
fn a_lost_narinfo_is_noticed_and_its_entry_kept() {
    let (server, product, paths) = forgetful(true);
    let output = product
        .run(&["push"])
        .exits(75)
        .stdout_has("2 copied")
        .stdout_has("1 failed");
    output
        .stderr_has(&paths[1])
        .stderr_lacks(&paths[0])
        .stderr_lacks(&paths[2]);
    assert_eq!(product.queued(), [paths[1].clone()].into());
    assert_eq!(product.rooted(), [paths[1].clone()].into());
    assert_eq!(product.entry(&paths[1])["state"], "backing-off");
    let there = [paths[0].clone(), paths[2].clone()];
    assert_eq!(product.nix().valid_in(&server.url(), &paths), there);
}

/// What the test above is about: a copy alone does not notice.
#[test]
fn without_it_a_copy_that_reports_success_is_believed() {
    let (_server, product, _) = forgetful(false);
    product.run(&["push"]).success().without_complaint();
    assert_eq!(product.queued(), BTreeSet::new());
}

#[test]
fn what_is_there_leaves_the_queue() {
    let server = Server::binary_cache();
    for destination in [
        "file://@T@/cache",
        "@T@/chroot",
        "ssh-ng://localhost?remote-store=@T@/remote",
        &server.url(),
    ] {
        let product = Product::install(Nix::new(), &config(destination, true));
        product.nix().build(&expr::chain(3));
        product
            .run(&["push"])
            .success()
            .without_complaint()
            .stdout_has("3 copied");
        assert_eq!(product.queued(), BTreeSet::new(), "{destination}");
    }
}

/// It is not asked for afterwards: Nix asks for one path after the other.
#[test]
fn what_entries_refer_to_nix_looks_for_itself() {
    let trusting = r#"nix-opts = ["--option", "narinfo-cache-positive-ttl", "3600"]"#;
    for more in ["", trusting] {
        let server = Server::binary_cache();
        let nix = Nix::new();
        let top = nix.build_one(&expr::diamond());
        let closure = nix.closure(&top);
        let base = closure.iter().find(|path| path.as_str().ends_with("-base"));
        let base = base.expect("a path of that name").clone();
        let product = Product::install(nix, &(config(&server.url(), true) + more));
        let push = |path: &Utf8PathBuf| {
            product.run(&["enqueue", path.as_str()]).success();
            product.run(&["push"]).success().stdout_has("1 copied");
        };
        push(&base);
        server.delete(&format!(
            "/{}.narinfo",
            &base.file_name().expect("name")[..32]
        ));
        push(&top);
        let both = [base, top];
        assert_eq!(product.nix().valid_in(&server.url(), &both), both, "{more}");
    }
}

#[test]
fn derivations_of_a_source_queue_are_verified_as_well() {
    let config = config("file://@T@/cache", true) + "closure-type = \"source\"\n";
    let product = Product::install(Nix::new(), &config);
    let path = product.nix().build_one(&expr::file("source", "source"));
    let drv = product.nix().deriver(&path).expect("deriver");
    product.run(&["push"]).success().without_complaint();
    assert_eq!(product.queued(), BTreeSet::new());
    assert_eq!(product.nix().cached("cache"), hashes(&[drv]));
}
