//! A crash leaves no core dump, in which the environment would be, and all that is in memory.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod common;

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use camino::{Utf8Path, Utf8PathBuf};
use common::World;
use rustix::process::{Pid, Signal, kill_process};

const SECRET: &str = "access-tokens = planted.example=planted-secret-of-the-environment";

/// A Nix that crashes a child of its own, and then does not answer.
const HANGING: &str = "/bin/mkdir {}/child && cd {}/child && /bin/sh -c 'kill -ABRT $$'\n\
                       echo $$ > {}/pid.new && /bin/mv {}/pid.new {}/pid\nexec /bin/sleep 60";

fn world() -> World {
    let mut world = World::new();
    world.program("nix", HANGING);
    world.program("nix-store", HANGING);
    world.set("NIX_POST_BUILD_PUSH_DESTINATION", "file://{}/cache");
    world.set("NIX_CONFIG", SECRET);
    fs::create_dir(world.root.join("dumps")).unwrap();
    world
}

/// Runs a command in the environment of `ours`, with core dumps as large as they get, in the
/// directory `dumps`.
fn start(world: &World, ours: &Command) -> Child {
    let mut command = Command::new("/bin/sh");
    command
        .args(["-c", "ulimit -c unlimited && exec \"$@\"", "sh"])
        .arg(ours.get_program())
        .args(ours.get_args())
        .env_clear()
        .envs(
            ours.get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        )
        .current_dir(world.root.join("dumps"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command.spawn().unwrap()
}

fn crash(mut child: Child) -> bool {
    kill_process(Pid::from_child(&child), Signal::ABORT).unwrap();
    let status = child.wait().unwrap();
    assert_eq!(status.signal(), Some(Signal::ABORT.as_raw()), "{status}");
    status.core_dumped()
}

fn files(directory: Utf8PathBuf) -> Vec<Utf8PathBuf> {
    let entries = directory.read_dir_utf8().unwrap();
    entries.map(|entry| entry.unwrap().into_path()).collect()
}

fn holds_the_secret(file: &Utf8Path) -> bool {
    let bytes = fs::read(file).unwrap();
    bytes
        .windows(SECRET.len())
        .any(|window| window == SECRET.as_bytes())
}

/// Whether an ordinary program leaves a dump with the secret in it here. Elsewhere a program of
/// the system takes it.
fn dumps_are_left(world: &World) -> bool {
    let mut sleep = world.command(&[]);
    let variables: Vec<_> = sleep
        .get_envs()
        .map(|(n, v)| (n.to_owned(), v.unwrap().to_owned()))
        .collect();
    sleep = Command::new("/bin/sleep");
    sleep.arg("60").env_clear().envs(variables);
    let child = start(world, &sleep);
    let program = format!("/proc/{}/comm", child.id());
    wait_until(|| fs::read_to_string(&program).is_ok_and(|name| name == "sleep\n"));
    let dumped = crash(child);
    let left = files(world.root.join("dumps"));
    let found = left.iter().any(|file| holds_the_secret(file));
    left.iter().for_each(|file| fs::remove_file(file).unwrap());
    if !(dumped && found) {
        println!("skipped: this machine leaves no core dumps in the working directory");
    }
    dumped && found
}

#[track_caller]
fn wait_until(condition: impl Fn() -> bool) {
    let begun = Instant::now();
    while !condition() {
        assert!(begun.elapsed() < Duration::from_secs(60), "waited too long");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Crashes a program of ours while it waits for Nix.
fn crashes_without_a_dump(world: &World, ours: &Command) {
    if !dumps_are_left(world) {
        return;
    }
    let child = start(world, ours);
    let pid = world.root.join("pid");
    wait_until(|| pid.exists());
    let dumped = crash(child);
    let nix = fs::read_to_string(pid).unwrap().trim().parse().unwrap();
    let _ = kill_process(Pid::from_raw(nix).unwrap(), Signal::KILL);
    let left = files(world.root.join("dumps"));
    assert!(left.is_empty(), "{left:?}");
    assert!(!dumped);
    let of_child = files(world.root.join("child"));
    assert!(of_child.is_empty(), "{of_child:?}");
}

#[test]
fn of_a_nix_that_is_given_the_password_of_a_destination() {
    let mut world = world();
    world.run(&["enqueue", &world.object("a")]).ok();
    if !dumps_are_left(&world) {
        return;
    }
    world.program(
        "nix",
        "echo \"$NIX_CONFIG\" > {}/told; cd {}/dumps; kill -ABRT $$",
    );
    let destination = "https://me:planted-secret-password@cache.invalid";
    world.set("NIX_POST_BUILD_PUSH_DESTINATION", destination);
    let status = start(&world, &world.command(&["push"])).wait().unwrap();
    assert!(status.code().is_some_and(|code| code > 0), "{status}");
    let told = fs::read_to_string(world.root.join("told")).unwrap();
    assert!(told.contains("planted-secret-password"), "{told}");
    let left = files(world.root.join("dumps"));
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn of_a_push() {
    let world = world();
    world.run(&["enqueue", &world.object("a")]).ok();
    crashes_without_a_dump(&world, &world.command(&["push"]));
}

#[test]
fn of_the_hook() {
    let world = world();
    let derivation = format!("{}.drv", world.store_path("a"));
    // Its output is known to Nix alone.
    fs::write(&derivation, r#"Derive([("out","","r:sha256","")],["#).unwrap();
    let program = world.command(&[]);
    let mut hook = Command::new(env!("CARGO_BIN_EXE_nix-post-build-push-hook"));
    hook.envs(
        program
            .get_envs()
            .filter_map(|(name, value)| Some((name, value?))),
    );
    hook.env("DRV_PATH", derivation);
    crashes_without_a_dump(&world, &hook);
}
