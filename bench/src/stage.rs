//! Where something is measured: a throwaway Nix, our programs beside it, store paths to queue.

use std::fmt::Write;
use std::fs;
use std::ops::Deref;
use std::process::Command;

use camino::{Utf8Path, Utf8PathBuf};
use system_tests::{Nix, Product, Run};

use crate::measure::Timed;

/// The directory of the queue `main`, as deep as the default one.
pub(crate) const QUEUE: &str = "var/lib/nix-post-build-push/main";

/// A configuration as people write it: one queue and where it goes.
pub(crate) const CONFIG: &str = r#"# Read by nix-post-build-push and its hook.
[queues.main]
destination = "file://@T@/cache"
queue-dir = "@T@/var/lib/nix-post-build-push/main"
"#;

/// What is put before [`CONFIG`] for hooks that do not wait for the disk.
pub(crate) const NO_FSYNC: &str = "[hook]\nfsync = false\n\n";

/// A [`Product`] that is measured, and its queue. The directories are those of a machine on which
/// it has run before.
pub(crate) struct Stage {
    // Before the rest: what is mounted is in the way of removing the directory.
    memory: Option<Memory>,
    product: Product,
}

/// Directories in memory. Dropping it gives them up.
struct Memory(Vec<Utf8PathBuf>);

impl Memory {
    fn mount(directories: Vec<Utf8PathBuf>) -> Memory {
        for directory in &directories {
            fs::create_dir_all(directory).expect("mkdir");
            let mut mount = Command::new("mount");
            mount.args([
                "-t",
                "tmpfs",
                "-o",
                "mode=755,size=75%,nr_inodes=0",
                "tmpfs",
                directory.as_str(),
            ]);
            mount.run().success();
        }
        Memory(directories)
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        for directory in &self.0 {
            let _ = Command::new("umount").arg(directory).status();
        }
    }
}

impl Deref for Stage {
    type Target = Nix;

    fn deref(&self) -> &Nix {
        self.product.nix()
    }
}

impl Stage {
    /// With [`CONFIG`].
    pub(crate) fn new() -> Stage {
        Stage::with(CONFIG)
    }

    /// With another configuration. What it says of queues begins as [`CONFIG`] does.
    pub(crate) fn with(config: &str) -> Stage {
        Stage::around(Nix::new(), config)
    }

    /// With its store and all that is queued in memory, where there are too many files for a disk:
    /// what is left is what the programs and the kernel do.
    pub(crate) fn in_memory(config: &str) -> Stage {
        let nix = Nix::new();
        let memory = Memory::mount(vec![nix.store_dir(), nix.dir().join("var")]);
        let mut stage = Stage::around(nix, config);
        stage.memory = Some(memory);
        stage
    }

    /// With a Nix that is there already.
    pub(crate) fn around(nix: Nix, config: &str) -> Stage {
        let stage = Stage {
            memory: None,
            product: Product::install(nix, config),
        };
        fs::create_dir_all(stage.queue()).expect("mkdir");
        stage.command("nix-store").arg("--init").run().success();
        fs::create_dir_all(stage.auto_dir()).expect("mkdir");
        stage
    }

    /// The directory of the queue.
    pub(crate) fn queue(&self) -> Utf8PathBuf {
        self.dir().join(QUEUE)
    }

    /// `n` store objects that merely exist: as much as a hook looks at.
    pub(crate) fn existing(&self, n: usize) -> Vec<String> {
        let store = self.store_dir();
        fs::create_dir_all(&store).expect("mkdir");
        let path = |i: usize| {
            // Nix's base 32 has these digits too.
            let path = store.join(format!("{i:032}-package-{i:06}-1.0"));
            fs::write(&path, "").expect("write");
            path.into_string()
        };
        (0..n).map(path).collect()
    }

    /// `n` small valid store paths that refer to nothing.
    pub(crate) fn valid(&self, n: usize) -> Vec<String> {
        if n == 0 {
            return Vec::new();
        }
        let dir = self.dir().join("files");
        fs::create_dir_all(&dir).expect("mkdir");
        let files: Vec<Utf8PathBuf> = (0..n)
            .map(|i| dir.join(format!("package-{i:06}-1.0")))
            .collect();
        for (i, file) in files.iter().enumerate() {
            fs::write(file, format!("{i}\n")).expect("write");
        }
        let mut add = self.command("nix-store");
        let paths = add.arg("--add").args(&files).run().success().lines();
        assert_eq!(paths.len(), n);
        paths
    }

    /// The hook, for these paths, which does its work without a word: it exits 0 in any case.
    pub(crate) fn hook(&self, paths: &[String]) -> Timed {
        let mut hook = self.command(Product::hook_program());
        hook.env("OUT_PATHS", paths.join(" "))
            .run()
            .success()
            .is_silent();
        assert_eq!(self.entries(), paths.len());
        Timed::new([Product::hook_program()]).env("OUT_PATHS", paths.join(" "))
    }

    /// The environment in which something is counted: only what our programs look at, and of the
    /// same length everywhere.
    pub(crate) fn bare(&self, command: &mut Command) {
        let config = self.product.config_file();
        command.env_clear();
        command.env("NIX_STORE_DIR", self.store_dir());
        command.env("NIX_STATE_DIR", self.state_dir());
        command.env("NIX_POST_BUILD_PUSH_CONFIG_FILE", config);
    }

    /// The same, with what tells the hook about paths.
    pub(crate) fn bare_hook(&self, command: &mut Command, paths: &[String]) {
        self.bare(command);
        command.env("OUT_PATHS", paths.join(" "));
    }

    /// `nix-post-build-push` with these arguments.
    pub(crate) fn ours(&self, arguments: &[&str]) -> Timed {
        let program = Product::program().into_string();
        Timed::new(
            [program]
                .into_iter()
                .chain(arguments.iter().map(|&word| word.to_owned())),
        )
    }

    /// The program `links`, for the same links; with `more` in between.
    pub(crate) fn links(&self, bench: &crate::Bench, more: &[&str], paths: &[String]) -> Timed {
        let directories = [self.queue(), self.auto_dir()].map(Utf8PathBuf::into_string);
        let words = [bench.comparison("links").into_string()].into_iter();
        let words = words.chain(more.iter().map(|&word| word.to_owned()));
        Timed::new(words.chain(directories).chain(paths.iter().cloned()))
    }

    /// A script that empties the queue and forgets the roots: the directories stay.
    pub(crate) fn emptying(&self) -> Utf8PathBuf {
        self.script("empty-the-queue", &self.empty())
    }

    /// Does what [`Stage::emptying`] does, now.
    pub(crate) fn empty_now(&self) {
        self.command("sh")
            .args(["-c", &self.empty()])
            .run()
            .success();
    }

    fn empty(&self) -> String {
        let queues = self.dir().join("var/lib/nix-post-build-push");
        let auto = self.auto_dir();
        if self.memory.is_some() {
            return format!("find {queues} {auto} -type l -delete");
        }
        format!(
            "for directory in {queues}/* {auto}; do\n\
             find $directory -maxdepth 1 -type l -exec mv -t {} {{}} +\ndone",
            self.aside()
        )
    }

    /// A new directory, as a word of a shell script, for what would else be deleted. For some seconds
    /// ext4 passes over what was deleted, one inode after the other, whenever something is made
    /// (`recently_deleted` in `fs/ext4/ialloc.c`), which would be measured then.
    fn aside(&self) -> String {
        format!("$(mktemp -d {}/aside.XXXXXX)", self.dir())
    }

    /// Such a directory, made now.
    pub(crate) fn new_aside(&self) -> Utf8PathBuf {
        let template = format!("{}/aside.XXXXXX", self.dir());
        let made = self.command("mktemp").args(["-d", &template]).run();
        made.success().lines().swap_remove(0).into()
    }

    /// A line of a shell script that takes a file or a directory away, if it is there.
    pub(crate) fn taking_away(&self, what: &str) -> String {
        format!("[ ! -e {what} ] || mv {what} {}", self.aside())
    }

    /// A script that makes everything as it was before a first push, and queues the paths. With
    /// `also` run before it, a line of shell.
    pub(crate) fn renewing(&self, also: &str, paths: &[String]) -> Utf8PathBuf {
        let (dir, queued) = (self.dir(), self.listed("queued", paths));
        let (ours, config) = (Product::program(), self.product.config_file());
        let body = format!(
            "set -e\n{also}\n{}\n{}\n{}\n\
             {ours} --config-file {config} --quiet enqueue --stdin <{queued}",
            self.taking_away(&format!("{dir}/home/.cache")),
            self.taking_away(&format!("{}/.push/ledger.toml", self.queue())),
            self.empty()
        );
        self.script("renew", &body)
    }

    /// A file with a path a line.
    pub(crate) fn listed(&self, name: &str, paths: &[String]) -> Utf8PathBuf {
        let mut text = String::new();
        for path in paths {
            let _ = writeln!(text, "{path}");
        }
        let file = self.dir().join(name);
        fs::write(&file, text).expect("write");
        file
    }

    /// Queues paths.
    pub(crate) fn enqueue(&self, paths: &[String]) {
        if paths.is_empty() {
            return; // It would complain.
        }
        let mut command = self.command(Product::program());
        command.args(["--quiet", "enqueue", "--stdin"]);
        command.run_with_input(&paths.join("\n")).success();
        assert_eq!(self.entries(), paths.len());
    }

    /// `nix copy` of paths by hand, as one types it.
    pub(crate) fn copy(&self, destination: &str) -> Vec<String> {
        ["nix", "copy", "--to", destination]
            .map(str::to_owned)
            .into()
    }

    /// The binary cache of [`CONFIG`].
    pub(crate) fn cache(&self) -> String {
        format!("file://{}/cache", self.dir())
    }

    /// Replaces the configuration.
    pub(crate) fn configure(&self, config: &str) {
        self.product.write_config(config);
    }

    /// How many entries are in the queue.
    pub(crate) fn entries(&self) -> usize {
        let is_entry = |name: &str| !name.starts_with('.');
        names(&self.queue()).filter(|name| is_entry(name)).count()
    }
}

fn names(dir: &Utf8Path) -> impl Iterator<Item = String> {
    let entries = dir.read_dir_utf8().expect("readdir");
    entries.map(|entry| entry.expect("readdir").file_name().to_owned())
}
