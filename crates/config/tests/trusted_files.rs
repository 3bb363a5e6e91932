//! Which files are believed: the configuration, and one that holds a destination.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test may panic, and say what it skips"
)]

use std::fs;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::process::Command;
use std::sync::mpsc::RecvTimeoutError;
use std::time::Duration;

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
    let (pipe, _other_end) = std::io::pipe().unwrap();
    let of_a_shell = format!("/proc/self/fd/{}", pipe.as_raw_fd());
    let makes: [&dyn Fn(&Utf8Path); 4] = [
        &make_fifo,
        &|path| symlink("/dev/zero", path).unwrap(),
        &|path| symlink("/", path).unwrap(),
        &|path| symlink(&of_a_shell, path).unwrap(),
    ];
    for make in makes {
        world.become_another(make);
        let expected = (
            "it is not a regular file".to_owned(),
            "it must be a regular file".to_owned(),
        );
        let refused = || (world.refused(), world.refused_as_destination());
        let refused = without_waiting(&world.file, refused);
        assert_eq!(refused, (expected.clone(), expected));
    }
}

/// Somebody who waits for the other end of this FIFO is given it in the end, and that is a failure.
#[track_caller]
fn without_waiting<T: Send>(file: &Utf8Path, read: impl FnOnce() -> T + Send) -> T {
    let (done, is_done) = std::sync::mpsc::channel();
    std::thread::scope(|scope| {
        let reader = scope.spawn(move || {
            let read = read();
            let _ = done.send(());
            read
        });
        let mut waited = false;
        while is_done.recv_timeout(Duration::from_secs(20)) == Err(RecvTimeoutError::Timeout) {
            waited = true;
            drop(
                fs::File::options()
                    .read(true)
                    .write(true)
                    .open(file)
                    .unwrap(),
            );
        }
        let read = reader.join().unwrap();
        assert!(!waited, "it waits for {file}");
        read
    })
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

/// What is said when this directory or symlink on the way is not to be trusted.
#[track_caller]
fn refused_on_the_way(world: &World, what: &str, why: &str, command: &str) {
    let expected = (
        format!("the {what} on the way to it is not trusted: {why}"),
        command.to_owned(),
    );
    assert_eq!(world.refused(), expected);
    assert_eq!(world.refused_as_destination(), expected);
    paste(command);
}

#[track_caller]
fn paste(command: &str) {
    let pasted = Command::new("sh").args(["-ec", command]).status();
    assert!(pasted.unwrap().success(), "{command}");
}

fn is_root() -> bool {
    let root = rustix::process::geteuid().is_root();
    if !root {
        println!("skipped: needs root, to give files away");
    }
    root
}

impl World {
    /// Moves the file into a directory, beside where it was.
    fn move_below(&mut self, below: &str) -> Utf8PathBuf {
        let root = self.file.parent().unwrap().to_owned();
        fs::create_dir_all(root.join(below)).unwrap();
        let file = root.join(below).join("c.toml");
        fs::rename(&self.file, &file).unwrap();
        self.file = file;
        root
    }
}

const OTHERS: &str = "it may be written by others than its owner";

#[test]
fn a_directory_above_in_which_others_may_exchange_what_is_there_is_refused_and_mended() {
    let mut world = World::new(TEXT);
    let root = world.move_below("it's/below");
    for directory in ["it's/below", "it's"] {
        let path = root.join(directory);
        let named = format!("directory {path}");
        let (at, mode) = (ownership::quoted(path.as_str()), fs::Permissions::from_mode);
        chown(&path, None, Some(12)).ok();
        fs::set_permissions(&path, mode(0o757)).unwrap();
        refused_on_the_way(&world, &named, OTHERS, &format!("chmod o-w {at}"));
        assert_eq!(world.resolve().problems, []);
        fs::set_permissions(&path, mode(0o1777)).unwrap();
        assert_eq!(world.resolve().problems, [], "sticky");
        fs::set_permissions(&path, mode(0o755)).unwrap();
    }
    if is_root() {
        let path = root.join("it's");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o775)).unwrap();
        let command = format!("chmod g-w {}", ownership::quoted(path.as_str()));
        refused_on_the_way(&world, &format!("directory {path}"), OTHERS, &command);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o775)).unwrap();
        chown(&path, None, Some(0)).unwrap();
        assert_eq!(world.resolve().problems, [], "the owner's private group");
    }
}

#[test]
fn a_directory_above_of_another_account_is_refused_and_mended() {
    if !is_root() {
        return;
    }
    let mut world = World::new(TEXT);
    let root = world.move_below("a/b");
    for directory in ["a/b", "a"] {
        let path = root.join(directory);
        chown(&path, Some(1234), None).unwrap();
        let why = "it belongs to uid 1234, and we are uid 0";
        // Root may have come here with the home of that account.
        let unless = "not if it is somebody's home or workspace: then name a file elsewhere";
        let command = format!("chown root {path}  # {unless}");
        refused_on_the_way(&world, &format!("directory {path}"), why, &command);
        assert_eq!(world.resolve().problems, []);
    }
}

#[test]
fn the_way_to_where_a_symlink_leads_is_judged_as_well_in_every_form_of_it() {
    for to in [
        "../real/deep/c.toml",
        "ROOT/real/deep/c.toml",
        "../real/./up/../deep//c.toml",
    ] {
        let mut world = World::new(TEXT);
        let root = world.move_below("real/deep");
        fs::create_dir(root.join("real/up")).unwrap();
        fs::create_dir(root.join("links")).unwrap();
        world.file = root.join("links/c.toml");
        symlink(to.replace("ROOT", root.as_str()), &world.file).unwrap();
        assert_eq!(world.resolve().problems, []);
        for directory in ["real", "real/deep", "links"] {
            let path = root.join(directory);
            fs::set_permissions(&path, fs::Permissions::from_mode(0o757)).unwrap();
            let named = format!("directory {path}");
            refused_on_the_way(&world, &named, OTHERS, &format!("chmod o-w {path}"));
            assert_eq!(world.resolve().problems, [], "{to}");
        }
    }
}

#[test]
fn a_chain_of_links_to_directories_and_files_is_followed_as_nixos_has_it() {
    let mut world = World::new(TEXT);
    let root = world.move_below("store/etc/sub");
    fs::set_permissions(root.join("store"), fs::Permissions::from_mode(0o1775)).unwrap();
    symlink("store/etc", root.join("static")).unwrap();
    symlink(root.join("static/sub/c.toml"), root.join("config.toml")).unwrap();
    world.file = root.join("config.toml");
    assert_eq!(world.resolve().problems, []);
    symlink("store/etc/sub", root.join("again")).unwrap();
    world.file = root.join("again/c.toml");
    assert_eq!(world.resolve().problems, []);
}

#[test]
fn a_symlink_of_another_account_is_refused_and_mended() {
    if !is_root() {
        return;
    }
    for name in ["c.toml", "above/c.toml"] {
        let world = World::new(TEXT);
        let root = world.file.parent().unwrap().to_owned();
        fs::create_dir(root.join("real")).unwrap();
        let file = root.join("real/c.toml");
        fs::rename(&world.file, &file).unwrap();
        let (link, to) = match name {
            "c.toml" => (root.join("c.toml"), "real/c.toml"),
            _ => (root.join("above"), "real"),
        };
        symlink(to, &link).unwrap();
        std::os::unix::fs::lchown(&link, Some(1234), None).unwrap();
        let world = World {
            file: root.join(name),
            ..world
        };
        let why = "it belongs to uid 1234, and we are uid 0";
        let command = format!("chown -h root {link}");
        refused_on_the_way(&world, &format!("symlink {link}"), why, &command);
        assert_eq!(world.resolve().problems, []);
    }
}

#[test]
fn links_without_an_end_are_an_error() {
    let world = World::new(TEXT);
    world.become_another(|path| symlink(path.file_name().unwrap(), path).unwrap());
    let [problem] = world.resolve().problems.try_into().unwrap();
    assert!(problem.message.contains("symbolic links"), "{problem}");
}

#[test]
fn what_is_not_there_is_not_refused_for_the_way_to_it() {
    let world = World::new(TEXT);
    let home = world.file.parent().unwrap().join("home");
    fs::create_dir_all(home.join(".config")).unwrap();
    fs::set_permissions(&home, fs::Permissions::from_mode(0o757)).unwrap();
    let resolve = || {
        resolve(&Inputs {
            overrides: &Overrides {
                queue_dir: Some("/q".into()),
                ..Overrides::default()
            },
            environment: &Environment::new([("HOME".into(), home.as_str().into())]),
            uid: 1000,
            need: Need::Enqueue,
        })
    };
    assert_eq!(resolve().problems, []);
    let below = home.join(".config/nix-post-build-push");
    fs::create_dir(&below).unwrap();
    fs::copy(&world.file, below.join("config.toml")).unwrap();
    assert_eq!(resolve().problems.len(), 1);
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
