//! Nix's `post-build-hook`: queues what was built, silently when all is well.
//!
//! It reads nothing from its standard input, which may be the daemon's
//! connection to its client, and leaves no child behind, which would hold the
//! pipe that Nix reads from.

use std::io::Write;
use std::panic::catch_unwind;
use std::process::ExitCode;

use nix_post_build_push::{core_dumps, hook};
use nix_post_build_push_config::OnError;

const USAGE: &str = "\
nix-post-build-push-hook: Nix's post-build-hook that queues what was built

Set it in nix.conf, with its full path:
    post-build-hook = /path/to/nix-post-build-push-hook

It takes no arguments. It finds its configuration as nix-post-build-push does;
see `nix-post-build-push help`.
";

fn main() -> ExitCode {
    core_dumps::forbid();
    if let Some(argument) = std::env::args_os().nth(1) {
        return answer(&argument.to_string_lossy());
    }
    let run = || {
        hook::run(
            std::env::vars_os().collect(),
            rustix::process::geteuid().as_raw(),
        )
    };
    // A bug of ours is no reason to break a build.
    let Ok(outcome) = catch_unwind(run) else {
        return ExitCode::SUCCESS;
    };
    // Nothing can be done about a standard error that is closed.
    let mut stderr = std::io::stderr().lock();
    let errors = outcome.errors.iter().map(|line| ("error", line));
    let warnings = outcome.warnings.iter().map(|line| ("warning", line));
    for (kind, line) in errors.chain(warnings) {
        let line: String = line.chars().flat_map(escape).collect();
        let _ = writeln!(stderr, "{kind}: nix-post-build-push-hook: {line}");
    }
    match outcome.on_error {
        OnError::Fail if !outcome.errors.is_empty() => ExitCode::FAILURE,
        _ => ExitCode::SUCCESS,
    }
}

/// For a person who tries it by hand.
fn answer(argument: &str) -> ExitCode {
    let text = match argument {
        "--version" | "-V" => concat!("nix-post-build-push-hook ", env!("CARGO_PKG_VERSION"), "\n"),
        _ => USAGE,
    };
    let known = matches!(argument, "--version" | "-V" | "--help" | "-h");
    let _ = if known {
        std::io::stdout().write_all(text.as_bytes())
    } else {
        std::io::stderr().write_all(text.as_bytes())
    };
    if known {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(2)
    }
}

/// Whatever a path or a file may hold, it stays on its line.
fn escape(c: char) -> Box<dyn Iterator<Item = char>> {
    if c.is_control() {
        Box::new(c.escape_default())
    } else {
        Box::new(std::iter::once(c))
    }
}
