//! Secrets in the environment and the settings of everything that runs. Nobody may ever see one of
//! them again: not in an output, not on a command line that was written down, not in a file that
//! is left behind.

use std::fs;
use std::process::Command;

use camino::Utf8Path;

/// What every planted secret has in it, and nothing else; `tests/run` looks for it in all that the
/// tests print.
pub const MARK: &str = "planted-secret";

/// A line of `nix.conf`, and so of the `NIX_CONFIG` that Nix gives its hook.
pub(crate) const SETTING: &str = "access-tokens = planted.example.org=planted-secret-setting";

/// Variables of everything that runs.
pub(crate) const VARIABLES: [(&str, &str); 4] = [
    ("AWS_SECRET_ACCESS_KEY", "planted-secret-aws-key"),
    ("AWS_SESSION_TOKEN", "planted-secret-aws-session"),
    ("GITHUB_TOKEN", "planted-secret-github"),
    ("CACHIX_AUTH_TOKEN", "planted-secret-cachix"),
];

/// In these files, or below these directories, are secrets that the tests or Nix itself have put
/// there: settings and configurations, and Nix's memory of binary caches by their URIs.
const MAY_HOLD: [&str; 4] = ["etc", "config.toml", "uri", "home/.cache"];

/// Gives one of our programs what its caller may have told Nix; the hook has it from Nix.
pub(crate) fn plant(command: &mut Command) {
    command.env("NIX_CONFIG", SETTING);
}

/// # Panics
///
/// If a text shows a secret. The text is told without it.
#[track_caller]
pub(crate) fn shows_none(text: &str) {
    let shown = text.contains(MARK);
    assert!(
        !shown,
        "a secret is shown\n{}",
        text.replace(MARK, "(SECRET)")
    );
}

/// # Panics
///
/// If a file below `dir` holds a secret.
pub(crate) fn none_is_left_in(dir: &Utf8Path) {
    search(dir, &MAY_HOLD.map(|name| dir.join(name)));
}

fn search(dir: &Utf8Path, except: &[camino::Utf8PathBuf]) {
    let Ok(entries) = dir.read_dir_utf8() else {
        return;
    };
    for entry in entries.flatten() {
        let (path, kind) = (entry.path(), entry.file_type());
        if except.iter().any(|left_out| left_out == path) {
            continue;
        }
        match kind {
            Ok(kind) if kind.is_dir() => search(path, except),
            Ok(kind) if kind.is_file() => assert!(!holds(path), "a secret is left in {path}"),
            _ => {}
        }
    }
}

fn holds(file: &Utf8Path) -> bool {
    let bytes = fs::read(file).unwrap_or_default();
    bytes
        .windows(MARK.len())
        .any(|window| window == MARK.as_bytes())
}
