//! Which files are believed: the configuration, and one that holds a destination.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test may panic, and say what it skips"
)]

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::process::Command;

use camino::{Utf8Path, Utf8PathBuf};
use nix_post_build_push_config::{
    Destination, Environment, Inputs, Need, Overrides, Problem, Resolution, resolve,
};

const TEXT: &str = "[hook]\non-error = \"fail\"\n[queues.main]\nqueue-dir = \"/q\"\n";

struct World {
    _keep: tempfile::TempDir,
    file: Utf8PathBuf,
}

impl World {
    fn new(text: &str) -> Self {
        let keep = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(keep.path()).unwrap();
        let file = root.join("my config.toml");
        fs::write(&file, text).unwrap();
        let world = Self { _keep: keep, file };
        world.mode(0o644);
        world
    }

    fn mode(&self, mode: u32) {
        fs::set_permissions(&self.file, fs::Permissions::from_mode(mode)).unwrap();
    }

    fn become_another(&self, make: impl Fn(&Utf8Path)) {
        fs::remove_file(&self.file).unwrap();
        make(&self.file);
    }

    fn resolve(&self) -> Resolution {
        let overrides = Overrides {
            config_file: Some(self.file.clone()),
            ..Overrides::default()
        };
        resolve(&Inputs {
            overrides: &overrides,
            environment: &Environment::new([("HOME".into(), "/home/alice".into())]),
            uid: 1000,
            need: Need::Enqueue,
        })
    }

    /// Nothing of the configuration is used. Gives the reason and the hint.
    #[track_caller]
    fn refused(&self) -> (String, String) {
        let Resolution {
            config, problems, ..
        } = self.resolve();
        let [Problem { message, hint, .. }] = problems.as_slice() else {
            panic!("{problems:?}")
        };
        assert_eq!(config.queues, []);
        assert_eq!(config.hook.on_error.value.to_string(), "ignore");
        let start = format!("the configuration file {} is refused: ", self.file);
        let reason = message
            .strip_prefix(&start)
            .unwrap_or_else(|| panic!("{message}"));
        (reason.to_owned(), hint.clone().unwrap())
    }

    /// The file taken for that of a destination.
    #[track_caller]
    fn refused_as_destination(&self) -> (String, String) {
        let error = Destination::SecretFile(self.file.clone())
            .read()
            .unwrap_err();
        let start = format!("the file of the destination, {}, is refused", self.file);
        assert_eq!(error.to_string(), start);
        (
            std::error::Error::source(&error).unwrap().to_string(),
            error.hint(),
        )
    }
}

fn make_fifo(path: &Utf8Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

#[test]
fn a_file_that_others_may_write_is_refused_with_the_command_that_mends_it() {
    let world = World::new(TEXT);
    for mode in [0o664, 0o646, 0o622, 0o606, 0o777] {
        world.mode(mode);
        let expected = (
            "it may be written by others than its owner".to_owned(),
            format!("chmod go-w '{}'", world.file),
        );
        assert_eq!(world.refused(), expected);
        assert_eq!(world.refused_as_destination(), expected);
    }
    for mode in [0o644, 0o444, 0o600, 0o755] {
        world.mode(mode);
        assert_eq!(world.resolve().problems, []);
    }
}

#[test]
fn the_command_of_a_hint_mends_it() {
    let world = World::new(TEXT);
    world.mode(0o666);
    let (_, hint) = world.refused();
    assert!(
        Command::new("sh")
            .args(["-c", &hint])
            .status()
            .unwrap()
            .success()
    );
    assert_eq!(world.resolve().problems, []);
}

#[test]
fn a_file_of_another_account_is_refused() {
    let us = rustix::process::geteuid().as_raw();
    if us != 0 {
        return println!("skipped: needs root, to give files away");
    }
    let world = World::new(TEXT);
    chown(&world.file, Some(1234), None).unwrap();
    let expected = (
        "it belongs to uid 1234, and we are uid 0".to_owned(),
        format!("chown root '{}'", world.file),
    );
    assert_eq!(world.refused(), expected);
    assert_eq!(world.refused_as_destination(), expected);
}

#[test]
fn what_is_no_file_is_refused_without_waiting_for_it() {
    let world = World::new(TEXT);
    for make in [
        |path: &Utf8Path| make_fifo(path),
        |path: &Utf8Path| symlink("/dev/zero", path).unwrap(),
        |path: &Utf8Path| symlink("/", path).unwrap(),
    ] {
        world.become_another(make);
        let expected = (
            "it is not a regular file".to_owned(),
            "it must be a regular file".to_owned(),
        );
        assert_eq!(world.refused(), expected);
        assert_eq!(world.refused_as_destination(), expected);
    }
}

#[test]
fn behind_a_symlink_the_file_counts_that_is_read() {
    let world = World::new(TEXT);
    let real = world.file.with_file_name("real.toml");
    fs::rename(&world.file, &real).unwrap();
    symlink(&real, &world.file).unwrap();
    assert_eq!(world.resolve().problems, []);
    fs::set_permissions(&real, fs::Permissions::from_mode(0o666)).unwrap();
    assert!(world.refused().0.contains("written by others"));
}

#[test]
fn a_file_is_refused_for_who_may_write_it_whoever_may_read_it() {
    let world = World::new("https://me:hunter2@h");
    world.mode(0o660);
    let told = format!("{:?}", world.refused_as_destination());
    assert!(!told.contains("hunter2"), "{told}");
    world.mode(0o400);
    let read = Destination::SecretFile(world.file.clone()).read();
    assert_eq!(read.unwrap().as_str(), "https://me:hunter2@h");
}
