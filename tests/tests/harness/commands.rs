//! Commands that run, what they say, the product among them, and the secrets that none may show.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::{Command, Stdio};

use camino::Utf8Path;
use system_tests::{MARK, Nix, Product, Run, wait_until};

#[test]
fn a_command_yields_its_code_its_output_and_reads_its_input() {
    let output = Command::new("sh")
        .args(["-c", "cat; echo no >&2; exit 3"])
        .run_with_input("yes");
    let output = output.exits(3).fails().stdout_has("yes").stderr_has("no");
    output.stdout_lacks("no").stderr_lacks("yes");
    let killed = Command::new("sh").args(["-c", "kill -TERM $$"]).run();
    killed.exits(128 + 15);
    assert_eq!(Command::new("echo").arg("[1]").run().json()[0], 1);
}

#[test]
#[should_panic(expected = "--- stderr\nthe reason")]
fn a_failed_expectation_shows_what_the_command_said() {
    Command::new("sh")
        .args(["-c", "echo the reason >&2; exit 1"])
        .run()
        .success();
}

#[test]
fn a_command_that_is_dropped_takes_its_children_with_it() {
    let dir = tempfile::tempdir().expect("tempdir");
    let pid_file = Utf8Path::from_path(dir.path()).expect("UTF-8").join("pid");
    let script = format!("sleep 600 & echo $! > {pid_file}; wait");
    let running = Command::new("sh").args(["-c", &script]).start();
    let read = || {
        fs::read_to_string(&pid_file)
            .ok()
            .filter(|text| text.ends_with('\n'))
    };
    wait_until("the child", || read().is_some());
    let proc = format!("/proc/{}", read().expect("pid").trim_end());
    assert!(Utf8Path::new(&proc).exists());
    drop(running);
    wait_until("the child's end", || !Utf8Path::new(&proc).exists());
}

#[test]
fn the_product_is_installed_as_the_hook_with_its_configuration() {
    let product = Product::with_file_cache(Nix::new());
    let conf = fs::read_to_string(product.nix().dir().join("etc/nix.conf")).expect("nix.conf");
    assert!(conf.contains(&format!("post-build-hook = {}\n", Product::hook_program())));
    let config = fs::read_to_string(product.config_file()).expect("config");
    assert!(config.contains(&product.cache()));
    assert!(config.contains(product.queue_dir().as_str()));
    assert!(product.queued().is_empty());
    fs::create_dir(product.queue_dir()).expect("mkdir");
    let path = product.nix().store_dir().join("some-path");
    symlink(&path, product.queue_dir().join("some-path")).expect("symlink");
    assert_eq!(product.queued(), [path].into());
    assert!(Product::program().exists());
    let command = product.command();
    let arguments: Vec<_> = command.get_args().collect();
    assert_eq!(arguments, ["--config-file", product.config_file().as_str()]);
}

#[test]
#[should_panic(expected = "a secret is shown")]
fn a_secret_in_an_output_is_found() {
    let nix = Nix::new();
    let mut show = nix.command("sh");
    show.args(["-c", "echo $AWS_SESSION_TOKEN >&2"]).run();
}

#[test]
#[should_panic(expected = "a secret is left in /tmp/")]
fn a_secret_in_what_is_left_is_found() {
    let nix = Nix::new();
    let mut leave = nix.command("sh");
    let script = "mkdir -p queue/.push; echo \"error = $GITHUB_TOKEN\" >queue/.push/ledger.toml";
    leave.args(["-c", script]).run().success();
}

#[test]
fn a_secret_in_what_a_suite_prints_fails_it_and_nothing_else_does() {
    // What it prints is not for the output of this suite.
    let ends = |script: &str| {
        let mut suite = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/no-secrets"));
        suite
            .args(["sh", "-c", script])
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        suite.status().expect("no-secrets").code()
    };
    assert_eq!(ends("echo planted- secret"), Some(0));
    assert_eq!(ends("exit 3"), Some(3));
    for stream in [1, 2] {
        assert_eq!(ends(&format!("echo {MARK} >&{stream}")), Some(1));
    }
}
