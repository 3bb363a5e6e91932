//! What is refused, and that pasting what is said about it mends it.

#![allow(clippy::unwrap_used)]

mod common;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use camino::Utf8Path;
use common::{Ran, World, make_fifo};

/// A shell takes it apart unless it is quoted.
const QUEUE: &str = "{}/it's a $(touch pasted) queue";

/// A queue whose limits a push judges, one entry in it, and a destination that takes everything.
fn world() -> World {
    let mut world = World::new();
    world.unset("NIX_POST_BUILD_PUSH_QUEUE_DIR");
    let text = format!(
        "[queues.main]\nqueue-dir = \"{QUEUE}\"\ndestination = \"file://{{}}/cache\"\n\
         [queues.main.limits]\nmax-age = \"1 day\"\n"
    );
    world.write("config.toml", &text);
    world.set("NIX_POST_BUILD_PUSH_CONFIG_FILE", "{}/config.toml");
    world.program("nix", "exit 0");
    world.program("nix-store", "exit 0");
    world.run(&["enqueue", &world.object("a")]).ok();
    world
}

fn in_queue(world: &World, name: &str) -> camino::Utf8PathBuf {
    Utf8Path::new(&QUEUE.replace("{}", world.root.as_str())).join(name)
}

fn hook(world: &World, name: &str) -> Ran {
    run_hook(world, "OUT_PATHS", &world.object(name))
}

fn run_hook(world: &World, variable: &str, value: &str) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nix-post-build-push-hook"));
    let like = world.command(&[]);
    let variables = like.get_envs();
    command
        .env_clear()
        .envs(variables.filter_map(|(name, value)| Some((name, value?))))
        .env(variable, value);
    let output = command.output().unwrap();
    Ran {
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
        progress: String::new(),
        code: output.status.code().unwrap(),
    }
}

/// The hook for a derivation whose outputs only Nix knows.
fn hook_for_floating(world: &World) -> Ran {
    let floating = r#"Derive([("out","","r:sha256","")],["#;
    let derivation = world.store_path("it?.drv");
    fs::write(&derivation, floating).unwrap();
    run_hook(world, "DRV_PATH", &derivation)
}

fn queued(world: &World) -> usize {
    world.run(&["list"]).stdout.lines().count()
}

/// As somebody who reads the first hint does.
#[track_caller]
fn paste(world: &World, messages: &str) {
    let hint = messages
        .lines()
        .find_map(|line| line.strip_prefix("hint: "));
    let command = hint.unwrap_or_else(|| panic!("no hint: {messages}"));
    let command = command.replace("ROOT", world.root.as_str());
    let mut shell = Command::new("/bin/sh");
    let status = shell
        .args(["-ec", &command])
        .current_dir(&world.root)
        .status();
    assert!(status.unwrap().success(), "{command}");
    assert!(!world.root.join("pasted").exists(), "{command}");
}

fn mode(path: &Utf8Path, mode: u32) {
    fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
}

/// Something is wrong with the push's room: what each program does about it.
fn push_refuses_and_nothing_else_stops(spoil: impl Fn(&World)) {
    let world = world();
    world.run(&["push", "--dry-run"]).ok();
    fs::create_dir_all(in_queue(&world, ".push")).unwrap();
    fs::write(in_queue(&world, ".push/closed"), "forged\n").unwrap();
    spoil(&world);

    let ran = hook(&world, "built");
    assert_eq!((ran.code, queued(&world)), (0, 2), "{}", ran.stderr);
    world.run(&["enqueue", &world.object("by-hand")]);
    assert_eq!(queued(&world), 3);
    let status = world.run(&["status"]);
    assert_eq!(status.code, 1, "{}", status.stderr);
    assert!(!status.stdout.contains("forged"), "{}", status.stdout);
    assert!(status.stderr.contains("\nhint: "), "{}", status.stderr);

    let dropped = world.run(&["drop", "*-by-hand"]);
    assert_eq!((dropped.code, queued(&world)), (75, 2), "it cannot forget");
    assert!(
        dropped.stderr.contains("not forgotten"),
        "{}",
        dropped.stderr
    );

    let refused = world.run(&["push"]).fails(75);
    assert!(
        refused.starts_with("error: main: failed to open the directory"),
        "{refused}"
    );
    assert_eq!(queued(&world), 2);
    paste(&world, &refused);
    assert_eq!(world.run(&["push"]).code, 0);
    assert_eq!(queued(&world), 0);
}

#[test]
fn a_room_that_others_may_write_stops_the_push_and_no_build_and_its_hint_mends_it() {
    push_refuses_and_nothing_else_stops(|world| mode(&in_queue(world, ".push"), 0o777));
}

#[test]
fn a_room_that_is_a_symlink_stops_the_push_and_no_build_and_its_hint_mends_it() {
    push_refuses_and_nothing_else_stops(|world| {
        let room = in_queue(world, ".push");
        fs::rename(&room, world.root.join("elsewhere")).unwrap();
        std::os::unix::fs::symlink(world.root.join("elsewhere"), room).unwrap();
    });
}

#[test]
fn a_room_of_another_account_stops_the_push_and_no_build_and_its_hint_mends_it() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    push_refuses_and_nothing_else_stops(|world| {
        std::os::unix::fs::chown(in_queue(world, ".push"), Some(1235), None).unwrap();
    });
}

#[test]
fn what_is_no_reason_to_close_a_queue_closes_none_and_a_push_takes_it_away() {
    let put: [fn(&Utf8Path); 5] = [
        |path| make_fifo(path),
        |path| fs::create_dir(path).unwrap(),
        |path| std::os::unix::fs::symlink("/dev/zero", path).unwrap(),
        |path| std::os::unix::fs::symlink("nowhere", path).unwrap(),
        |path| {
            fs::write(path, "forged").unwrap();
            mode(path, 0o666);
        },
    ];
    for (number, put) in put.into_iter().enumerate() {
        let world = world();
        fs::create_dir_all(in_queue(&world, ".push")).unwrap();
        let closed = in_queue(&world, ".push/closed");
        put(&closed);
        let ran = hook(&world, "built");
        assert_eq!(
            (ran.code, queued(&world)),
            (0, 2),
            "{number}: {}",
            ran.stderr
        );
        let said = format!("failed to read {closed}: it ");
        assert!(ran.stderr.contains(&said), "{number}: {}", ran.stderr);
        assert!(
            ran.stderr.contains("(hint: rm "),
            "{number}: {}",
            ran.stderr
        );
        let status = world.run(&["status"]);
        assert!(
            !status.stdout.contains("nothing new is taken"),
            "{}",
            status.stdout
        );

        // It says so once.
        let told = world.run(&["push"]).fails(75);
        assert!(told.contains(": failed to read "), "{number}: {told}");
        assert!(!closed.is_symlink() && !closed.exists(), "{number}");
        assert_eq!(queued(&world), 0, "{number}");
        let again = world.run(&["push"]);
        assert_eq!((again.code, again.stderr.as_str()), (0, ""), "{number}");
        assert_eq!(hook(&world, "next").stderr, "");
    }
}

#[test]
fn a_full_directory_in_place_of_the_reason_is_named_by_the_push_and_its_hint_mends_it() {
    let world = world();
    fs::create_dir_all(in_queue(&world, ".push/closed/full")).unwrap();
    assert_eq!(hook(&world, "built").code, 0);
    let told = world.run(&["push"]).fails(75);
    assert!(told.contains("error: failed to remove"), "{told}");
    assert_eq!(queued(&world), 0, "and holds up nothing");
    paste(&world, &told);
    let again = world.run(&["push"]);
    assert_eq!((again.code, again.stderr.as_str()), (0, ""));
    assert_eq!(hook(&world, "next").stderr, "");
}

#[test]
fn counts_that_cannot_be_kept_hold_up_nothing_and_their_hint_mends_it() {
    let world = world();
    world.write(
        "config.toml",
        &format!(
            "[queues.main]\nqueue-dir = \"{QUEUE}\"\ndestination = \"file://{{}}/cache\"\n\
             [queues.main.limits]\nmax-entries = 1\nbeyond-max-entries = \"drop-oldest\"\n"
        ),
    );
    world.link("counts", "counted");
    fs::create_dir(world.root.join("counted")).unwrap();
    std::os::unix::fs::symlink(world.root.join("counts"), in_queue(&world, ".limits")).unwrap();
    let ran = hook(&world, "b");
    assert_eq!((ran.code, queued(&world)), (0, 1), "{}", ran.stderr);
    assert_eq!(fs::read_dir(world.root.join("counted")).unwrap().count(), 0);
    let status = world.run(&["status"]);
    assert_eq!(status.code, 1);
    paste(&world, &status.stderr);
    hook(&world, "c");
    let row = &world.run(&["status", "--json"]).json()[0];
    assert_eq!(row["dropped"]["paths"], 1);
}

/// Runs as an account that nobody has.
fn as_another(world: &World, script: &str) {
    use std::os::unix::process::CommandExt;
    let mut shell = Command::new("/bin/sh");
    let status = shell
        .args(["-ec", script])
        .current_dir(world.root.join("etc"))
        .uid(1234)
        .gid(1234)
        .status();
    assert!(status.unwrap().success(), "{script}");
}

#[test]
fn who_exchanges_a_configuration_for_a_file_of_roots_is_not_obeyed() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let mut world = World::new();
    world.unset("NIX_POST_BUILD_PUSH_QUEUE_DIR");
    let config = "[queues.main]\nqueue-dir = \"{}/queue\"\ndestination = \"file://{}/cache\"\n";
    fs::create_dir(world.root.join("etc")).unwrap();
    let file = world.write("etc/c.toml", config);
    world.set("NIX_POST_BUILD_PUSH_CONFIG_FILE", file.as_str());
    world.program("nix", "exit 0");
    world.run(&["enqueue", &world.object("a")]).ok();

    // Anybody may add a file to the store, and it is root's then.
    fs::create_dir(world.root.join("evil")).unwrap();
    let evil = format!("{config}[nix]\nbin-dir = \"{{}}/evil\"\n");
    let in_store = world.write("store/evil.toml", &evil);
    world.program("../evil/nix", "echo obeyed > {}/obeyed");
    mode(&world.root, 0o755);
    mode(&world.root.join("store"), 0o1775);
    mode(&world.root.join("etc"), 0o777);
    as_another(&world, &format!("mv c.toml old; ln -s {in_store} c.toml"));

    let told = world.run(&["push"]).fails(78);
    // Its owner and its group have one number, as those of a private group.
    let said = "refused: the directory ROOT/etc on the way to it is not trusted: it may be written \
                by others than its owner\nhint: chmod o-w ROOT/etc\n";
    assert!(told.ends_with(said), "{told}");
    let ran = hook(&world, "built");
    assert_eq!(ran.code, 0);
    assert!(ran.stderr.contains("(hint: chmod o-w "), "{}", ran.stderr);

    paste(&world, &told);
    let told = world.run(&["push"]).fails(78);
    let said =
        "the symlink ROOT/etc/c.toml on the way to it is not trusted: it belongs to uid 1234";
    assert!(told.contains(said), "{told}");
    assert!(
        told.ends_with("hint: chown -h root ROOT/etc/c.toml\n"),
        "{told}"
    );
    assert!(!world.root.join("obeyed").exists());

    fs::rename(world.root.join("etc/old"), &file).unwrap();
    assert_eq!(queued(&world), 1);
    world.run(&["push"]).ok();
    assert_eq!(queued(&world), 0);
}

/// The directory behind the link has an entry.
fn behind_a_link() -> World {
    let mut world = World::new();
    fs::create_dir(world.root.join("it's real")).unwrap();
    world.set("NIX_POST_BUILD_PUSH_QUEUE_DIR", "{}/it's real/queue");
    world.run(&["enqueue", &world.object("a")]).ok();
    world.link("link", "it's real");
    world
}

#[test]
fn where_nix_keeps_its_own_state_is_no_queue() {
    let mut world = World::new();
    let object = world.object("a");
    let places = [
        "",
        "/temproots",
        "/db/queue",
        "/gcroots",
        "/gcroots/auto",
        "/gcroots/auto/x",
    ];
    for place in places {
        let place = world.root.join(format!("state{place}"));
        std::fs::create_dir_all(&place).unwrap();
        world.set("NIX_POST_BUILD_PUSH_QUEUE_DIR", place.as_str());
        world.run(&["config", "check"]).fails(78);
        let told = world.run(&["enqueue", &object]).fails(75);
        assert!(told.contains("Nix keeps its own state in it"), "{told}");
        assert!(
            told.contains("hint: give the queue a directory of its own"),
            "{told}"
        );
    }
    world.set("NIX_POST_BUILD_PUSH_QUEUE_DIR", "{}/state/gcroots/ours");
    world.run(&["enqueue", &object]).ok();
}

#[test]
fn a_variable_that_leads_through_a_symlink_is_mended_by_the_hint() {
    let mut world = behind_a_link();
    world.set("NIX_POST_BUILD_PUSH_QUEUE_DIR", "{}/link/queue");
    let told = world.run(&["list"]).fails(75);
    assert!(told.contains("caused by: it is a symlink"), "{told}");
    let hint = told.lines().find_map(|line| line.strip_prefix("hint: "));
    let hint = hint.unwrap().replace("ROOT", world.root.as_str());
    let mut shell = Command::new("/bin/sh");
    let like = world.command(&[]);
    shell.envs(
        like.get_envs()
            .filter_map(|(name, value)| Some((name, value?))),
    );
    let script = format!(
        "{hint}\nexec {} list",
        env!("CARGO_BIN_EXE_nix-post-build-push")
    );
    let output = shell.args(["-ec", &script]).output().unwrap();
    let listed = String::from_utf8(output.stdout).unwrap();
    assert_eq!(listed.lines().count(), 1, "{script}");
}

#[test]
fn an_option_that_leads_through_a_symlink_is_mended_by_the_hint() {
    let world = behind_a_link();
    let told = world.run(&["list", "--queue-dir", "link/queue"]).fails(75);
    let instead =
        "hint: --queue-dir 'ROOT/it'\\''s real/queue' # roots go by the path as it is written";
    assert!(told.contains(instead), "{told}");
}

#[test]
fn a_file_that_leads_through_a_symlink_is_named_with_the_line_and_the_path_to_write_there() {
    let mut world = behind_a_link();
    world.unset("NIX_POST_BUILD_PUSH_QUEUE_DIR");
    let text = "[queues.main]\nqueue-dir = \"{}/link/queue\"\n";
    let file = world.write("config.toml", text);
    world.set("NIX_POST_BUILD_PUSH_CONFIG_FILE", file.as_str());
    let told = world.run(&["list"]).fails(75);
    let hint = "hint: write the path that it leads to: ROOT/it's real/queue at ROOT/config.toml:2:";
    assert!(told.contains(hint), "{told}");
}

#[test]
fn outputs_that_nix_did_not_name_are_told_with_the_command_that_queues_them() {
    let world = world();
    let before = queued(&world);
    world.program("nix", "echo 'error: the database is busy' >&2; exit 1");
    let ran = hook_for_floating(&world);
    let drv = world.store_path("it?.drv");
    let said = format!(
        "the outputs of {drv} are not queued: failed to ask for the outputs of {drv}: \
         the database is busy (hint: `DRV_PATH='{drv}' nix-post-build-push enqueue` queues them)\n"
    );
    assert!(ran.stderr.ends_with(&said), "{}", ran.stderr);
    assert_eq!((ran.code, queued(&world)), (0, before));

    world.program("nix", &format!("echo {}", world.object("output")));
    let command = ran.stderr.split('`').nth(1).unwrap();
    let program = Utf8Path::new(env!("CARGO_BIN_EXE_nix-post-build-push"));
    let like = world.command(&[]);
    let mut shell = Command::new("/bin/sh");
    shell.args(["-ec", command]).env_clear();
    shell.envs(
        like.get_envs()
            .filter_map(|(name, value)| Some((name, value?))),
    );
    shell.env(
        "PATH",
        format!("{}:{}/bin", program.parent().unwrap(), world.root),
    );
    assert!(shell.status().unwrap().success(), "{command}");
    assert_eq!(queued(&world), before + 1);
}

#[test]
fn without_a_nix_to_ask_for_outputs_both_things_to_do_are_said() {
    let world = world();
    fs::remove_file(world.root.join("bin/nix")).unwrap();
    let ran = hook_for_floating(&world);
    let hint = "(hint: is Nix installed, and its directory in PATH? Then `DRV_PATH='";
    assert!(ran.stderr.contains(hint), "{}", ran.stderr);
}
