//! Through a daemon, as an unprivileged user.

use std::collections::BTreeSet;
use std::os::unix::fs::MetadataExt;

use camino::Utf8PathBuf;
use system_tests::{Nix, Product, Run, User, expr, hashes};

const OWN_QUEUE: &str = r#"
[queues.mine]
destination = "file://@T@/user/cache"
queue-dir = "@T@/user/queue"
"#;

fn user_builds(product: &Product, expression: &str) -> Vec<Utf8PathBuf> {
    let mut build = product.nix().user_command("nix-build");
    let build = build
        .args(["--no-out-link", "-E", expression])
        .run()
        .success();
    let lines = build.hook_was_silent().lines();
    lines.into_iter().map(Utf8PathBuf::from).collect()
}

/// A daemon without our hook, and a user with a queue.
fn own_queue() -> Product {
    let mut nix = Nix::new();
    nix.start_daemon();
    nix.user_home();
    Product::install(nix, OWN_QUEUE)
}

#[test]
fn what_a_user_builds_is_queued_by_the_daemons_hook_and_pushed_by_root() {
    let mut product = Product::with_file_cache(Nix::new());
    product.nix_mut().start_daemon();
    let outputs = user_builds(&product, &expr::multiple_outputs());
    let top = user_builds(&product, &expr::diamond()).swap_remove(0);
    let closure = product.nix().closure(&top);
    let expected: BTreeSet<_> = outputs.into_iter().chain(closure).collect();
    assert_eq!(product.queued(), expected);
    assert_eq!(product.rooted(), expected);
    let owner = std::fs::metadata(product.queue_dir()).expect("the queue");
    assert_eq!((owner.uid(), owner.mode() & 0o777), (0, 0o755));

    let mut gc = product.nix().user_command("nix-store");
    gc.arg("--gc").run().success();
    assert!(expected.iter().all(|path| path.exists()));

    let mut push = product.command();
    push.arg("push")
        .env("NIX_REMOTE", "daemon")
        .run()
        .success()
        .without_complaint();
    assert_eq!(product.nix().cached("cache"), hashes(&expected));
    assert_eq!(product.queued(), BTreeSet::new());
    assert_eq!(product.rooted(), BTreeSet::new());
}

#[test]
fn a_user_has_a_queue_of_her_own_that_is_held_and_pushed() {
    let product = own_queue();
    let top = user_builds(&product, &expr::chain(2)).swap_remove(0);
    let other = user_builds(&product, &expr::file("other", "other")).swap_remove(0);
    let enqueue = product.user_run(&["enqueue", top.as_str(), other.as_str()]);
    enqueue
        .success()
        .without_complaint()
        .stdout_has("2 enqueued");
    let queued = [top.clone(), other.clone()].into();
    assert_eq!(product.queued_in("user/queue"), queued);
    assert_eq!(product.rooted_in("user/queue"), queued);
    let link = product
        .nix()
        .dir()
        .join("user/queue")
        .join(top.file_name().expect("name"));
    let owner = std::fs::symlink_metadata(link).expect("the entry").uid();
    assert_eq!(owner, User::unprivileged().uid);

    product.nix().gc();
    assert!(queued.iter().all(|path| product.nix().is_valid(path)));
    let list = product.user_run(&["list", "--json"]).success().json();
    assert!(
        list.as_array()
            .expect("a list")
            .iter()
            .all(|entry| entry["rooted"] == true),
        "{list:#}"
    );

    let closure: BTreeSet<_> = queued
        .iter()
        .flat_map(|p| product.nix().closure(p))
        .collect();
    product.user_run(&["push"]).success().without_complaint();
    assert_eq!(product.nix().cached("user/cache"), hashes(&closure));
    assert_eq!(product.queued_in("user/queue"), BTreeSet::new());
    assert_eq!(product.rooted_in("user/queue"), BTreeSet::new());
    product.nix().gc();
    assert!(!top.exists() && !other.exists());
}

#[test]
fn a_user_drops_from_her_queue() {
    let product = own_queue();
    let path = user_builds(&product, &expr::file("dropped", "dropped")).swap_remove(0);
    product.user_run(&["enqueue", path.as_str()]).success();
    product
        .user_run(&["drop", "*-dropped"])
        .success()
        .without_complaint();
    assert_eq!(product.queued_in("user/queue"), BTreeSet::new());
    assert_eq!(product.nix().roots_of(&path), [""; 0]);
}

#[test]
fn an_entry_of_a_user_that_lost_its_root_is_held_again_by_the_next_push() {
    let product = own_queue();
    let dead = OWN_QUEUE.replace("file://@T@/user/cache", "http://127.0.0.1:1");
    product.write_config(&dead);
    let path = user_builds(&product, &expr::file("rootless", "rootless")).swap_remove(0);
    product.user_run(&["enqueue", path.as_str()]).success();
    let auto = product.nix().state_dir().join("gcroots/auto");
    for link in std::fs::read_dir(auto).expect("auto") {
        std::fs::remove_file(link.expect("readdir").path()).expect("unlink");
    }
    assert_eq!(product.rooted_in("user/queue"), BTreeSet::new());
    product.user_run(&["push"]).exits(69);
    assert_eq!(product.rooted_in("user/queue"), [path].into());
}

#[test]
fn a_user_pushes_to_a_store_that_checks_signatures() {
    let product = own_queue();
    let remote = "ssh-ng://localhost?remote-store=@T@/user/remote";
    product.write_config(&OWN_QUEUE.replace("file://@T@/user/cache", remote));
    let path = user_builds(&product, &expr::file("unsigned", "unsigned")).swap_remove(0);
    product.user_run(&["enqueue", path.as_str()]).success();
    product
        .user_run(&["push"])
        .exits(75)
        .stderr_has("check-sigs");
    assert_eq!(product.queued_in("user/queue"), [path].into());
    product
        .user_run(&["push", "--no-check-sigs", "--force"])
        .success();
    assert_eq!(product.queued_in("user/queue"), BTreeSet::new());
}

#[test]
fn without_the_daemon_nothing_is_blamed_on_the_paths() {
    let mut product = own_queue();
    let path = user_builds(&product, &expr::file("waiting", "waiting")).swap_remove(0);
    product.user_run(&["enqueue", path.as_str()]).success();
    product.nix_mut().stop_daemon();
    let output = product.user_run(&["push"]).fails();
    output.stderr_has("error: ");
    assert_eq!(product.queued_in("user/queue"), [path].into());
    let status = product.user_run(&["status", "--json"]).json();
    assert_eq!(status[0]["failures"], serde_json::json!([]), "{status:#}");
    product.nix_mut().start_daemon();
    product.user_run(&["push", "--force"]).success();
    assert_eq!(product.queued_in("user/queue"), BTreeSet::new());
}

/// Every command that opens her queue says why it does not, and what to do.
#[track_caller]
fn refuses(product: &Product, reason: &str, hint: &str) {
    for command in ["list", "status", "push"] {
        let output = product.user_run(&[command]).fails();
        output.stderr_has(reason).stderr_has(hint);
    }
    let path = product.nix().build_one(&expr::file("refused", "refused"));
    let output = product.user_run(&["enqueue", path.as_str()]).fails();
    output.stderr_has(reason).stderr_has(hint);
    paste(hint);
    product.user_run(&["list"]).success().without_complaint();
}

/// As root does who reads the hint.
#[track_caller]
fn paste(command: &str) {
    let mut shell = std::process::Command::new("sh");
    shell.args(["-ec", command]).run().success();
}

#[test]
fn a_user_is_refused_a_queue_that_others_could_exchange() {
    let product = own_queue();
    let home = product.nix().user_home();
    let (user, queue) = (User::unprivileged(), home.join("state/my queue"));
    product.write_config(&OWN_QUEUE.replace("@T@/user/queue", queue.as_str()));
    std::fs::create_dir_all(&queue).expect("mkdir");
    let state = home.join("state");
    let own = |path: &Utf8PathBuf, uid, mode| {
        std::os::unix::fs::chown(path, Some(uid), Some(uid)).expect("chown");
        let mode = std::os::unix::fs::PermissionsExt::from_mode(mode);
        std::fs::set_permissions(path, mode).expect("chmod");
    };
    own(&queue, user.uid, 0o755);

    own(&state, user.uid, 0o777);
    refuses(&product, "written by others", &format!("chmod o-w {state}"));
    own(&state, user.uid + 1, 0o755);
    let theirs = format!(
        "it belongs to uid {}, and we are uid {}",
        user.uid + 1,
        user.uid
    );
    refuses(&product, &theirs, &format!("chown {} {state}", user.uid));
    own(&state, user.uid, 0o775);
    own(&queue, user.uid, 0o775);
    refuses(
        &product,
        "written by others",
        &format!("chmod go-w '{queue}'"),
    );
    own(&queue, user.uid + 1, 0o755);
    refuses(&product, &theirs, &format!("chown {} '{queue}'", user.uid));
    own(&queue, 0, 0o755);
    product.user_run(&["list"]).success();
}

#[test]
fn a_user_is_refused_a_push_whose_room_somebody_else_owns_and_goes_on_queueing() {
    let product = own_queue();
    let user = User::unprivileged();
    let [first, second] = ["first", "second"]
        .map(|name| user_builds(&product, &expr::file(name, name)).swap_remove(0));
    product.user_run(&["enqueue", first.as_str()]).success();
    product.user_run(&["push"]).success();
    let room = product.nix().dir().join("user/queue/.push");
    std::os::unix::fs::chown(&room, Some(user.uid + 1), None).expect("chown");
    product.user_run(&["enqueue", second.as_str()]).success();
    let why = format!(
        "failed to open the directory {room}\n  caused by: it belongs to uid {}, and the queue to uid {}\n",
        user.uid + 1,
        user.uid
    );
    let hint = format!("chown {} {room}", user.uid);
    product
        .user_run(&["push"])
        .exits(75)
        .stderr_has(&why)
        .stderr_has(format!("hint: {hint}\n"));
    product.user_run(&["status"]).exits(1).stderr_has(&hint);
    assert_eq!(product.queued_in("user/queue"), [second].into());
    paste(&hint);
    product.user_run(&["push"]).success().without_complaint();
    assert_eq!(product.queued_in("user/queue"), [].into());
}

#[test]
fn a_user_with_her_home_behind_a_symlink_has_a_default_queue() {
    let product = own_queue();
    let home = product.nix().user_home();
    let link = product.nix().dir().join("home-of-user");
    std::os::unix::fs::symlink("user", &link).expect("symlink");
    product.write_config("[queues.mine]\ndestination = \"file://@T@/user/cache\"\n");
    let path = user_builds(&product, &expr::file("behind", "behind")).swap_remove(0);
    let mut enqueue = product.user_command();
    enqueue.env("HOME", &link).args(["enqueue", path.as_str()]);
    enqueue.run().success().without_complaint();
    let queue = "user/.local/state/nix-post-build-push/mine";
    assert_eq!(product.queued_in(queue), [path.clone()].into());
    assert_eq!(product.rooted_in(queue), [path].into());
    let written = product.nix().dir().join("home-of-user/queue");
    product.write_config(&OWN_QUEUE.replace("@T@/user/queue", written.as_str()));
    let hint = format!("write the path that it leads to: {home}/queue");
    let other = user_builds(&product, &expr::file("other", "other")).swap_remove(0);
    let output = product.user_run(&["enqueue", other.as_str()]).fails();
    output
        .stderr_has(format!(
            "through the directory {link}\n  caused by: it is a symlink"
        ))
        .stderr_has(hint);
}

#[test]
fn a_user_who_means_roots_queue_is_told_so_and_one_with_a_queue_is_not() {
    let product = own_queue();
    let path = user_builds(&product, &expr::file("meant", "meant")).swap_remove(0);
    product.write_config("[queues.roots-too]\ndestination = \"file://@T@/user/cache\"\n");
    let commands: [&[&str]; 6] = [
        &["status"],
        &["list"],
        &["push"],
        &["push", "--until-empty", "--deadline", "1m"],
        &["retry", "--all"],
        &["drop", "--all"],
    ];
    let all = || commands.map(|command| product.user_run(command).success());
    for output in all() {
        output.without_complaint();
    }
    let enqueue = |mut command: std::process::Command| {
        command.args(["enqueue", path.as_str()]).run().success()
    };
    enqueue(product.command());
    let told = "warning: roots-too: this account has no queue, its directory would be ";
    for output in all() {
        output
            .stderr_has(told)
            .stderr_has("root's queue is /var/lib/nix-post-build-push/roots-too\nhint: use `sudo`");
    }
    product
        .run(&["drop", "--all"])
        .success()
        .without_complaint();
    enqueue(product.user_command());
    for output in all() {
        assert!(!output.stderr.contains("root's queue"), "{output}");
    }
}

#[test]
fn entries_of_others_are_shown_by_every_command_not_pushed_and_not_removed() {
    let product = own_queue();
    let user = User::unprivileged();
    let [hers, theirs] = ["hers", "theirs"]
        .map(|name| user_builds(&product, &expr::file(name, name)).swap_remove(0));
    product
        .user_run(&["enqueue", hers.as_str(), theirs.as_str()])
        .success();
    let entry = product
        .nix()
        .dir()
        .join("user/queue")
        .join(theirs.file_name().expect("name"));
    std::os::unix::fs::lchown(&entry, Some(user.uid + 1), None).expect("lchown");
    let take_in = format!("chown -h {} {entry}", user.uid);
    let why = format!(
        "is not an entry: it belongs to uid {}\nhint: `{take_in}` takes it in, `rm {entry}` throws it away\n",
        user.uid + 1
    );
    for (command, code) in [("list", 0), ("status", 1), ("push", 0)] {
        let output = product.user_run(&[command]).exits(code);
        drop(output.stderr_has(&why));
    }
    assert_eq!(product.queued_in("user/queue"), [theirs.clone()].into());
    assert_eq!(product.nix().cached("user/cache"), hashes(&[hers]));
    product.user_run(&["drop", theirs.as_str()]).fails();
    assert!(entry.is_symlink());
    paste(&take_in);
    product.user_run(&["push"]).success().without_complaint();
    assert_eq!(product.queued_in("user/queue"), [].into());
}

#[test]
fn a_user_believes_her_own_configuration_and_roots_and_nobody_elses() {
    let product = own_queue();
    let user = User::unprivileged();
    let file = product.config_file();
    let give = |uid| std::os::unix::fs::chown(&file, Some(uid), None).expect("chown");
    product.user_run(&["config", "check"]).success();
    give(user.uid);
    product.user_run(&["config", "check"]).success();
    give(user.uid + 1);
    let why = format!(
        "the configuration file {file} is refused: it belongs to uid {}, and we are uid {}",
        user.uid + 1,
        user.uid
    );
    for command in [&["config", "check"][..], &["push"], &["list"], &["status"]] {
        let output = product.user_run(command).exits(78);
        output
            .stderr_has(&why)
            .stderr_has(format!("chown root {file}"));
    }
}

#[test]
fn in_a_namespace_without_root_roots_configuration_is_believed() {
    let product = own_queue();
    // As in Nix's build sandbox: it knows one account, and root's files belong there to the one
    // that stands for all others.
    let mut check = product.nix().user_command("unshare");
    check.args(["--user", "--map-current-user"]);
    check.arg(Product::program());
    check.args(["--config-file", product.config_file().as_str()]);
    check.args(["config", "check", "--declared"]);
    check.run().success();
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o666);
    std::fs::set_permissions(product.config_file(), open).expect("chmod");
    check.run().exits(78).stderr_has("chmod go-w");
}

#[test]
fn who_puts_a_file_of_the_store_in_place_of_a_configuration_is_not_obeyed() {
    let mut product = Product::with_file_cache(Nix::new());
    product.nix_mut().start_daemon();
    let home = product.nix().user_home();
    let user = User::unprivileged();
    let config = "[nix]\nbin-dir = \"@H@\"\n[queues.main]\ndestination = \"file:///x\"\n";
    let evil = home.join("evil.toml");
    std::fs::write(&evil, config.replace("@H@", home.as_str())).expect("write");
    std::os::unix::fs::chown(&evil, Some(user.uid), Some(user.gid)).expect("chown");
    let shared = product.nix().dir().join("shared");
    std::fs::create_dir(&shared).expect("mkdir");
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o777);
    std::fs::set_permissions(&shared, open).expect("chmod");
    let file = shared.join("c.toml");
    std::fs::copy(product.config_file(), &file).expect("copy");

    let mut add = product.nix().user_command("nix-store");
    let added = add.args(["--add", evil.as_str()]).run().success().lines();
    let mut exchange = product.nix().user_command("/bin/sh");
    let script = format!("mv {file} {file}.old; ln -s {} {file}", added[0]);
    exchange.args(["-ec", &script]).run().success();

    let run = |file: &str, line: &[&str]| {
        let mut command = product.nix().command(Product::program());
        command.args(["--config-file", file]).args(line).run()
    };
    let why = format!("the directory {shared} on the way to it is not trusted");
    run(file.as_str(), &["push"]).exits(78).stderr_has(&why);
    // The file itself, and the way to it through the store, are root's.
    run(&added[0], &["config", "check", "--declared"]).success();
}
