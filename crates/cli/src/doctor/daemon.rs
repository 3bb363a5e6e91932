//! The daemon of Nix: whether it answers us, and how old what it knows is.

use std::ffi::OsString;
use std::io;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::SystemTime;

use camino::Utf8Path;
use queue_core::PortError;
use rustix::net::sockopt::socket_peercred;

use super::account;
use super::finding::{Check, Finding};
use super::kind::Kind;
use super::managed::Managed;
use super::nix_conf::{self, Written};
use super::process::Process;
use super::systemd;

/// Its unit, with NixOS, with Nix's own installer, and with Debian.
const UNIT: &str = "nix-daemon.service";

/// What is seen of a daemon.
pub(super) enum Daemon {
    /// There is no socket: who works on the store opens it.
    None,
    /// The socket is there, and this is what connecting comes to.
    Deaf(io::Error),
    /// It answers.
    Answers(Running),
}

/// One that answers. One that systemd starts when it is asked has neither.
#[derive(Default)]
pub(super) struct Running {
    /// When it began.
    pub started: Option<SystemTime>,
    /// The environment that it began with, as far as that is ours to see.
    pub environment: Option<Vec<(OsString, OsString)>>,
}

impl Daemon {
    /// Connects to it.
    pub(super) fn look(state_dir: &Utf8Path) -> Self {
        let socket = state_dir.join("daemon-socket/socket");
        match UnixStream::connect(&socket) {
            Ok(stream) => Self::Answers(Running::behind(&stream)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Self::None,
            Err(error) => Self::Deaf(error),
        }
    }

    /// What there is to say of it. `refused` is why it did not answer this account's Nix, and
    /// whether its settings keep the account out.
    pub(super) fn judge(&self, managed: Managed, refused: Option<(&PortError, bool)>) -> Finding {
        match self {
            Self::None => Finding::ok(
                Check::Daemon,
                "there is none: each Nix opens the store itself",
            ),
            Self::Deaf(error) => deaf(managed, error),
            Self::Answers(running) => {
                if let Some((error, is_kept_out)) = refused {
                    return refuses(managed, error, is_kept_out);
                }
                let written = nix_conf::last_written(|name| running.variable(name));
                age(running.started, written)
            }
        }
    }
}

impl Running {
    fn behind(stream: &UnixStream) -> Self {
        let peer = socket_peercred(stream).map(|peer| peer.pid.as_raw_nonzero().get());
        // Where systemd listens, it is told who that is, not who will answer.
        let pid = match peer {
            Ok(1) => systemd::main_process(UNIT),
            Ok(pid) => Some(pid),
            Err(_) => None,
        };
        let process = pid.map(Process::look);
        process.map_or_else(Self::default, |process| Self {
            started: process.started,
            environment: process.environment,
        })
    }

    pub(super) fn variable(&self, name: &str) -> Option<PathBuf> {
        let mut all = self.environment.iter().flatten();
        let (_, value) = all.find(|(known, _)| known == name)?;
        Some(value.into())
    }
}

fn deaf(managed: Managed, error: &io::Error) -> Finding {
    match error.kind() {
        io::ErrorKind::PermissionDenied => {
            let fix = managed.let_in(&account::own_name());
            let finding = forbidden().fix(format!("{fix}\nthen log in anew"));
            finding.caused_by(error)
        }
        _ => silent().caused_by(error),
    }
}

fn refuses(managed: Managed, error: &PortError, is_kept_out: bool) -> Finding {
    let finding = match is_kept_out {
        true => forbidden().fix(managed.allow(&account::own_name())),
        false => silent(),
    };
    finding.because(error.chain())
}

fn forbidden() -> Finding {
    let text = "this account may not connect to the daemon of Nix";
    Finding::of(Kind::DaemonForbidden, text)
}

fn silent() -> Finding {
    Finding::of(Kind::DaemonSilent, "the daemon of Nix does not answer")
        .fix("sudo systemctl restart nix-daemon.socket nix-daemon.service")
}

/// A daemon reads its settings once, when it starts (2.8.0 to 2.34.8).
fn age(started: Option<SystemTime>, written: Option<Written>) -> Finding {
    match (started, written) {
        (Some(started), Some(written)) if written.at > started => Finding::of(
            Kind::DaemonStale,
            format!(
                "it runs with older settings: {} was changed after it was started",
                written.file.display()
            ),
        )
        .fix("sudo systemctl restart nix-daemon"),
        (Some(_), _) => Finding::ok(Check::Daemon, "answers, and is newer than its settings"),
        (None, _) => Finding::ok(
            Check::Daemon,
            "answers; it reads its settings when it is started",
        ),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_daemon_that_is_older_than_its_settings_does_not_know_them() {
        let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        let written = |seconds| {
            Some(Written {
                file: "/etc/nix/nix.conf".into(),
                at: at(seconds),
            })
        };
        let kind = |started, written| age(started, written).kind;
        assert_eq!(kind(Some(at(5)), written(6)), Some(Kind::DaemonStale));
        assert_eq!(kind(Some(at(5)), written(5)), None);
        assert_eq!(kind(Some(at(5)), None), None);
        assert_eq!(kind(None, written(6)), None);
    }
}
