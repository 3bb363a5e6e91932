//! What is queued, held, and at a destination.

use std::collections::BTreeSet;
use std::process::Command;

use camino::{Utf8DirEntry, Utf8Path, Utf8PathBuf};
use serde_json::Value;

use crate::nix::Nix;
use crate::output::Output;
use crate::planted;
use crate::product::Product;
use crate::run::Run;

/// Looking at queues and destinations.
impl Product {
    /// What the links in the directory `name` below [`Nix::dir`] point at; nothing if it is
    /// missing.
    #[track_caller]
    pub fn queued_in(&self, name: &str) -> BTreeSet<Utf8PathBuf> {
        let Ok(entries) = self.nix().dir().join(name).read_dir_utf8() else {
            return BTreeSet::new();
        };
        let link = |entry: std::io::Result<Utf8DirEntry>| {
            entry.expect("readdir").path().read_link_utf8().ok()
        };
        entries.filter_map(link).collect()
    }

    /// What the links in [`Product::queue_dir`] point at; nothing if it is missing.
    #[track_caller]
    pub fn queued(&self) -> BTreeSet<Utf8PathBuf> {
        self.queued_in("queue")
    }

    /// The paths that the garbage collector holds because of links in the directory `name` below
    /// [`Nix::dir`].
    #[track_caller]
    pub fn rooted_in(&self, name: &str) -> BTreeSet<Utf8PathBuf> {
        let dir = format!("{}/{name}/", self.nix().dir());
        let roots = self.nix().roots().into_iter();
        let ours = roots.filter(|root| root.link.starts_with(&dir));
        ours.map(|root| root.path).collect()
    }

    /// The paths that the garbage collector holds because of [`Product::queue_dir`].
    #[track_caller]
    pub fn rooted(&self) -> BTreeSet<Utf8PathBuf> {
        self.rooted_in("queue")
    }

    /// The one object of a list that `arguments` print as JSON.
    #[track_caller]
    pub fn json_of_one<S: AsRef<str>>(&self, arguments: &[S]) -> Value {
        let json = self.run(arguments).json();
        let list = json.as_array().expect("a list");
        assert_eq!(list.len(), 1, "{json:#}");
        list[0].clone()
    }

    /// What is known of the entry of `path`, by `list --json`.
    #[track_caller]
    pub fn entry(&self, path: &Utf8Path) -> Value {
        let json = self.run(&["list", "--json"]).success().json();
        let entries = json.as_array().expect("a list").iter();
        let mut found = entries.filter(|entry| entry["path"] == path.as_str());
        found
            .next()
            .unwrap_or_else(|| panic!("{path} is not listed: {json:#}"))
            .clone()
    }

    /// The program that users run, by the unprivileged user, through the daemon.
    #[track_caller]
    pub fn user_command(&self) -> Command {
        let mut command = self.nix().user_command(Product::program());
        planted::plant(&mut command);
        command.args(["--config-file", self.config_file().as_str()]);
        command
    }

    /// Runs the program as the unprivileged user, through the daemon.
    #[track_caller]
    pub fn user_run<S: AsRef<str>>(&self, arguments: &[S]) -> Output {
        let mut command = self.user_command();
        command.args(arguments.iter().map(AsRef::as_ref)).run()
    }
}

impl Nix {
    /// The paths that a binary cache in the directory `name` below [`Nix::dir`] has, by the hash
    /// parts of their names.
    #[track_caller]
    pub fn cached(&self, name: &str) -> BTreeSet<String> {
        let Ok(files) = self.dir().join(name).read_dir_utf8() else {
            return BTreeSet::new();
        };
        let hash = |entry: std::io::Result<Utf8DirEntry>| {
            let entry = entry.expect("readdir");
            let hash = entry.file_name().strip_suffix(".narinfo")?;
            Some(hash.to_owned())
        };
        files.filter_map(hash).collect()
    }
}

/// The hash parts of store paths.
pub fn hashes<'p>(paths: impl IntoIterator<Item = &'p Utf8PathBuf>) -> BTreeSet<String> {
    let hash = |path: &Utf8PathBuf| path.file_name().expect("name")[..32].to_owned();
    paths.into_iter().map(hash).collect()
}

/// The names of store paths, without their hash parts.
pub fn names<'p>(paths: impl IntoIterator<Item = &'p Utf8PathBuf>) -> BTreeSet<String> {
    let name = |path: &Utf8PathBuf| path.file_name().expect("name")[33..].to_owned();
    paths.into_iter().map(name).collect()
}
