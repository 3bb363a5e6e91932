//! What a program does to files, in the order of its system calls.

use std::fs;
use std::process::Command;

use camino::{Utf8Path, Utf8PathBuf};

use crate::Nix;
use crate::run::Run;

/// Calls that make, fill, replace, remove or flush something, or hold a lock. Not every machine has
/// those with a question mark.
const CALLS: &str = "trace=?mkdir,mkdirat,?symlink,symlinkat,?rename,?renameat,renameat2,?unlink,\
                     unlinkat,openat,write,fsync,fdatasync,sync,syncfs,flock,close";

impl Nix {
    /// What `command`, which is one of this Nix's, changes below [`Nix::dir`], as `fsync queue`:
    /// what is done, and to what (or with both names, for a rename). Calls that fail are left out.
    #[track_caller]
    pub fn changes(&self, command: &Command) -> Vec<String> {
        let trace = self.dir().join("changes");
        let mut strace = self.command("strace");
        strace.args(["-f", "-y", "-qq", "-s", "0", "-e", CALLS, "-o"]);
        strace.arg(&trace).arg(command.get_program());
        strace.args(command.get_args());
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => strace.env(name, value),
                None => strace.env_remove(name),
            };
        }
        strace.run();
        let text = fs::read_to_string(&trace).expect("the trace");
        let root = self.dir();
        text.lines().filter_map(|line| change(line, root)).collect()
    }
}

/// `12 fsync(3</root/queue>) = 0` is `fsync queue`.
fn change(line: &str, root: &Utf8Path) -> Option<String> {
    let (_, line) = line.split_once(' ')?;
    let (call, arguments) = line.trim_start().split_once('(')?;
    let (arguments, result) = arguments.rsplit_once(") = ").unwrap_or((arguments, ""));
    let verb = match call {
        "openat" if arguments.contains("O_CREAT") => "create",
        "openat" => return None,
        _ => call.trim_end_matches('2').trim_end_matches("at"),
    };
    let below = |path: Utf8PathBuf| path.strip_prefix(root).ok().map(Utf8Path::to_owned);
    let places: Option<Vec<_>> = places(arguments).into_iter().map(below).collect();
    let places = places.filter(|places| !places.is_empty() && !result.starts_with('-'))?;
    let places: Vec<_> = places.iter().map(|path| path.as_str()).collect();
    Some(format!("{verb} {}", places.join(" ")))
}

/// Each file descriptor, with the name behind it where there is one; without any, the one path.
fn places(arguments: &str) -> Vec<Utf8PathBuf> {
    let mut descriptors = arguments.split('<').skip(1);
    let place = |text: &str| {
        let (directory, rest) = text.split_once('>')?;
        let name = rest
            .strip_prefix(", \"")
            .and_then(|rest| rest.split_once('"'));
        let name = name.filter(|(name, _)| !name.is_empty());
        Some(match name {
            Some((name, _)) => Utf8Path::new(directory).join(name),
            None => directory.into(),
        })
    };
    let found: Vec<_> = descriptors.by_ref().filter_map(place).collect();
    match found.is_empty() {
        true => arguments
            .split('"')
            .nth(1)
            .map(Utf8PathBuf::from)
            .into_iter()
            .collect(),
        false => found,
    }
}
