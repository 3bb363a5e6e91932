//! The harness itself, on each version of Nix.

use std::collections::BTreeSet;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::{MetadataExt, symlink};
use std::process::Command;

use camino::{Utf8Path, Utf8PathBuf};
use rustix::process::Signal;
use system_tests::{Nix, Product, Reply, Run, Server, User, Version, expr, names, wait_until};

fn set<const N: usize>(names: [&str; N]) -> BTreeSet<String> {
    names.map(String::from).into()
}

#[test]
fn a_version_is_read_from_what_nix_prints_and_compares_by_number() {
    assert_eq!(
        Version::parse("nix (Nix) 2.26.3\n"),
        Some(Version(2, 26, 3))
    );
    assert_eq!(Version::parse("2.19pre20231010"), Some(Version(2, 19, 0)));
    assert_eq!(Version::parse("no version"), None);
    assert!(Version(2, 8, 0) < Version(2, 26, 3));
}

#[test]
fn a_throwaway_nix_has_its_own_store_and_leaves_nothing_behind() {
    let nix = Nix::new();
    let path = nix.build_one(&expr::file("hello", "hello"));
    assert!(path.starts_with(nix.store_dir()));
    assert_eq!(fs::read_to_string(&path).expect("built"), "hello\n");
    assert!(nix.is_valid(&path));
    let dir = nix.dir().to_owned();
    drop(nix);
    assert!(!dir.exists());
}

#[test]
fn commands_see_a_clean_environment() {
    let nix = Nix::new();
    // Without the secrets that the harness plants, and would find in the output.
    let names = ["-c", "env | grep -v planted-.ecret"];
    let output = nix.command("sh").args(names).run().success();
    assert!(output.stdout_has("NIX_STORE_DIR=/tmp/").lines().len() < 20);
    let forbidden = [
        "NIX_REMOTE",
        "NIX_PATH",
        "NIX_CONFIG",
        "OUT_PATHS",
        "DRV_PATH",
    ];
    let command = nix.command("env");
    let set: Vec<_> = command
        .get_envs()
        .map(|(name, _)| name.to_owned())
        .collect();
    assert!(forbidden.iter().all(|name| !set.contains(&(*name).into())));
}

#[test]
fn expressions_have_the_shape_their_names_say() {
    let nix = Nix::new();
    let chain = nix.build_one(&expr::chain(3));
    assert_eq!(
        names(&nix.closure(&chain)),
        set(["link-1", "link-2", "link-3"])
    );
    let diamond = nix.build_one(&expr::diamond());
    assert_eq!(
        names(&nix.closure(&diamond)),
        set(["base", "left", "right", "top"])
    );
    assert_eq!(nix.build(&expr::independent(20)).len(), 20);
    let outputs = nix.build(&expr::multiple_outputs());
    assert_eq!(names(&outputs), set(["many", "many-dev", "many-doc"]));
    assert_eq!(names(&nix.closure(&outputs[0])), set(["many", "many-dev"]));
    let large = nix.build_one(&expr::large("large", 100_000));
    assert_eq!(fs::metadata(large).expect("built").len(), 100_000);
    nix.try_build(&expr::failing())
        .fails()
        .stderr_has("failing");
}

#[test]
fn floating_content_addressed_derivations_build() {
    let nix = Nix::with_ca_derivations();
    let paths = nix.build(&expr::content_addressed(3));
    assert_eq!(names(&paths), set(["ca-1", "ca-2", "ca-3"]));
    assert_eq!(nix.closure(&paths[2]).len(), 3);
}

#[test]
fn the_store_answers_queries() {
    let nix = Nix::new();
    let drvs = nix.instantiate(&expr::independent(2));
    assert_eq!(drvs.len(), 2);
    let paths = nix.realise(&drvs);
    assert_eq!(nix.deriver(&paths[0]).as_ref(), Some(&drvs[0]));
    assert_eq!(
        nix.query(&["--outputs", drvs[1].as_str()]),
        [paths[1].as_str()]
    );
    let added = nix.dir().join("added");
    fs::write(&added, "added").expect("write");
    let output = nix
        .command("nix-store")
        .args(["--add", added.as_str()])
        .run();
    let added = Utf8PathBuf::from(output.success().stdout.trim_end());
    assert_eq!(nix.deriver(&added), None);
}

#[test]
fn the_garbage_collector_takes_what_has_no_root() {
    let nix = Nix::new();
    let paths = nix.build(&expr::independent(2));
    let link = nix.dir().join("root");
    let mut command = nix.command("nix-store");
    command.args(["-r", paths[0].as_str(), "--add-root", link.as_str()]);
    command.run().success();
    assert_eq!(nix.roots_of(&paths[0]), [link.as_str()]);
    assert!(nix.roots_of(&paths[1]).is_empty());
    nix.gc();
    assert!(nix.is_valid(&paths[0]));
    assert!(!nix.is_valid(&paths[1]));
    nix.delete_ignoring_liveness(&paths[0]);
    assert!(!paths[0].exists());
}

#[test]
fn a_frozen_collection_takes_what_got_a_plain_link_after_its_scan() {
    let nix = Nix::new();
    let path = nix.build_one(&expr::file("late", "late"));
    let gc = nix.frozen_gc();
    assert!(path.exists());
    let gcroots = nix.state_dir().join("gcroots");
    symlink(&path, gcroots.join("late")).expect("symlink");
    gc.release();
    assert!(!path.exists());
    assert!(!nix.is_valid(&path));
}

#[test]
fn a_frozen_collection_spares_what_is_rooted_through_nix() {
    let nix = Nix::new();
    let path = nix.build_one(&expr::file("late", "late"));
    let gc = nix.frozen_gc();
    let link = nix.dir().join("root");
    let mut command = nix.command("nix-store");
    command.args(["-r", path.as_str(), "--add-root", link.as_str()]);
    command.run().success();
    gc.release();
    assert!(nix.is_valid(&path));
}

#[test]
fn a_frozen_collection_can_be_abandoned() {
    let nix = Nix::new();
    let path = nix.build_one(&expr::file("kept", "kept"));
    drop(nix.frozen_gc());
    assert!(nix.is_valid(&path));
    nix.gc();
    assert!(!nix.is_valid(&path));
}

#[test]
fn the_hook_runs_with_the_variables_of_the_caller() {
    let mut nix = Nix::new();
    let hook = nix.script("hook", r#"echo "$GREETING $DRV_PATH" >> "${0%/*}/seen""#);
    nix.set_hook(hook);
    nix.set_env("GREETING", "hello");
    let path = nix.build_one(&expr::file("hooked", "hooked"));
    let seen = fs::read_to_string(nix.dir().join("seen")).expect("the hook ran");
    let deriver = nix.deriver(&path).expect("deriver");
    assert_eq!(seen, format!("hello {deriver}\n"));
}

#[test]
fn a_hook_that_fails_fails_the_build() {
    let mut nix = Nix::new();
    let hook = nix.script("hook", "exit 7");
    nix.set_hook(hook);
    let output = nix.try_build(&expr::file("refused", "refused")).fails();
    output.stderr_has("exit code 7");
}

#[test]
fn an_unprivileged_user_builds_through_the_daemon_which_runs_the_hook_as_root() {
    let mut nix = Nix::new();
    let hook = nix.script("hook", r#"id -u > "${0%/*}/hook-user""#);
    nix.set_hook(hook);
    nix.start_daemon();
    let mut build = nix.user_command("nix-build");
    build.args(["--no-out-link", "-E", &expr::file("mine", "mine")]);
    let path = Utf8PathBuf::from(build.run().success().stdout.trim_end());
    assert!(nix.is_valid(&path));
    let hook_user = fs::read_to_string(nix.dir().join("hook-user")).expect("the hook ran");
    assert_eq!(hook_user, "0\n");

    let output = nix.user_command("id").arg("-u").run().success();
    let user = User::unprivileged();
    assert_eq!(output.stdout, format!("{}\n", user.uid));
    assert_ne!(user.uid, 0);

    let link = nix.user_home().join("root");
    let mut command = nix.user_command("nix-store");
    command.args(["-r", path.as_str(), "--add-root", link.as_str()]);
    command.run().success();
    assert_eq!(fs::symlink_metadata(&link).expect("link").uid(), user.uid);
    assert_eq!(nix.roots_of(&path), [link.as_str()]);
}

#[test]
fn without_its_daemon_a_daemon_command_fails() {
    let mut nix = Nix::new();
    nix.start_daemon();
    let path = nix.build_one(&expr::file("asked", "asked"));
    let ask = |nix: &Nix| {
        let mut command = nix.daemon_command("nix-store");
        command.args(["--check-validity", path.as_str()]).run()
    };
    ask(&nix).success();
    nix.stop_daemon();
    ask(&nix).fails().stderr_has("cannot connect");
}

#[test]
fn a_path_is_found_in_the_store_it_was_copied_to() {
    let nix = Nix::new();
    let paths = nix.build(&expr::independent(2));
    let cache = format!("file://{}/cache", nix.dir());
    for store in [cache, nix.ssh_ng_store("remote")] {
        nix.copy_to(&store, &paths[..1]);
        assert_eq!(nix.valid_in(&store, &paths), paths[..1], "{store}");
    }
}

#[test]
fn an_http_binary_cache_takes_paths_and_gives_them_back() {
    let nix = Nix::new();
    let path = nix.build_one(&expr::chain(2));
    let server = Server::binary_cache();
    let mut command = nix.command("nix");
    command.args(["copy", "--to", &server.url(), path.as_str()]);
    command.run().success();
    assert_eq!(
        nix.valid_in(&server.url(), std::slice::from_ref(&path))
            .len(),
        1
    );
    nix.gc();
    assert!(!nix.is_valid(&path));
    let mut command = nix.command("nix");
    command.args([
        "copy",
        "--no-check-sigs",
        "--from",
        &server.url(),
        path.as_str(),
    ]);
    command.run().success();
    assert!(nix.is_valid(&path));
    assert!(
        server
            .requests()
            .iter()
            .any(|request| request.method == "PUT")
    );
}

#[test]
fn a_server_hangs_closes_or_answers_as_told() {
    let server = Server::start(|request| match request.path.as_str() {
        "/hang" => Reply::Hang,
        "/close" => Reply::Close,
        "/body" => Reply::Body(b"hello".to_vec()),
        _ => Reply::Status(503),
    });
    let ask = |path: &str| {
        let address = server.url().replace("http://", "");
        let mut stream = TcpStream::connect(address).expect("connect");
        write!(stream, "GET {path} HTTP/1.1\r\nHost: x\r\n\r\n").expect("write");
        stream
    };
    let read = |mut stream: TcpStream| {
        let mut text = String::new();
        stream.read_to_string(&mut text).map(|_| text)
    };
    assert!(
        read(ask("/body"))
            .expect("answer")
            .ends_with("\r\n\r\nhello")
    );
    assert!(
        read(ask("/other"))
            .expect("answer")
            .starts_with("HTTP/1.1 503")
    );
    assert_eq!(read(ask("/close")).unwrap_or_default(), "");
    let hanging = ask("/hang");
    wait_until("the request", || server.requests().len() == 4);
    hanging.set_nonblocking(true).expect("set_nonblocking");
    assert!((&hanging).read(&mut [0]).is_err(), "an answer came");
    hanging.set_nonblocking(false).expect("set_nonblocking");
    drop(server);
    assert_eq!(read(hanging).unwrap_or_default(), "");
}

#[test]
fn a_binary_cache_may_refuse_one_path_and_take_others() {
    let nix = Nix::new();
    let paths = nix.build(&expr::independent(2));
    let hash = paths[0].as_str()[nix.store_dir().as_str().len() + 1..][..32].to_owned();
    let server = Server::binary_cache_except(move |request| {
        (request.method == "PUT" && request.path.contains(&hash)).then_some(Reply::Status(403))
    });
    let mut command = nix.command("nix");
    let copy = command.args(["copy", "--to", &server.url(), paths[0].as_str()]);
    copy.run().fails().stderr_has("403");
    nix.copy_to(&server.url(), &paths[1..]);
    assert_eq!(nix.valid_in(&server.url(), &paths), paths[1..]);
}

#[test]
fn nix_copy_waits_for_a_server_that_hangs() {
    let nix = Nix::new();
    let path = nix.build_one(&expr::file("stuck", "stuck"));
    let server = Server::hanging();
    let mut command = nix.command("nix");
    let mut copy = command
        .args(["copy", "--to", &server.url(), path.as_str()])
        .start();
    wait_until("a request", || !server.requests().is_empty());
    assert!(copy.is_running());
    copy.signal(Signal::TERM);
    assert_ne!(copy.wait().code, 0);
}

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
