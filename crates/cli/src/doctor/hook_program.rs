//! What the program is that a hook names.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// The name of our hook.
pub(super) const NAME: &str = "nix-post-build-push-hook";

/// A script may call one that calls ours.
const DEEPEST: usize = 3;
/// No script that calls a hook is longer.
const LONGEST: u64 = 64 * 1024;

/// What a program is.
#[derive(Debug)]
pub(super) enum Program {
    /// Our hook, by its real path.
    Ours(PathBuf),
    /// A script that names our hook.
    Script(PathBuf),
    /// Something else.
    Other,
    /// It is not there.
    Missing,
    /// Nobody may run it.
    NotExecutable,
    /// It cannot be looked at.
    Unseen(io::Error),
}

/// Looks at a program, and at what it calls as far as that is written in it.
pub(super) fn identify(program: &Path) -> Program {
    identify_at(program, 0)
}

fn identify_at(program: &Path, depth: usize) -> Program {
    let (real, mode) = match seen(program) {
        Ok(seen) => seen,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Program::Missing,
        Err(error) => return Program::Unseen(error),
    };
    if mode & 0o111 == 0 {
        return Program::NotExecutable;
    }
    if real.file_name().is_some_and(|name| name == NAME) {
        return Program::Ours(real);
    }
    match script(&real) {
        Ok(Some(text)) if depth < DEEPEST => called(&text, depth),
        Ok(_) => Program::Other,
        Err(error) => Program::Unseen(error),
    }
}

fn seen(program: &Path) -> io::Result<(PathBuf, u32)> {
    let real = fs::canonicalize(program)?;
    let metadata = fs::metadata(&real)?;
    match metadata.is_file() {
        true => Ok((real, metadata.permissions().mode())),
        false => Err(io::Error::other("it is no file")),
    }
}

/// The text of a script; `None` if it is none.
fn script(real: &Path) -> io::Result<Option<String>> {
    let mut bytes = Vec::new();
    File::open(real)?.take(LONGEST).read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    Ok(text.starts_with("#!").then(|| text.into_owned()))
}

/// The first hook of ours among the programs that a script names.
fn called(text: &str, depth: usize) -> Program {
    let programs = programs(text).into_iter().filter_map(|word| {
        match identify_at(Path::new(word), depth + 1) {
            Program::Ours(real) | Program::Script(real) => Some(real),
            _ => None,
        }
    });
    let mut programs = programs;
    programs.next().map_or(Program::Other, Program::Script)
}

/// The absolute paths in a script, but for its interpreter and comments.
pub(crate) fn programs(script: &str) -> Vec<&str> {
    let lines = script
        .lines()
        .filter(|line| !line.trim_start().starts_with('#'));
    let words = lines
        .flat_map(|line| line.split(|c: char| c.is_whitespace() || "\"'`;&|<>(){}$=".contains(c)));
    words
        .filter(|word| word.starts_with('/') && word.len() > 1)
        .collect()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn program(dir: &Path, name: &str, text: &str, mode: u32) -> PathBuf {
        let path = dir.join(name);
        fs::write(&path, text.replace("@", dir.to_str().unwrap())).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        fs::canonicalize(path).unwrap()
    }

    #[test]
    fn ours_is_found_behind_links_and_in_scripts_that_call_it() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path();
        let ours = program(dir, NAME, "\x7fELF", 0o755);
        symlink(&ours, dir.join("link")).unwrap();
        program(dir, "inner", "#!/bin/sh\nexec \"@/link\"\n", 0o755);
        program(
            dir,
            "outer",
            "#!/bin/sh\nset -e\n@/inner; exec /my/hook\n",
            0o755,
        );
        assert!(matches!(identify(&dir.join("link")), Program::Ours(real) if real == ours));
        for script in ["inner", "outer"] {
            let found = identify(&dir.join(script));
            assert!(
                matches!(found, Program::Script(real) if real == ours),
                "{script}"
            );
        }
    }

    #[test]
    fn what_does_not_call_ours_is_another_and_a_circle_ends() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path();
        program(dir, "circle", "#!/bin/sh\n@/circle\n", 0o755);
        program(
            dir,
            "comment",
            "#!/bin/sh\n# @/nix-post-build-push-hook\n",
            0o755,
        );
        program(dir, "binary", "\x7fELF @/nix-post-build-push-hook", 0o755);
        program(dir, NAME, "", 0o644);
        program(
            dir,
            "calls",
            "#!/bin/sh\n@/nix-post-build-push-hook\n",
            0o755,
        );
        for other in ["circle", "comment", "binary", "calls"] {
            assert!(
                matches!(identify(&dir.join(other)), Program::Other),
                "{other}"
            );
        }
        assert!(matches!(identify(&dir.join(NAME)), Program::NotExecutable));
        assert!(matches!(identify(&dir.join("none")), Program::Missing));
        assert!(matches!(identify(dir), Program::Unseen(_)));
    }
}
