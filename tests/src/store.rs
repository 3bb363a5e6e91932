//! Building, and what the store says.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};

use crate::nix::Nix;
use crate::output::Output;
use crate::run::Run;

/// A garbage collector root, as `nix-store --gc --print-roots` lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Root {
    /// The link, or what else holds the path: `{temp:1234}`, `/proc/1234/environ`.
    pub link: String,
    /// The store path it holds.
    pub path: Utf8PathBuf,
}

/// Building and asking the store. All panic with the command's output if the command fails.
impl Nix {
    /// Builds an expression with `nix-build`, without a root for the results, and returns the
    /// outputs it prints.
    #[track_caller]
    pub fn build(&self, expression: &str) -> Vec<Utf8PathBuf> {
        paths(&self.try_build(expression).success())
    }

    /// Builds an expression of one derivation, and returns its first output.
    #[track_caller]
    pub fn build_one(&self, expression: &str) -> Utf8PathBuf {
        self.build(expression).swap_remove(0)
    }

    /// Builds an expression that may fail.
    #[track_caller]
    pub fn try_build(&self, expression: &str) -> Output {
        self.command("nix-build")
            .args(["--no-out-link", "-E", expression])
            .run()
    }

    /// The derivations of an expression, in the store but not built.
    #[track_caller]
    pub fn instantiate(&self, expression: &str) -> Vec<Utf8PathBuf> {
        let output = self
            .command("nix-instantiate")
            .args(["-E", expression])
            .run();
        paths(&output.success())
    }

    /// Realises derivations, and returns all their outputs.
    #[track_caller]
    pub fn realise(&self, derivations: &[Utf8PathBuf]) -> Vec<Utf8PathBuf> {
        let output = self.command("nix-store").arg("-r").args(derivations).run();
        paths(&output.success())
    }

    /// What `nix-store --query` answers to `arguments`, by line.
    #[track_caller]
    pub fn query<S: AsRef<str>>(&self, arguments: &[S]) -> Vec<String> {
        let mut command = self.command("nix-store");
        command.arg("--query");
        command.args(arguments.iter().map(AsRef::as_ref));
        command.run().success().lines()
    }

    /// The closure of a path, itself included.
    #[track_caller]
    pub fn closure(&self, path: &Utf8Path) -> BTreeSet<Utf8PathBuf> {
        let lines = self.query(&["--requisites", path.as_str()]);
        lines.into_iter().map(Utf8PathBuf::from).collect()
    }

    /// The derivation that a path is known to come from, valid or not.
    #[track_caller]
    pub fn deriver(&self, path: &Utf8Path) -> Option<Utf8PathBuf> {
        let line = self.query(&["--deriver", path.as_str()]).swap_remove(0);
        (line != "unknown-deriver").then(|| line.into())
    }

    /// Whether a path is valid: registered in the database.
    #[track_caller]
    pub fn is_valid(&self, path: &Utf8Path) -> bool {
        let mut command = self.command("nix-store");
        let output = command.args(["--check-validity", path.as_str()]).run();
        output.code == 0
    }

    /// Copies paths with their closures to another store, signatures unchecked.
    #[track_caller]
    pub fn copy_to(&self, store: &str, paths: &[Utf8PathBuf]) {
        let mut command = self.command("nix");
        command.args(["copy", "--no-check-sigs", "--to", store]);
        command.args(paths).run().success();
    }

    /// The URI of a store in a subdirectory, reached through a daemon as over SSH, but without.
    /// It refuses paths without a signature unless signatures are unchecked.
    pub fn ssh_ng_store(&self, name: &str) -> String {
        format!("ssh-ng://localhost?remote-store={}/{name}", self.dir())
    }

    /// Which of `paths` are valid in another store, such as `file:///tmp/cache`.
    ///
    /// By `nix path-info`: with an HTTP store `nix-store` of 2.34.8 ends in a segmentation fault.
    #[track_caller]
    pub fn valid_in(&self, store: &str, paths: &[Utf8PathBuf]) -> Vec<Utf8PathBuf> {
        // All of them as a rule, which takes one question.
        if paths.is_empty() || self.are_valid_in(store, paths) {
            return paths.to_vec();
        }
        let is_valid = |path: &&Utf8PathBuf| self.are_valid_in(store, std::slice::from_ref(*path));
        paths.iter().filter(is_valid).cloned().collect()
    }

    #[track_caller]
    fn are_valid_in(&self, store: &str, paths: &[Utf8PathBuf]) -> bool {
        let mut command = self.command("nix");
        // No cache of earlier answers: the store may have changed since.
        command.args(["--option", "narinfo-cache-positive-ttl", "0"]);
        command.args(["--option", "narinfo-cache-negative-ttl", "0"]);
        let output = command
            .args(["path-info", "--store", store])
            .args(paths)
            .run();
        let are_valid = output.code == 0;
        if !are_valid {
            drop(output.stderr_has("is not valid"));
        }
        are_valid
    }

    /// All roots of the garbage collector, those of running processes included.
    ///
    /// Listing them removes dangling links from `gcroots/auto`, as a collection does.
    #[track_caller]
    pub fn roots(&self) -> Vec<Root> {
        let mut command = self.command("nix-store");
        let output = command.args(["--gc", "--print-roots"]).run().success();
        let split = |line: &str| {
            let (link, path) = line.split_once(" -> ")?;
            Some(Root {
                // 2.34.8 puts the link in quotes, 2.26.3 does not.
                link: link.trim_matches('"').to_owned(),
                path: path.trim_matches('"').into(),
            })
        };
        output.stdout.lines().filter_map(split).collect()
    }

    /// The links that hold exactly `path`. Not what a process holds while it lives: a daemon's
    /// may end some time after its client.
    #[track_caller]
    pub fn roots_of(&self, path: &Utf8Path) -> Vec<String> {
        let roots = self.roots().into_iter();
        let links = roots.filter(|root| root.path == path).map(|root| root.link);
        let is_file = |link: &String| link.starts_with('/') && !link.starts_with("/proc/");
        links.filter(is_file).collect()
    }

    /// Where indirect roots are registered.
    pub fn auto_dir(&self) -> Utf8PathBuf {
        self.state_dir().join("gcroots/auto")
    }

    /// The links in [`Nix::auto_dir`], each with what it points at. Looking at them changes
    /// nothing.
    #[track_caller]
    pub fn auto_links(&self) -> BTreeMap<Utf8PathBuf, Utf8PathBuf> {
        let Ok(links) = self.auto_dir().read_dir_utf8() else {
            return BTreeMap::new();
        };
        let links = links.map(|link| link.expect("readdir").into_path());
        links
            .filter_map(|link| Some((link.clone(), link.read_link_utf8().ok()?)))
            .collect()
    }

    /// Collects garbage, to the end.
    #[track_caller]
    pub fn gc(&self) -> Output {
        self.command("nix-store").arg("--gc").run().success()
    }

    /// Deletes a valid path although roots hold it, so that it is invalid afterwards.
    #[track_caller]
    pub fn delete_ignoring_liveness(&self, path: &Utf8Path) {
        self.command("nix-store")
            .args(["--delete", "--ignore-liveness", path.as_str()])
            .run()
            .success();
        assert!(!self.is_valid(path), "still valid: {path}");
    }
}

fn paths(output: &Output) -> Vec<Utf8PathBuf> {
    output.stdout.lines().map(Utf8PathBuf::from).collect()
}
