//! One call of a Nix program, from its arguments to its output.

use std::io;
use std::os::unix::process::ExitStatusExt;
use std::time::Duration;

use queue_core::{StorePath, UploadError, UploadErrorKind};

use crate::Nix;
use crate::classify::{Classified, classify};
use crate::log::Said;
use crate::named::named;
use crate::supervise::{Finished, RunError, Stop, Timeouts, run};

/// Why a call of a Nix program brought no answer.
///
/// The message is a fragment that names the program; for
/// [`Failed`](Self::Failed) it is what the program itself said.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// There is no such program.
    #[error("{program} is not in {place}")]
    ProgramNotFound {
        /// Its name.
        program: &'static str,
        /// The directory that was looked in, or `PATH`.
        place: String,
    },
    /// It could not be started, or not be waited for.
    #[error("failed to run {program}")]
    Run {
        /// Its name.
        program: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// It was to be ended, and is not gone though it was killed: it hangs in the
    /// kernel. It was left alone.
    #[error("{program} was killed and does not end: process {pid} is in state {state}")]
    Unkillable {
        /// Its name.
        program: &'static str,
        /// Its process id.
        pid: u32,
        /// What the kernel tells of it.
        state: String,
    },
    /// It took longer than its total timeout.
    #[error("{program} was ended after the timeout of {}", seconds(*.after))]
    TimedOut {
        /// Its name.
        program: &'static str,
        /// The timeout.
        after: Duration,
        /// All that it said.
        details: String,
    },
    /// Nothing moved for its stall timeout.
    #[error("{program} was ended because nothing moved for {}", seconds(*.after))]
    Stalled {
        /// Its name.
        program: &'static str,
        /// The timeout.
        after: Duration,
        /// All that it said.
        details: String,
    },
    /// The caller asked to stop.
    #[error("{program} was ended on request")]
    Cancelled {
        /// Its name.
        program: &'static str,
    },
    /// It failed by itself.
    #[error("{message}")]
    Failed {
        /// Who is to blame.
        kind: UploadErrorKind,
        /// The signal that ended it, none of ours.
        signal: Option<i32>,
        /// What it said last, in one line.
        message: String,
        /// What to do about it.
        hint: Option<String>,
        /// The first store path whose copy it ended before all of it was copied, as
        /// Nix tells it.
        cut_short: Option<String>,
        /// All that it said.
        details: String,
    },
    /// It succeeded, but what it printed is not what this crate knows.
    #[error("{program} printed something that is not understood: {what}")]
    NotUnderstood {
        /// Its name.
        program: &'static str,
        /// The beginning of it, or what is wrong with it.
        what: String,
    },
}

/// Where programs are looked for if no directory is set.
pub(crate) const PATH: &str = "PATH";

fn hint_at_the_program(error: &io::Error) -> Option<&'static str> {
    use rustix::io::Errno;
    Some(match Errno::from_io_error(error)? {
        Errno::NOEXEC => {
            "it is no program for this machine (damaged, empty, or for another processor): install \
             Nix anew, or see `bin-dir` in [nix] and PATH"
        }
        Errno::NOENT => "what it needs to start (its interpreter) is not there: install Nix anew",
        Errno::ACCESS => {
            "this user may not run it: see the rights of the file, and `noexec` in `findmnt`"
        }
        Errno::AGAIN => "this user or unit has too many processes: see `ulimit -u` and TasksMax=",
        Errno::NOMEM => "the machine or the service has too little memory: see MemoryMax=",
        Errno::MFILE => "raise the limit of open files: `ulimit -n`, or LimitNOFILE= of the unit",
        Errno::NFILE => "the machine has too many open files: see fs.file-max of sysctl",
        _ => return None,
    })
}

fn seconds(duration: Duration) -> String {
    format!("{} s", duration.as_secs_f64())
}

impl CallError {
    /// Who is to blame, were it an upload.
    #[must_use]
    pub fn kind(&self) -> UploadErrorKind {
        match self {
            // An answer is made by the local Nix, also that of a destination: nobody else is to
            // blame for one that is none.
            Self::ProgramNotFound { .. }
            | Self::Run { .. }
            | Self::Unkillable { .. }
            | Self::NotUnderstood { .. } => UploadErrorKind::Local,
            Self::TimedOut { .. } => UploadErrorKind::TimedOut,
            Self::Stalled { .. } => UploadErrorKind::Stalled,
            Self::Cancelled { .. } => UploadErrorKind::Cancelled,
            Self::Failed { kind, .. } => *kind,
        }
    }

    /// For an answer that is none; its beginning is told.
    pub(crate) fn not_understood(program: &'static str, answer: &str) -> Self {
        let what = match answer.trim().is_empty() {
            true => "an empty answer".to_owned(),
            false => answer.chars().take(200).collect(),
        };
        Self::NotUnderstood { program, what }
    }

    /// What to do about it, where that is known.
    #[must_use]
    pub fn hint(&self) -> Option<&str> {
        match self {
            Self::ProgramNotFound { place, .. } if place == PATH => {
                Some("is Nix installed, and its directory in PATH?")
            }
            Self::ProgramNotFound { .. } => Some(
                "`bin-dir` in [nix] names that directory: write the one that has Nix's programs, or \
                 leave it out where they are in PATH",
            ),
            Self::Run { source, .. } => hint_at_the_program(source),
            Self::NotUnderstood { .. } => Some(
                "it comes from the Nix of this machine: is it one that works? try `nix --version`, \
                 and look at `bin-dir` in [nix] and PATH",
            ),
            Self::Unkillable { .. } => {
                Some("it hangs in the kernel: does a disk or a network file system not answer?")
            }
            Self::Failed { hint, .. } => hint.as_deref(),
            _ => None,
        }
    }

    /// The signal that ended it, where that was none of ours.
    pub(crate) fn signal(&self) -> Option<i32> {
        match self {
            Self::Failed { signal, .. } => *signal,
            _ => None,
        }
    }

    /// Those of `paths` that it seems to be about; see [`named`](crate::named).
    pub(crate) fn named(&self, paths: &[StorePath]) -> Vec<StorePath> {
        match self {
            Self::Failed {
                message,
                cut_short,
                details,
                ..
            } => named(
                &[message, cut_short.as_deref().unwrap_or_default(), details],
                paths,
            ),
            _ => Vec::new(),
        }
    }

    fn details(&self) -> &str {
        match self {
            Self::TimedOut { details, .. }
            | Self::Stalled { details, .. }
            | Self::Failed { details, .. } => details,
            _ => "",
        }
    }

    /// As a port's error about `object`.
    pub(crate) fn into_port(self, action: &str, object: impl ToString) -> queue_core::PortError {
        let hint = self.hint().map(str::to_owned);
        let error = queue_core::PortError::new(action, object, self);
        match hint {
            Some(hint) => error.with_hint(hint),
            None => error,
        }
    }

    /// As the uploader's error; its texts go through `redact`.
    pub(crate) fn into_upload(self, redact: &dyn Fn(&str) -> String) -> UploadError {
        let source = std::error::Error::source(&self).map(|cause| format!(": {cause}"));
        UploadError {
            kind: self.kind(),
            message: redact(&format!("{self}{}", source.unwrap_or_default())),
            hint: self.hint().map(redact),
            details: redact(self.details()),
            named: Vec::new(),
        }
    }
}

/// A call that can be made.
pub(crate) struct Call<'a> {
    pub(crate) nix: &'a Nix,
    pub(crate) program: &'static str,
    pub(crate) timeouts: &'a Timeouts,
    /// Settings of Nix that are no business of who reads its command line.
    pub(crate) settings: Option<String>,
    /// What may be logged of a text.
    pub(crate) redact: &'a dyn Fn(&str) -> String,
    /// Told how it goes.
    pub(crate) tell: &'a dyn Fn(Said<'_>),
    /// Whether the question is about Nix's settings: none of ours may hide them.
    pub(crate) about_settings: bool,
}

impl<'a> Call<'a> {
    /// A question to the local store.
    pub(crate) fn query(nix: &'a Nix, program: &'static str) -> Self {
        let timeouts = nix.query_timeouts();
        Self {
            nix,
            program,
            timeouts,
            settings: None,
            redact: &|text| text.to_owned(),
            tell: &|_| {},
            about_settings: false,
        }
    }

    /// A question to Nix about its settings.
    pub(crate) fn about_settings(nix: &'a Nix) -> Self {
        Self {
            about_settings: true,
            ..Self::query(nix, "nix")
        }
    }

    /// Runs it; its standard output, if it succeeds.
    pub(crate) fn run(&self, arguments: &[String]) -> Result<String, CallError> {
        let finished = self.finish(arguments)?;
        match finished.status.success() {
            true => self.text(finished),
            false => Err(self.failure(&finished)),
        }
    }

    /// Runs it to its end, whatever that is.
    pub(crate) fn finish(&self, arguments: &[String]) -> Result<Finished, CallError> {
        let mut command = self.nix.command(self.program)?;
        command.args(LOG_FORMAT);
        if !self.about_settings {
            command.args(SETTINGS);
        }
        command.args(general_options(self.program)).args(arguments);
        if let Some(settings) = &self.settings {
            command.env("NIX_CONFIG", settings);
        }
        tracing::debug!(
            program = self.program,
            arguments = (self.redact)(&arguments.join(" ")),
            "running"
        );
        let tell = &mut |said: Said<'_>| (self.tell)(said);
        let program = self.program;
        run(&mut command, self.timeouts, self.nix.cancel(), tell).map_err(|error| match error {
            RunError::System(source) => CallError::Run { program, source },
            RunError::Unkillable { pid, state } => CallError::Unkillable {
                program,
                pid,
                state,
            },
        })
    }

    /// What a call that did not succeed means.
    pub(crate) fn failure(&self, finished: &Finished) -> CallError {
        let program = self.program;
        let details = finished.log.text();
        match finished.stopped {
            Some(Stop::TimedOut(after)) => CallError::TimedOut {
                program,
                after,
                details,
            },
            Some(Stop::Stalled(after)) => CallError::Stalled {
                program,
                after,
                details,
            },
            Some(Stop::Cancelled) => CallError::Cancelled { program },
            None => {
                let Classified {
                    kind,
                    message,
                    hint,
                } = classify(
                    program,
                    &finished.log,
                    finished.status,
                    self.nix.store_dir(),
                );
                let hint = hint.map(str::to_owned);
                CallError::Failed {
                    kind,
                    signal: finished.status.signal(),
                    message,
                    hint,
                    cut_short: finished.log.cut_short().map(str::to_owned),
                    details,
                }
            }
        }
    }

    fn text(&self, finished: Finished) -> Result<String, CallError> {
        let fail = |what: &str| CallError::NotUnderstood {
            program: self.program,
            what: what.to_owned(),
        };
        if finished.stdout_is_cut {
            return Err(fail("too much of it"));
        }
        String::from_utf8(finished.stdout).map_err(|_| fail("no UTF-8"))
    }
}

/// Messages as JSON: errors, warnings and progress can be told apart.
const LOG_FORMAT: [&str; 2] = ["--log-format", "internal-json"];

/// What every call but a question about the settings themselves goes on with.
///
/// - The hook is disabled: a build by accident must not queue anything.
/// - No substitution: an invalid path must fail, not be fetched.
const SETTINGS: [&str; 6] = [
    "--option",
    "post-build-hook",
    "",
    "--option",
    "substitute",
    "false",
];

/// Every `nix` needs `nix-command` enabled, since `NIX_CONFIG` is gone and `nix.conf` need not
/// enable it. The `extra-` form works on 2.8.0 as well.
fn general_options(program: &str) -> &'static [&'static str] {
    match program {
        "nix" => &["--extra-experimental-features", "nix-command"],
        _ => &[],
    }
}
