//! Building, and what is queued and pushed.

use std::collections::BTreeSet;

use camino::Utf8PathBuf;
use system_tests::Output;

use crate::machine::Machine;

/// The new command line, which Debian's `nix.conf` does not switch on.
pub const NIX: &str = "nix --extra-experimental-features nix-command";

/// The Nix of the machine, and what is queued and pushed.
impl Machine {
    /// Builds an expression as `user` through the daemon, and returns its outputs. No root of the
    /// user's holds them.
    #[track_caller]
    pub fn build_as(&self, user: &str, expression: &str) -> BTreeSet<Utf8PathBuf> {
        let output = self.try_as(user, &["nix-build", "--no-out-link", "-E", expression]);
        paths(&output.success().hook_was_silent())
    }

    /// Builds as `alice`.
    #[track_caller]
    pub fn build(&self, expression: &str) -> BTreeSet<Utf8PathBuf> {
        self.build_as("alice", expression)
    }

    /// What the links in a directory point at; nothing if it is missing.
    #[track_caller]
    pub fn queued(&self, directory: &str) -> BTreeSet<Utf8PathBuf> {
        let Ok(entries) = self.path(directory).read_dir_utf8() else {
            return BTreeSet::new();
        };
        let links =
            entries.filter_map(|entry| entry.expect("readdir").path().read_link_utf8().ok());
        links.collect()
    }

    /// Collects garbage, and returns which of `paths` are valid afterwards.
    #[track_caller]
    pub fn survivors(&self, paths: &BTreeSet<Utf8PathBuf>) -> BTreeSet<Utf8PathBuf> {
        self.sh("nix-store --gc");
        self.valid_in("", paths)
    }

    /// Which of `paths` are valid in a store; the machine's own if its URI is empty.
    #[track_caller]
    pub fn valid_in(&self, store: &str, paths: &BTreeSet<Utf8PathBuf>) -> BTreeSet<Utf8PathBuf> {
        let are_valid = |paths: &str| {
            // No cache of earlier answers: the store may have changed since.
            let script = format!(
                "{NIX} path-info --option narinfo-cache-positive-ttl 0 --option narinfo-cache-negative-ttl 0 \
                 --store '{store}' {paths}"
            );
            let output = self.try_sh(&script);
            if output.code != 0 {
                // Any other error is none that a test should take for an answer.
                drop(output.clone().stderr_has("is not valid"));
            }
            output.code == 0
        };
        // All of them as a rule, which takes one question.
        let all: Vec<_> = paths.iter().map(|path| path.as_str()).collect();
        if paths.is_empty() || are_valid(&all.join(" ")) {
            return paths.clone();
        }
        let valid = paths.iter().filter(|path| are_valid(path.as_str()));
        valid.cloned().collect()
    }

    /// The closure of paths, themselves included.
    #[track_caller]
    pub fn closure(&self, paths: &BTreeSet<Utf8PathBuf>) -> BTreeSet<Utf8PathBuf> {
        let arguments: Vec<&str> = paths.iter().map(|path| path.as_str()).collect();
        self::paths(&self.sh(&format!("nix-store -qR {}", arguments.join(" "))))
    }

    /// The closure of a derivation, with the outputs that are valid.
    #[track_caller]
    pub fn closure_with_outputs(&self, derivation: &str) -> BTreeSet<Utf8PathBuf> {
        self::paths(&self.sh(&format!("nix-store -qR --include-outputs {derivation}")))
    }
}

fn paths(output: &Output) -> BTreeSet<Utf8PathBuf> {
    output.stdout.lines().map(Utf8PathBuf::from).collect()
}
