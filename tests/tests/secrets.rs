//! Secrets in a destination: never in an output, a log, or the state.

use std::net::TcpListener;

use system_tests::{Nix, Output, Product, Reply, Run, Server, expr};

const USER: &str = "planted-secret-user";
const PASSWORD: &str = "planted-secret-password";
const TOKEN: &str = "planted-secret-parameter";

/// Runs every command that could show a destination, at its most talkative.
fn talk(product: &Product) -> Vec<Output> {
    let commands: &[&[&str]] = &[
        &["push", "-vv"],
        &["push", "--log-format", "json", "-vv"],
        &["push", "--force", "-vv"],
        &["push", "--force", "--json"],
        &["push", "--force", "--debug", "-vv"],
        &["push", "--dry-run"],
        &["push", "--dry-run", "--json"],
        &["status"],
        &["status", "--json"],
        &["list", "--json"],
        &["closure", "-vv"],
        &["config", "show"],
        &["config", "show", "--json"],
        &["config", "check"],
        &["retry", "--all", "-vv"],
    ];
    commands
        .iter()
        .map(|command| product.run(command))
        .collect()
}

#[track_caller]
fn shows_no_secret(product: &Product, outputs: &[Output]) {
    let ledger = product.queue_dir().join(".push/ledger.toml");
    let ledger = std::fs::read_to_string(ledger).unwrap_or_default();
    for secret in [PASSWORD, TOKEN] {
        for output in outputs {
            let shown = output.stdout.contains(secret) || output.stderr.contains(secret);
            assert!(!shown, "{secret} is shown\n{output}");
        }
        assert!(
            !ledger.contains(secret),
            "{secret} is in the ledger:\n{ledger}"
        );
    }
}

fn install(uri: &str) -> Product {
    let config = format!(
        "[queues.main]\ndestination = \"{uri}\"\nqueue-dir = \"@T@/queue\"\nretry-delay = \"0s\"\nstall-timeout = \"5s\"\n\
         nix-opts = [\"--option\", \"download-attempts\", \"1\"]\n"
    );
    let product = Product::install(Nix::new(), &config);
    product.nix().build_one(&expr::file("secret", "secret"));
    assert_eq!(product.queued().len(), 1);
    product
}

fn with_secrets(address: &str) -> String {
    format!("http://{USER}:{PASSWORD}@{address}/cache?token={TOKEN}")
}

#[test]
fn of_a_destination_that_does_not_answer() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("bind");
    let address = listener.local_addr().expect("local_addr").to_string();
    drop(listener);
    let product = install(&with_secrets(&address));
    let outputs = talk(&product);
    assert_eq!(outputs[0].code, 69, "{}", outputs[0]);
    // It is named all the same.
    drop(
        outputs[0]
            .clone()
            .stderr_has(format!("http://***@{address}/cache?token=***")),
    );
    shows_no_secret(&product, &outputs);
}

#[test]
fn of_a_destination_that_refuses() {
    let server = Server::answering(403);
    let product = install(&with_secrets(&server.url()["http://".len()..]));
    let outputs = talk(&product);
    assert_ne!(outputs[0].code, 0, "{}", outputs[0]);
    shows_no_secret(&product, &outputs);
    assert!(!server.requests().is_empty());
}

#[test]
fn of_a_destination_that_refuses_one_path() {
    let server = Server::binary_cache_except(|request| {
        (request.method == "PUT" && request.path.contains(".nar")).then_some(Reply::Status(403))
    });
    let product = install(&with_secrets(&server.url()["http://".len()..]));
    let outputs = talk(&product);
    assert_ne!(outputs[0].code, 0, "{}", outputs[0]);
    shows_no_secret(&product, &outputs);
}

#[test]
fn of_a_destination_that_takes_everything() {
    let server = Server::binary_cache();
    let product = install(&with_secrets(&server.url()["http://".len()..]));
    let outputs = talk(&product);
    drop(outputs[0].clone().success());
    shows_no_secret(&product, &outputs);
}

#[test]
fn of_a_destination_in_a_file() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("bind");
    let address = listener.local_addr().expect("local_addr").to_string();
    drop(listener);
    let product = install("file://@T@/cache");
    std::fs::write(product.nix().dir().join("uri"), with_secrets(&address)).expect("write");
    let config = std::fs::read_to_string(product.config_file()).expect("config");
    let uri = format!("\"{}\"", product.cache());
    product.write_config(&config.replace(&uri, "{ file = \"@T@/uri\" }"));
    let outputs = talk(&product);
    assert_eq!(outputs[0].code, 69, "{}", outputs[0]);
    shows_no_secret(&product, &outputs);
}

#[test]
fn of_a_destination_that_nix_does_not_know() {
    let product = install(&format!("nonsense://{USER}:{PASSWORD}@host/?token={TOKEN}"));
    let outputs = talk(&product);
    assert_ne!(outputs[0].code, 0, "{}", outputs[0]);
    shows_no_secret(&product, &outputs);
}

#[test]
fn of_a_destination_in_a_variable() {
    let mut product = install("file://@T@/cache");
    let uri = with_secrets("127.0.0.1:1");
    product
        .nix_mut()
        .set_env("NIX_POST_BUILD_PUSH_DESTINATION", uri);
    let outputs = talk(&product);
    assert_eq!(outputs[0].code, 69, "{}", outputs[0]);
    shows_no_secret(&product, &outputs);
}

#[test]
fn of_a_configuration_with_a_mistake_that_the_hook_reports() {
    let product = install("file://@T@/cache");
    for destination in [
        format!("\"{}\" {TOKEN}", with_secrets("127.0.0.1:1")),
        format!("[\"{}\"]", with_secrets("127.0.0.1:1")),
        format!("\"http://{USER}:{PASSWORD} {TOKEN}\""),
        format!("{{ fil = \"{TOKEN}\" }}"),
    ] {
        product.write_config(&format!("[queues.main]\ndestination = {destination}\n"));
        let hook = product.hook_command("", "").run().success();
        let check = product.run(&["config", "check"]).exits(78);
        let show = product.run(&["config", "show"]);
        shows_no_secret(&product, &[hook, check, show]);
    }
}

/// What every user of the machine can read in `/proc/PID/cmdline`.
#[test]
fn on_no_command_line_of_nix() {
    let server = Server::binary_cache();
    let mut product = install("file://@T@/cache");
    product.nix_mut().start_daemon();
    let calls = product.nix().call_log();
    let uri = with_secrets(&server.url()["http://".len()..]);
    for (number, kind) in ["bare", "binary", "source", "cache"]
        .into_iter()
        .enumerate()
    {
        let config = format!(
            "[nix]\nbin-dir = \"@T@/calls\"\n[queues.main]\ndestination = \"{uri}\"\n\
             queue-dir = \"@T@/queue\"\nclosure-type = \"{kind}\"\nverify = true\n"
        );
        product.write_config(&config);
        for (remote, how) in ["", "daemon"].into_iter().enumerate() {
            let name = format!("open-{number}-{remote}");
            let path = product.nix().build_one(&expr::file(&name, &name));
            let mut push = product.command();
            push.arg("push").env("NIX_REMOTE", how);
            push.run().success().without_complaint();
            assert_eq!(product.queued(), [].into());
            let narinfo = format!(
                "/{}.narinfo",
                path.file_name().expect("name")[..32].to_owned()
            );
            let put = |request: &system_tests::Request| {
                request.method == "PUT" && request.path.contains(&narinfo)
            };
            let arrived = server.requests().iter().any(put);
            // Of "source" only the derivation's closure is sent.
            assert_eq!(arrived, kind != "source", "{kind}: {path}");
        }
    }
    let calls = calls.take();
    assert!(
        calls.iter().any(|call| call.contains(" copy ")),
        "{calls:#?}"
    );
    for secret in [USER, PASSWORD, TOKEN] {
        assert!(
            !calls.iter().any(|call| call.contains(secret)),
            "{calls:#?}"
        );
    }
}
