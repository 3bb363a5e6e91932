//! A store, a queue and a home of their own for each test; no Nix.

#![allow(dead_code, unreachable_pub, clippy::unwrap_used)]

use std::fs;
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::{Command, Stdio};

use camino::{Utf8Path, Utf8PathBuf};

/// What all the secrets in the environment of every run have in them. No output shows it, and it is
/// in nothing that a run leaves in its queue.
pub const PLANTED: &str = "planted-secret";

/// Directories as a machine with Nix has them.
pub struct World {
    _keep: tempfile::TempDir,
    pub root: Utf8PathBuf,
    variables: Vec<(String, String)>,
}

/// What a run of the program left.
pub struct Ran {
    pub stdout: String,
    /// Without what is told of each batch.
    pub stderr: String,
    /// That, in lines.
    pub progress: String,
    pub code: i32,
}

/// What is told of each batch, and all else.
fn without_progress(stderr: &str) -> (String, String) {
    let is_progress = |line: &&str| {
        let says = |words: &[&str]| words.iter().any(|word| line.contains(word));
        line.to_lowercase().contains("info") && says(&[" entry delivered", " entries delivered"])
    };
    stderr.split_inclusive('\n').partition(is_progress)
}

impl World {
    pub fn new() -> Self {
        let keep = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(keep.path())
            .unwrap()
            .canonicalize_utf8()
            .unwrap();
        for dir in ["store", "state/gcroots/auto", "home", "bin"] {
            fs::create_dir_all(root.join(dir)).unwrap();
        }
        fs::write(root.join("state/gc.lock"), "").unwrap();
        let mut world = Self {
            _keep: keep,
            root,
            variables: Vec::new(),
        };
        world.set("NIX_STORE_DIR", "{}/store");
        world.set("NIX_STATE_DIR", "{}/state");
        world.set("HOME", "{}/home");
        world.set("PATH", "{}/bin");
        world.set("NIX_POST_BUILD_PUSH_QUEUE_DIR", "{}/queue");
        world.set("NIX_CONFIG", "access-tokens = a=planted-secret-token");
        world.set("AWS_SECRET_ACCESS_KEY", "planted-secret-key");
        world
    }

    /// With a destination, and a `nix` that writes its arguments and its environment down, and
    /// succeeds.
    pub fn with_obedient_nix() -> Self {
        let mut world = Self::new();
        let write_down =
            "printf '%s\\n' \"$@\" >> {}/called\nexport -p >> {}/environment\necho '{}'";
        world.program("nix", write_down);
        world.set("NIX_POST_BUILD_PUSH_DESTINATION", "file://{}/cache");
        world
    }

    /// The arguments of all calls of an obedient `nix`, with `ROOT` for the root.
    pub fn called(&self) -> String {
        let text = fs::read_to_string(self.root.join("called")).unwrap_or_default();
        text.replace(self.root.as_str(), "ROOT").replace('\n', " ")
    }

    /// Sets a variable; `{}` is the world's root.
    pub fn set(&mut self, name: &str, value: &str) {
        self.unset(name);
        self.variables
            .push((name.to_owned(), value.replace("{}", self.root.as_str())));
    }

    pub fn unset(&mut self, name: &str) {
        self.variables.retain(|(known, _)| known != name);
    }

    /// The full path of a store object, which is made if it is not there.
    pub fn object(&self, name: &str) -> String {
        let path = self.store_path(name);
        fs::create_dir_all(&path).unwrap();
        path
    }

    /// The full path that a store object of this name would have.
    pub fn store_path(&self, name: &str) -> String {
        let digits: String = name
            .bytes()
            .cycle()
            .map(|byte| char::from(b"0123456789abcdfghijklmnpqrsvwxyz"[usize::from(byte) % 32]))
            .take(32)
            .collect();
        self.root
            .join("store")
            .join(format!("{digits}-{name}"))
            .into_string()
    }

    /// A file below the root.
    pub fn write(&self, file: &str, text: &str) -> Utf8PathBuf {
        let path = self.root.join(file);
        fs::write(&path, text.replace("{}", self.root.as_str())).unwrap();
        path
    }

    pub fn link(&self, file: &str, to: &str) {
        symlink(to, self.root.join(file)).unwrap();
    }

    /// A program in PATH. It is run with no PATH worth the name, but for itself.
    pub fn program(&self, name: &str, script: &str) {
        let path = self.write(&format!("bin/{name}"), &format!("#!/bin/sh\n{script}\n"));
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    pub fn run(&self, line: &[&str]) -> Ran {
        self.run_with(line, "")
    }

    pub fn run_with(&self, line: &[&str], stdin: &str) -> Ran {
        let mut child = self.command(line).spawn().unwrap();
        let mut pipe = child.stdin.take().unwrap();
        // One that does not read may be gone already.
        let _ = pipe.write_all(stdin.as_bytes());
        drop(pipe);
        let output = child.wait_with_output().unwrap();
        let text = |bytes: Vec<u8>| {
            let text = String::from_utf8(bytes).unwrap();
            assert!(!text.contains(PLANTED), "a secret is shown: {line:?}");
            text.replace(self.root.as_str(), "ROOT")
        };
        let (progress, stderr) = without_progress(&text(output.stderr));
        Ran {
            stdout: text(output.stdout),
            stderr,
            progress,
            code: output.status.code().unwrap_or(-1),
        }
    }

    /// The program, with pipes.
    pub fn command(&self, line: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_nix-post-build-push"));
        command.args(line).env_clear().current_dir(&self.root);
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let ledger = self.root.join("queue/.push/ledger.toml");
        let ledger = fs::read_to_string(ledger).unwrap_or_default();
        if !std::thread::panicking() {
            assert!(!ledger.contains(PLANTED), "a secret is in the ledger");
        }
    }
}

impl Ran {
    /// Asserts a clean end, and gives what was printed.
    #[track_caller]
    pub fn ok(self) -> String {
        assert_eq!(
            (self.code, self.stderr.as_str()),
            (0, ""),
            "stdout: {}",
            self.stdout
        );
        self.stdout
    }

    /// Asserts that `status` asks for somebody, and nothing else, and gives what was printed.
    #[track_caller]
    pub fn needs_a_look(self) -> String {
        assert_eq!(
            (self.code, self.stderr.as_str()),
            (1, ""),
            "stdout: {}",
            self.stdout
        );
        self.stdout
    }

    /// Asserts the exit code, and gives the messages.
    #[track_caller]
    pub fn fails(self, code: i32) -> String {
        assert_eq!(
            self.code, code,
            "stdout: {}\nstderr: {}",
            self.stdout, self.stderr
        );
        self.stderr
    }

    /// Standard output as JSON, after a clean end, or that of a `status` that asks for somebody.
    #[track_caller]
    pub fn json(self) -> serde_json::Value {
        assert!(matches!(self.code, 0 | 1), "{}: {}", self.code, self.stderr);
        serde_json::from_str(&self.stdout).unwrap()
    }
}

/// A pipe by name: reading it blocks until somebody writes, and the reverse.
pub fn make_fifo(path: &camino::Utf8Path) {
    let made = std::process::Command::new("mkfifo").arg(path).status();
    assert!(made.is_ok_and(|status| status.success()));
}
