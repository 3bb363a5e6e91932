//! Nix's `post-build-hook`: queues what was built, silently when all is well.
//!
//! It reads nothing from its standard input, which may be the daemon's
//! connection to its client, and leaves no child behind, which would hold the
//! pipe that Nix reads from.

use std::io::Write;
use std::panic::{UnwindSafe, catch_unwind};
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
    passing(|| {
        let variables = std::env::vars_os().collect();
        let outcome = hook::run(variables, rustix::process::geteuid().as_raw());
        tell(&outcome, &mut std::io::stderr().lock())
    })
}

/// A bug of ours is no reason to break a build, wherever it shows. The message of the panic stands
/// on standard error by then.
fn passing(run: impl FnOnce() -> ExitCode + UnwindSafe) -> ExitCode {
    catch_unwind(run).unwrap_or(ExitCode::SUCCESS)
}

fn tell(outcome: &hook::Outcome, stderr: &mut impl Write) -> ExitCode {
    outcome.tell(stderr);
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

#[cfg(test)]
mod tests {
    use nix_post_build_push::hook::{Complaint, Outcome};

    use super::*;

    fn complaint() -> Complaint {
        Complaint {
            text: "x".to_owned(),
            hint: None,
            kind: "local",
            queue: None,
            store_path: None,
        }
    }

    #[test]
    fn a_bug_passes_and_a_failure_fails_only_where_that_is_asked_for() {
        assert_eq!(passing(|| panic!("a bug")), ExitCode::SUCCESS);
        assert_eq!(passing(|| ExitCode::FAILURE), ExitCode::FAILURE);
        let text = || vec![complaint()];
        let mut said = Vec::new();
        let cases = [
            (OnError::Fail, ExitCode::FAILURE),
            (OnError::Ignore, ExitCode::SUCCESS),
        ];
        for (on_error, code) in cases {
            let outcome = Outcome {
                errors: text(),
                losses: text(),
                warnings: text(),
                on_error,
            };
            assert_eq!(tell(&outcome, &mut said), code, "{outcome:?}");
            let outcome = Outcome {
                errors: Vec::new(),
                ..outcome
            };
            assert_eq!(tell(&outcome, &mut said), ExitCode::SUCCESS, "{outcome:?}");
        }
        let said = String::from_utf8(said).unwrap();
        let words: Vec<_> = said.lines().map(|line| &line[..3]).collect();
        let (error, warning) = ("err", "war");
        let each = [error, error, warning, error, warning];
        assert_eq!(words, each.repeat(2));
    }
}
