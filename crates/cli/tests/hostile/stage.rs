//! A machine for one run: a store, a state, a queue, and a place for hostile things. No Nix.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::Write;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The hashes of the store objects that are there.
pub const HASH: &str = "v3ygr25lms4hdmxwa8h14sjv6km1l8cz";

/// A derivation that may be there.
pub const DERIVATION: &str = "store/{#}-x.drv";

/// Texts and bytes that a test hands over may hold `{}`, the root of the stage, `{a}` and `{b}`,
/// two store objects, and `{#}`, a valid hash.
pub struct Stage {
    keep: tempfile::TempDir,
    pub variables: Vec<(OsString, OsString)>,
    pub arguments: Vec<OsString>,
    pub stdin: Vec<u8>,
}

impl Stage {
    pub fn new() -> Self {
        let keep = tempfile::Builder::new().prefix("h.").tempdir().unwrap();
        let mut stage = Self {
            keep,
            variables: Vec::new(),
            arguments: Vec::new(),
            stdin: Vec::new(),
        };
        for dir in ["state/gcroots/auto", "home", "bin", "queue", "outside"] {
            fs::create_dir_all(stage.path(dir)).unwrap();
        }
        for object in ["{a}", "{b}"] {
            fs::create_dir_all(stage.path(object)).unwrap();
        }
        stage.file("state/gc.lock", "");
        stage.file("outside/canary", "sings");
        stage.set("NIX_STORE_DIR", "{}/store");
        stage.set("NIX_STATE_DIR", "{}/state");
        stage.set("HOME", "{}/home");
        stage.set("PATH", "{}/bin");
        stage.set("NIX_POST_BUILD_PUSH_QUEUE_DIR", "{}/queue");
        // Whatever goes wrong, nobody sees them.
        stage.set("NIX_CONFIG", "access-tokens = a=planted-secret-token");
        stage.set("AWS_SECRET_ACCESS_KEY", "planted-secret-key");
        stage
    }

    pub fn root(&self) -> &Path {
        self.keep.path()
    }

    /// Fills in what stands in braces.
    pub fn fill(&self, text: impl AsRef<[u8]>) -> Vec<u8> {
        let root = self.root().as_os_str().as_bytes();
        let object = |name| [root, b"/store/", HASH.as_bytes(), b"-", name].concat();
        let places: [(&[u8], Vec<u8>); 4] = [
            (b"{a}", object(b"a")),
            (b"{b}", object(b"b")),
            (b"{#}", HASH.as_bytes().to_vec()),
            (b"{}", root.to_vec()),
        ];
        let text = text.as_ref().to_vec();
        places
            .iter()
            .fold(text, |text, (name, value)| replaced(&text, name, value))
    }

    fn os(&self, text: impl AsRef<[u8]>) -> OsString {
        OsString::from_vec(self.fill(text))
    }

    /// A path below the root, unless the text leads elsewhere.
    pub fn path(&self, text: impl AsRef<[u8]>) -> PathBuf {
        self.root().join(self.os(text))
    }

    pub fn set(&mut self, name: impl AsRef<[u8]>, value: impl AsRef<[u8]>) {
        let name = self.os(name);
        self.unset(&name);
        self.variables.push((name, self.os(value)));
    }

    pub fn set_if_unset(&mut self, name: &str, value: &str) {
        if !self.variables.iter().any(|(known, _)| known == name) {
            self.set(name, value);
        }
    }

    pub fn unset(&mut self, name: impl AsRef<OsStr>) {
        self.variables.retain(|(known, _)| known != name.as_ref());
    }

    /// Takes away what is there, with all that is in it.
    pub fn remove(&self, name: impl AsRef<[u8]>) {
        let path = self.path(name);
        match path.is_dir() {
            true => fs::remove_dir_all(path).unwrap(),
            false => fs::remove_file(path).unwrap(),
        }
    }

    /// A second name for a file.
    pub fn hard_link(&self, name: impl AsRef<[u8]>, to: impl AsRef<[u8]>) {
        fs::hard_link(self.path(to), self.path(name)).unwrap();
    }

    /// More arguments.
    pub fn arguments<T: AsRef<[u8]>, const N: usize>(&mut self, texts: [T; N]) {
        texts.iter().for_each(|text| self.argument(text));
    }

    /// Another argument.
    pub fn argument(&mut self, text: impl AsRef<[u8]>) {
        self.arguments.push(self.os(text));
    }

    pub fn stdin(&mut self, text: impl AsRef<[u8]>) {
        self.stdin = self.fill(text);
    }

    pub fn file(&self, name: impl AsRef<[u8]>, text: impl AsRef<[u8]>) {
        fs::write(self.path(name), self.fill(text)).unwrap();
    }

    pub fn dir(&self, name: impl AsRef<[u8]>) {
        fs::create_dir_all(self.path(name)).unwrap();
    }

    pub fn link(&self, name: impl AsRef<[u8]>, to: impl AsRef<[u8]>) {
        symlink(self.os(to), self.path(name)).unwrap();
    }

    /// Reading it blocks until somebody writes, and the reverse.
    pub fn fifo(&self, name: impl AsRef<[u8]>) {
        let mode = rustix::fs::Mode::from_raw_mode(0o600);
        let kind = rustix::fs::FileType::Fifo;
        rustix::fs::mknodat(rustix::fs::CWD, self.path(name), kind, mode, 0).unwrap();
    }

    pub fn socket(&self, name: impl AsRef<[u8]>) {
        drop(std::os::unix::net::UnixListener::bind(self.path(name)).unwrap());
    }

    /// A file with a hole of that many bytes.
    pub fn hole(&self, name: impl AsRef<[u8]>, bytes: u64) {
        let file = fs::File::create(self.path(name)).unwrap();
        file.set_len(bytes).unwrap();
    }

    /// A program in PATH. Another process writes it: had this one the file open while another
    /// thread forks, running it could fail with "text file busy".
    pub fn program(&self, name: &str, script: impl AsRef<[u8]>) {
        let script = [b"#!/bin/sh\n".to_vec(), self.fill(script), b"\n".to_vec()].concat();
        let mut install = Command::new("install")
            .args(["-m", "755", "/dev/stdin"])
            .arg(self.path("bin").join(name))
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        let mut input = install.stdin.take().unwrap();
        input.write_all(&script).unwrap();
        drop(input);
        assert!(install.wait().unwrap().success());
    }

    pub fn nix(&self, script: impl AsRef<[u8]>) {
        self.program("nix", script);
    }

    /// An entry as the hook makes it, but for its root.
    pub fn entry(&self, name: &str) {
        self.link(
            format!("queue/{HASH}-{name}"),
            format!("{{}}/store/{HASH}-{name}"),
        );
    }

    /// What the pushes remember.
    pub fn ledger(&self, text: impl AsRef<[u8]>) {
        self.dir("queue/.push");
        self.file("queue/.push/ledger.toml", text);
    }

    /// A configuration file.
    pub fn config(&mut self, text: impl AsRef<[u8]>) {
        self.unset("NIX_POST_BUILD_PUSH_QUEUE_DIR");
        self.file("outside/config.toml", text);
        let file = self.path("outside/config.toml");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
        self.set(
            "NIX_POST_BUILD_PUSH_CONFIG_FILE",
            file.as_os_str().as_bytes(),
        );
    }

    /// The names of the entries in the queue, without their hashes.
    pub fn queued(&self) -> Vec<String> {
        let Ok(read) = fs::read_dir(self.path("queue")) else {
            return Vec::new();
        };
        let entry = |entry: std::io::Result<fs::DirEntry>| {
            let entry = entry.unwrap();
            let name = entry.file_name();
            let points_at = fs::read_link(entry.path()).ok()?;
            let full = self.path("store").join(&name);
            let is_entry = points_at.as_os_str() == full.as_os_str();
            let name = name.into_string().ok()?;
            is_entry.then(|| {
                name.split_once('-')
                    .map(|(_, name)| name.chars().take(16).collect())
            })?
        };
        let mut names: Vec<_> = read.filter_map(entry).collect();
        names.sort();
        names
    }
}

fn replaced(text: &[u8], name: &[u8], value: &[u8]) -> Vec<u8> {
    if !text.windows(name.len()).any(|window| window == name) {
        return text.to_vec();
    }
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        if let Some(behind) = rest.strip_prefix(name) {
            out.extend_from_slice(value);
            rest = behind;
        } else {
            out.push(rest[0]);
            rest = &rest[1..];
        }
    }
    out
}
