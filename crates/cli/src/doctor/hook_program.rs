//! What the program is that a hook names.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// The name of our hook.
pub(super) const NAME: &str = "nix-post-build-push-hook";

/// The name of the other program of ours, and the words by which it does what the hook does.
const MAIN: &str = "nix-post-build-push";
const ENQUEUE: [&str; 2] = ["enqueue", "enqueue-paths"];

/// A script may call one that calls ours.
const DEEPEST: usize = 3;
/// No script that calls a hook is longer.
const LONGEST: u64 = 64 * 1024;

/// What a program is.
#[derive(Debug)]
pub(super) enum Program {
    /// Our hook, by its real path.
    Ours(PathBuf),
    /// A script that names a program of ours as what it calls, and where that is, if it says so.
    Script(Option<PathBuf>),
    /// A script that names it, behind a command that may end the script before.
    Unclear,
    /// Something else.
    Other,
    /// It is not there.
    Missing,
    /// It is no file.
    NoFile,
    /// Nobody may run it.
    NotExecutable,
    /// It cannot be looked at.
    Unseen(io::Error),
}

/// Looks at a program, and at what it calls as far as that is written in it. `path` is where those are
/// looked for that are named without a directory, if that can be seen.
pub(super) fn identify(program: &Path, path: Option<&OsStr>) -> Program {
    Search { path }.identify(program, 0)
}

struct Search<'a> {
    path: Option<&'a OsStr>,
}

impl Search<'_> {
    fn identify(&self, program: &Path, depth: usize) -> Program {
        let found = match self.find(program) {
            Ok(found) => found,
            Err(error) => return Program::Unseen(error),
        };
        let (real, mode) = match found.as_deref().map(seen) {
            None => return Program::Missing,
            Some(Ok(Some(seen))) => seen,
            Some(Ok(None)) => return Program::NoFile,
            Some(Err(error)) if error.kind() == io::ErrorKind::NotFound => return Program::Missing,
            Some(Err(error)) => return Program::Unseen(error),
        };
        if mode & 0o111 == 0 {
            return Program::NotExecutable;
        }
        if real.file_name().is_some_and(|name| name == NAME) {
            return Program::Ours(real);
        }
        match script(&real) {
            Ok(Some(text)) if depth < DEEPEST => self.called(&text, depth),
            Ok(_) => Program::Other,
            Err(error) => Program::Unseen(error),
        }
    }

    /// The file that a program is; Nix looks in its own `PATH` for one without a directory (2.34.8,
    /// `execvp` of `runPostBuildHook`).
    fn find(&self, program: &Path) -> io::Result<Option<PathBuf>> {
        if program.is_absolute() {
            return Ok(Some(program.to_owned()));
        }
        if program.components().count() > 1 {
            return Err(io::Error::other("its path is not absolute"));
        }
        let unseen = || io::Error::other("in which PATH it is looked for cannot be seen");
        let mut all = std::env::split_paths(self.path.ok_or_else(unseen)?);
        Ok(all.find_map(|directory| Some(directory.join(program)).filter(|file| file.is_file())))
    }

    /// What a script names of ours. That is all that can be known of it without running it.
    fn called(&self, text: &str, depth: usize) -> Program {
        let words = words(text);
        let enqueues = words.iter().any(|word| ENQUEUE.contains(word));
        let mut may_have_ended = false;
        for (at, word) in words.iter().enumerate() {
            match self.named(word, enqueues, depth) {
                Some(_) if may_have_ended => return Program::Unclear,
                Some(program) => return program,
                None => {}
            }
            let next = words.get(at + 1);
            let is_next_ours = next.is_some_and(|next| self.named(next, enqueues, depth).is_some());
            may_have_ended |= match *word {
                "exit" | "return" => true,
                "exec" => !is_next_ours,
                _ => false,
            };
        }
        Program::Other
    }

    /// What a word of a script is, if it leads to us.
    fn named(&self, word: &str, enqueues: bool, depth: usize) -> Option<Program> {
        let name = word.rsplit('/').next().unwrap_or_default();
        let is_ours = name == NAME || (name == MAIN && enqueues);
        if word.starts_with('/') || (is_ours && name == word && self.path.is_some()) {
            return match self.identify(Path::new(word), depth + 1) {
                Program::Ours(real) => Some(Program::Script(Some(real))),
                Program::Script(real) => Some(Program::Script(real)),
                Program::Unclear => Some(Program::Unclear),
                // The other of our programs is found like this.
                Program::Other if is_ours => {
                    Some(Program::Script(self.find(Path::new(word)).ok().flatten()))
                }
                _ => None,
            };
        }
        // Behind a variable.
        is_ours.then_some(Program::Script(None))
    }
}

/// The real path of a file and its mode; `None` if it is no file.
fn seen(program: &Path) -> io::Result<Option<(PathBuf, u32)>> {
    let real = fs::canonicalize(program)?;
    let metadata = fs::metadata(&real)?;
    let mode = metadata.permissions().mode();
    Ok(metadata.is_file().then_some((real, mode)))
}

/// The text of a script; `None` if it is none. Also what begins without `#!` is one: whoever cannot
/// run it hands it to a shell (execvp(3)).
fn script(real: &Path) -> io::Result<Option<String>> {
    let mut bytes = Vec::new();
    File::open(real)?.take(LONGEST).read_to_end(&mut bytes)?;
    let is_text = !bytes.contains(&0) && !bytes.starts_with(b"\x7fELF");
    Ok(is_text.then(|| String::from_utf8_lossy(&bytes).into_owned()))
}

/// The words of a script, but for its interpreter and comments; a path is one word.
pub(crate) fn words(script: &str) -> Vec<&str> {
    let lines = script
        .lines()
        .filter(|line| !line.trim_start().starts_with('#'));
    let words = lines
        .flat_map(|line| line.split(|c: char| c.is_whitespace() || "\"'`;&|<>()=".contains(c)));
    words.filter(|word| !word.is_empty()).collect()
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
        assert!(matches!(identify(&dir.join("link"), None), Program::Ours(real) if real == ours));
        for script in ["inner", "outer"] {
            let found = identify(&dir.join(script), None);
            assert!(
                matches!(found, Program::Script(Some(real)) if real == ours),
                "{script}"
            );
        }
    }

    #[test]
    fn a_script_names_ours_in_many_ways() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path();
        program(dir, NAME, "\x7fELF", 0o755);
        program(dir, MAIN, "\x7fELF", 0o755);
        for (at, script) in [
            "#!/bin/sh\nexec nix-post-build-push-hook\n",
            "#!/bin/sh\nd=@\nexec $d/nix-post-build-push-hook\n",
            "#!/bin/sh\nexec \"${d}/nix-post-build-push-hook\"\n",
            "#!/bin/sh\nexec @/nix-post-build-push enqueue $OUT_PATHS\n",
            "@/nix-post-build-push-hook\n",
        ]
        .into_iter()
        .enumerate()
        {
            let name = format!("script-{at}");
            program(dir, &name, script, 0o755);
            let found = identify(&dir.join(name), Some(dir.as_os_str()));
            assert!(matches!(found, Program::Script(_)), "{script}: {found:?}");
        }
        let by_name = |path| identify(Path::new(NAME), path);
        assert!(matches!(by_name(Some(dir.as_os_str())), Program::Ours(_)));
        assert!(matches!(
            by_name(Some("/nowhere".as_ref())),
            Program::Missing
        ));
        assert!(matches!(by_name(None), Program::Unseen(_)));
    }

    #[test]
    fn whether_a_script_comes_to_call_ours_may_be_unclear() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path();
        program(dir, NAME, "\x7fELF", 0o755);
        for script in [
            "#!/bin/sh\nexit 0\nexec @/nix-post-build-push-hook\n",
            "#!/bin/sh\nexec /bin/true\n@/nix-post-build-push-hook\n",
        ] {
            program(dir, "script", script, 0o755);
            let found = identify(&dir.join("script"), None);
            assert!(matches!(found, Program::Unclear), "{script}: {found:?}");
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
                matches!(identify(&dir.join(other), None), Program::Other),
                "{other}"
            );
        }
        assert!(matches!(
            identify(&dir.join(NAME), None),
            Program::NotExecutable
        ));
        assert!(matches!(
            identify(&dir.join("none"), None),
            Program::Missing
        ));
        assert!(matches!(identify(dir, None), Program::NoFile));
    }
}
