//! push, with programs in the place of Nix that write down how they were called.

mod common;

use std::os::unix::process::ExitStatusExt;

use common::{World, make_fifo};

#[test]
fn a_push_empties_the_queue() {
    let world = World::with_obedient_nix();
    world
        .run(&["enqueue", &world.object("a"), &world.object("b")])
        .ok();
    assert_eq!(
        world.run(&["push"]).ok(),
        "default: 2 copied to file://ROOT/cache\n"
    );
    assert!(world.called().contains("copy"), "{}", world.called());
    assert_eq!(world.run(&["list"]).ok(), "");
    assert_eq!(
        world.run(&["upload-queued-paths"]).ok(),
        "default: nothing is queued\n"
    );
    assert_eq!(world.run(&["push", "-q"]).ok(), "");
}

#[test]
fn options_that_are_not_ours_reach_nix_and_those_of_ours_do_not() {
    let world = World::with_obedient_nix();
    world.run(&["enqueue", &world.object("a")]).ok();
    world
        .run(&[
            "push",
            "--option",
            "cores",
            "3",
            "--no-verify",
            "--queue=default",
            "--refresh",
        ])
        .ok();
    let called = world.called();
    assert!(called.contains("--option cores 3 --refresh"), "{called}");
    assert!(
        !called.contains("verify") && !called.contains("--queue"),
        "{called}"
    );
}

#[test]
fn the_childs_environment_has_nothing_of_ours() {
    let mut world = World::with_obedient_nix();
    world.set("NIX_CONFIG", "cores = 9");
    world.set("OUT_PATHS", &world.object("out"));
    world.run(&["enqueue"]).ok();
    world.run(&["push"]).ok();
    let environment = std::fs::read_to_string(world.root.join("environment")).unwrap();
    for name in ["NIX_POST_BUILD_PUSH_", "OUT_PATHS", "cores = 9"] {
        assert!(!environment.contains(name), "{environment}");
    }
}

#[test]
fn the_store_that_is_copied_from_is_no_destination() {
    let mut world = World::with_obedient_nix();
    world.run(&["enqueue", &world.object("a")]).ok();
    for same in ["auto", "daemon", "local"] {
        world.set("NIX_POST_BUILD_PUSH_DESTINATION", same);
        let stderr = world.run(&["push"]).fails(75);
        let told = format!("caused by: `{same}` is the store that is copied from\nhint: ");
        assert!(stderr.contains(&told), "{stderr}");
    }
    assert_eq!(world.called(), "");
    // From another store it is one.
    world.set("NIX_REMOTE", "/elsewhere");
    assert_eq!(world.run(&["push"]).ok(), "default: 1 copied to local\n");
}

#[test]
fn what_is_no_entry_is_counted() {
    let world = World::with_obedient_nix();
    world.run(&["enqueue", &world.object("a")]).ok();
    world.write("queue/other", "");
    for command in ["status", "push", "push"] {
        let ran = world.run(&[command, "--json"]);
        assert!(ran.stderr.contains("is not an entry"), "{}", ran.stderr);
        assert_eq!(ran.json()[0]["foreign"], 1, "{command}");
    }
    let given = world.run(&["push", "--json", &world.object("a")]).json();
    assert_eq!(given[0]["foreign"], 0);
}

#[test]
fn a_question_takes_no_longer_than_the_timeout() {
    let world = World::with_obedient_nix();
    let config = "[queues.main]\nqueue-dir = \"{}/queue\"\ntimeout = \"1s\"\n\
                  limits.max-pinned = 1\n";
    let file = world.write("config.toml", config);
    let line = |command| [command, "--config-file", file.as_str()];
    world
        .run(&[&line("enqueue")[..], &[&world.object("a")]].concat())
        .ok();
    world.program(
        "nix",
        "case \"$*\" in *--recursive*) exec /bin/sleep 1000;; esac\n\
         echo \"error: cannot connect to 'dead': Connection refused\" >&2; exit 1",
    );
    let stderr = world.run(&line("push")).fails(69);
    assert!(
        stderr.contains("nix was ended after the timeout of 1 s"),
        "{stderr}"
    );
}

#[test]
fn a_nix_that_answers_garbage_has_nobody_parked() {
    let mut world = World::with_obedient_nix();
    world.set("NIX_POST_BUILD_PUSH_MAX_ATTEMPTS", "1");
    world
        .run(&["enqueue", &world.object("a"), &world.object("b")])
        .ok();
    world.program("nix", "printf '\\377\\n'");
    world.program("nix-store", "printf '\\377\\n'");
    for _ in 0..2 {
        let stderr = world.run(&["push"]).fails(75);
        assert!(
            stderr.contains("nothing can be copied from here") && stderr.contains("no UTF-8"),
            "{stderr}"
        );
    }
    world.program("nix", "exit 0");
    assert_eq!(
        world.run(&["push"]).ok(),
        "default: 2 copied to file://ROOT/cache\n"
    );
}

#[test]
fn without_nix_all_is_kept_and_nobody_is_blamed() {
    let mut world = World::with_obedient_nix();
    world.run(&["enqueue", &world.object("a")]).ok();
    world.set("PATH", "/nowhere");
    let stderr = world.run(&["push"]).fails(75);
    assert!(
        stderr.contains(
            "error: default: nothing can be copied from here\n  caused by: nix is not in"
        )
    );
    let rows = world.run(&["list", "--json"]).json();
    assert_eq!(
        (&rows[0]["state"], &rows[0]["attempts"]),
        (&"ready".into(), &0.into())
    );
}

#[test]
fn one_dead_destination_holds_back_no_other() {
    let mut world = World::with_obedient_nix();
    world.unset("NIX_POST_BUILD_PUSH_QUEUE_DIR");
    world.unset("NIX_POST_BUILD_PUSH_DESTINATION");
    world.program(
        "nix",
        "case \"$*\" in *dead*) echo \"error: cannot connect to 'dead': Connection refused\" >&2; exit 1;; esac",
    );
    let file = world.write(
        "config.toml",
        "[queues.a]\nqueue-dir = \"{}/a\"\ndestination = \"ssh://dead\"\n\
         [queues.b]\nqueue-dir = \"{}/b\"\ndestination = \"ssh://alive\"\n\
         [queues.c]\nqueue-dir = \"{}/c\"\n",
    );
    world.set("NIX_POST_BUILD_PUSH_CONFIG_FILE", file.as_str());
    let x = world.object("x");
    for queue in ["a", "b"] {
        world.run(&["enqueue", "--queue", queue, &x]).ok();
    }
    let ran = world.run(&["push"]);
    // Of queue c's missing destination and the dead one, the former counts.
    assert_eq!(ran.code, 78, "{}", ran.stderr);
    assert!(
        ran.stdout.contains("b: 1 copied to ssh://alive\n"),
        "{}",
        ran.stdout
    );
    assert!(
        ran.stderr.contains("queue `c` has no destination"),
        "{}",
        ran.stderr
    );
    assert!(
        ran.stderr.contains("warning: a: ssh://dead is unavailable"),
        "{}",
        ran.stderr
    );
    let again = world.run(&["push", "--queue", "a"]).fails(69);
    assert!(
        again.contains("warning: a: ssh://dead is not asked before")
            && again.contains("push --force"),
        "{again}"
    );
    let status = world.run(&["status", "--queue", "a", "--json"]).json();
    assert_eq!(status[0]["destination_failure"]["attempts"], 1);
    let next = status[0]["destination_failure"]["next_try"].as_str();
    let next = next.expect("when it is asked again");
    assert!(again.contains(next), "{next}: {again}");
    let status = world.run(&["status", "--queue", "a"]).ok();
    assert!(
        status.contains("asked again in ") && status.contains(&format!("or later ({next}): ")),
        "{status}"
    );
    let row = &world.run(&["push", "--queue", "b", "--json"]).json()[0];
    assert_eq!(
        (&row["outcome"], &row["left"]),
        (&"finished".into(), &0.into())
    );
}

#[test]
fn a_dry_run_says_what_would_go_where_and_does_nothing() {
    let world = World::with_obedient_nix();
    let (a, gone) = (world.object("a"), world.object("gone"));
    world.run(&["enqueue", &a, &gone]).ok();
    std::fs::remove_dir(&gone).unwrap();
    let said = world.run(&["push", "-n"]).ok();
    let first =
        "default: would copy 1 path to file://ROOT/cache (closure type binary)\n  ROOT/store/";
    assert!(said.starts_with(first), "{said}");
    assert!(said.contains("1 path that have no store object"), "{said}");
    let row = &world.run(&["push", "--dry-run", "--json"]).json()[0];
    assert_eq!(
        (
            row["ready"].as_array().unwrap().len(),
            row["absent"].as_array().unwrap().len()
        ),
        (1, 1)
    );
    assert_eq!(world.called(), "");
    world.run(&["push", "-n", &gone]).fails(75);
}

#[test]
fn a_request_to_stop_keeps_what_is_not_confirmed() {
    let world = World::with_obedient_nix();
    world.program("nix", "echo x > {}/started; exec /bin/sleep 60");
    make_fifo(&world.root.join("started"));
    world.run(&["enqueue", &world.object("a")]).ok();
    let child = world.command(&["push"]).spawn().unwrap();
    // Blocks until Nix is at work.
    std::fs::read(world.root.join("started")).unwrap();
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    let output = child.wait_with_output().unwrap();
    // As the signal would have ended it, so that a shell and systemd can tell.
    assert_eq!(output.status.signal(), Some(15));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(
        stderr.contains("asked to stop; the rest stays queued"),
        "{stderr}"
    );
    assert_eq!(world.run(&["list"]).ok().lines().count(), 1);
}

#[test]
fn a_second_push_of_one_queue_leaves_the_work_to_the_first() {
    let world = World::with_obedient_nix();
    world.program("nix", "echo x > {}/started; read line < {}/go");
    make_fifo(&world.root.join("started"));
    make_fifo(&world.root.join("go"));
    world.run(&["enqueue", &world.object("a")]).ok();
    let first = world.command(&["push"]).spawn().unwrap();
    // Blocks until the first push is at work.
    std::fs::read(world.root.join("started")).unwrap();
    let second = world.run(&["push"]);
    assert_eq!(
        (second.code, second.stdout.as_str()),
        (0, "default: another push is at work\n")
    );
    assert!(
        world
            .run(&["retry", "--all"])
            .fails(75)
            .contains("a push is running")
    );
    std::fs::write(world.root.join("go"), "go\n").unwrap();
    assert_eq!(first.wait_with_output().unwrap().status.code(), Some(0));
}

#[test]
fn a_bad_entry_fails_alone_and_is_parked_in_the_end() {
    let mut world = World::with_obedient_nix();
    world.set("NIX_POST_BUILD_PUSH_MAX_ATTEMPTS", "2");
    world.program(
        "nix",
        "case \"$*\" in *bad*) echo \"error: path 'x' is not valid\" >&2; exit 1;; esac; echo '{}'",
    );
    world.program("nix-store", "exit 0");
    for name in ["a", "bad", "c"] {
        world.run(&["enqueue", &world.object(name)]).ok();
    }
    let first = world.run(&["push"]);
    assert_eq!(
        (first.code, first.stdout.as_str()),
        (75, "default: 2 copied to file://ROOT/cache, 1 failed\n")
    );
    assert!(
        first
            .stderr
            .starts_with("warning: default: failed to copy ")
            && first
                .stderr
                .contains("hint: attempt 1; it is tried again after "),
        "{}",
        first.stderr
    );
    assert_eq!(
        world.run(&["push"]).ok(),
        "default: 0 copied to file://ROOT/cache, 1 backing off\n"
    );
    let forced = world.run(&["push", "--force"]);
    assert!(
        forced.stderr.starts_with("error: default: failed to copy ")
            && forced.stderr.contains("it is parked now")
            && forced.code == 75,
        "{}",
        forced.stderr
    );
    let row = &world.run(&["list", "--json"]).json()[0];
    assert_eq!(
        (&row["state"], &row["attempts"]),
        (&"parked".into(), &2.into())
    );
    let again = world.run(&["push"]);
    assert_eq!(
        (again.code, again.stdout.as_str()),
        (0, "default: 0 copied to file://ROOT/cache, 1 parked\n")
    );
    assert!(
        again.stderr.starts_with("error: default: 1 parked"),
        "{}",
        again.stderr
    );
    world.run(&["retry", "--all"]);
    assert_eq!(world.run(&["list", "--json"]).json()[0]["state"], "ready");
}

#[test]
fn a_drop_does_not_wait_for_a_push() {
    let world = World::with_obedient_nix();
    world.program("nix", "echo x > {}/started; read line < {}/go");
    make_fifo(&world.root.join("started"));
    make_fifo(&world.root.join("go"));
    world.run(&["enqueue", &world.object("a")]).ok();
    let push = world.command(&["push"]).spawn().unwrap();
    std::fs::read(world.root.join("started")).unwrap();
    world.run(&["enqueue", &world.object("b")]).ok();
    assert!(world.run(&["drop", "*-b"]).ok().ends_with("-b\n"));
    std::fs::write(world.root.join("go"), "go\n").unwrap();
    assert_eq!(push.wait_with_output().unwrap().status.code(), Some(0));
}

#[test]
fn a_dry_run_has_the_order_of_a_push() {
    let world = World::with_obedient_nix();
    let [failed, fresh, parked] = ["failed", "fresh", "parked"].map(|name| {
        let object = world.object(name);
        world.run(&["enqueue", &object]).ok();
        object
    });
    let failures = "attempts = 3\nfirst-failure = \"2026-01-01T00:00:00Z\"\nfirst-error = \"no\"\n\
                    last-failure = \"2026-01-01T00:00:00Z\"\nlast-error = \"no\"\n\
                    next-try = \"2026-01-01T00:00:00Z\"\n";
    let entry = |path: &str| format!("[entries.{}]\n{failures}", path.rsplit('/').next().unwrap());
    std::fs::create_dir(world.root.join("queue/.push")).unwrap();
    let ledger = format!(
        "format = 1\n{}{}parked-since = \"2026-01-01T00:00:00Z\"\n",
        entry(&failed),
        entry(&parked)
    );
    world.write("queue/.push/ledger.toml", &ledger);
    let row = &world.run(&["push", "-n", "--json"]).json()[0];
    let json = |paths: &[&String]| {
        serde_json::json!(paths)
            .to_string()
            .replace(world.root.as_str(), "ROOT")
    };
    assert_eq!(row["ready"].to_string(), json(&[&fresh, &failed]));
    assert_eq!(row["parked"].to_string(), json(&[&parked]));
}

/// What is told of a batch of one path, with these options.
fn told_of_a_batch(options: &[&str]) -> String {
    let world = World::with_obedient_nix();
    world.run(&["enqueue", &world.object("a")]).ok();
    let line = [&["push"], options].concat();
    let ran = world.run(&line);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    ran.progress
}

#[test]
fn without_a_terminal_a_message_tells_of_each_batch_like_any_other() {
    for options in [&[][..], &["--progress", "always"], &["--json"]] {
        let told = told_of_a_batch(options);
        let begin = "info: default: 1 of 1 entry delivered: nothing was to be copied, in ";
        assert!(told.starts_with(begin), "{told}");
        assert_eq!(told.lines().count(), 1, "{told}");
    }
    let told = told_of_a_batch(&["--log-format", "json"]).to_lowercase();
    let json: serde_json::Value = serde_json::from_str(&told).unwrap();
    assert_eq!(json["level"], "info");
    for options in [
        &["-q"][..],
        &["-q", "--progress=always"],
        &["--progress=never"],
    ] {
        assert_eq!(told_of_a_batch(options), "", "{options:?}");
    }
}
