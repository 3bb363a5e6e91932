//! The files in which a Nix has its settings, and when they changed.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Files that include each other need not end.
const DEEPEST: usize = 8;

/// A file of settings and when it was last written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Written {
    /// The file.
    pub file: PathBuf,
    /// When.
    pub at: SystemTime,
}

/// Of the files that a daemon of root's with these variables reads, the one that was written last.
/// The file of the whole machine.
pub(super) fn main_file(variable: impl Fn(&str) -> Option<PathBuf>) -> PathBuf {
    let directory = variable("NIX_CONF_DIR").unwrap_or_else(|| "/etc/nix".into());
    directory.join("nix.conf")
}

/// A file in a store was written in 1970: whoever puts one in place (NixOS) restarts the daemon.
pub(super) fn last_written(variable: impl Fn(&str) -> Option<PathBuf>) -> Option<Written> {
    let mut files = vec![main_file(&variable)];
    match variable("NIX_USER_CONF_FILES") {
        Some(named) => files.extend(std::env::split_paths(&named)),
        // The home of root, also where HOME is not set (2.26.3, `util/users.cc`, `getHome`).
        None => {
            let home = variable("HOME").unwrap_or_else(|| "/root".into());
            let config = variable("XDG_CONFIG_HOME").unwrap_or_else(|| home.join(".config"));
            let more = variable("XDG_CONFIG_DIRS").unwrap_or_else(|| "/etc/xdg".into());
            let all = std::iter::once(config).chain(std::env::split_paths(&more));
            files.extend(all.map(|directory| directory.join("nix/nix.conf")));
        }
    }
    let mut found = Vec::new();
    files.iter().for_each(|file| look(file, 0, &mut found));
    found.into_iter().max_by_key(|written| written.at)
}

/// A file that is not there, or not ours to read, is none that can be told of.
fn look(file: &Path, depth: usize, found: &mut Vec<Written>) {
    let is_file = std::fs::metadata(file)
        .ok()
        .filter(std::fs::Metadata::is_file);
    let Some(Ok(at)) = is_file.map(|metadata| metadata.modified()) else {
        return;
    };
    found.push(Written {
        file: file.to_owned(),
        at,
    });
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let directory = file.parent().unwrap_or(Path::new("/"));
    if depth < DEEPEST {
        for include in includes(&text) {
            look(&directory.join(include), depth + 1, found);
        }
    }
}

/// The files that a text of settings includes (2.26.3, `util/config.cc`, `parseConfigFiles`).
pub(crate) fn includes(text: &str) -> Vec<&OsStr> {
    let words = text.lines().map(|line| {
        let line = line.split('#').next().unwrap_or_default();
        line.split_ascii_whitespace().collect::<Vec<_>>()
    });
    let include = |words: Vec<_>| match words[..] {
        ["include" | "!include", file] => Some(OsStr::new(file)),
        _ => None,
    };
    words.filter_map(include).collect()
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::time::Duration;

    use super::*;

    #[test]
    fn only_lines_that_include_name_files() {
        let text = "include a.conf\n!include /b # c\n# include d\ninclude\ninclude = e\ncores = 1";
        assert_eq!(includes(text), ["a.conf", "/b"]);
    }

    #[test]
    fn what_is_included_counts_and_a_circle_ends() {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str, age: u64| {
            let file = dir.path().join(name);
            fs::write(&file, text).unwrap();
            let at = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000 - age);
            File::options()
                .append(true)
                .open(&file)
                .unwrap()
                .set_modified(at)
                .unwrap();
            Written { file, at }
        };
        write(
            "nix.conf",
            "include added.conf\n!include missing.conf\n",
            10,
        );
        let added = write("added.conf", "include nix.conf\n", 5);
        let user = write("user.conf", "", 20);
        let variable = |name: &str| match name {
            "NIX_CONF_DIR" => Some(dir.path().to_owned()),
            "NIX_USER_CONF_FILES" => Some(user.file.clone()),
            _ => None,
        };
        assert_eq!(last_written(variable), Some(added));
    }
}
