//! A queue's directory, and how the queue is doing.

use std::io;

use camino::Utf8Path;
use nix_post_build_push_config::QueueSettings;
use queue_core::StorePath;
use rustix::fs::{Access, AtFlags, CWD, accessat};

use super::bounded;
use super::file_system;
use super::finding::{Check, Finding};
use super::kind::Kind;
use super::lock;
use super::machine::Machine;
use super::managed::Managed;
use super::reasons;
use crate::adapters::OpenQueue;
use crate::error::CommandError;
use crate::status::{Measure, QueueStatus, look_silently};

/// A queue as far as it could be looked at.
pub(super) struct Looked {
    /// What there is to say of it.
    pub findings: Vec<Finding>,
    /// How it is doing, if it is there and safe to use.
    pub status: Option<QueueStatus>,
}

impl Looked {
    /// What is queued and there.
    pub(super) fn present(&self) -> &[StorePath] {
        let status = self.status.as_ref();
        status.map_or(&[], |status| &status.present)
    }

    /// Whether its directory answers who asks.
    pub(super) fn answers(&self) -> bool {
        let mut kinds = self.findings.iter().map(|finding| finding.kind);
        kinds.all(|kind| kind != Some(Kind::QueueHangs))
    }
}

/// Opens a queue and looks at it. `account` pushes it; it is ours, if we are that or root.
pub(super) fn look(
    machine: &Machine<'_>,
    settings: &QueueSettings,
    account: Option<&str>,
    is_ours: bool,
) -> Looked {
    let path = &settings.queue_dir.value;
    let without = |finding| Looked {
        findings: vec![finding],
        status: None,
    };
    if let Err(error) = bounded::directory(path) {
        let key = machine.managed.queue_dir(&settings.name);
        return without(hangs(path, &key, &error));
    }
    match OpenQueue::open(machine.store, settings) {
        Err(error) if !is_ours => {
            let text = format!("{path} is not this account's to use");
            let finding = Finding::of(Kind::QueueUnseen, text).caused_by(&error);
            return without(finding.fix("sudo nix-post-build-push doctor"));
        }
        Err(error) => return without(refused(path, &error.into())),
        Ok(None) => return without(not_there(machine.managed, path, account)),
        Ok(Some(_)) => {}
    }
    match look_silently(machine.store, settings, &mut Measure::asking(), machine.now) {
        Err(error) => without(refused(path, &error)),
        Ok(status) => Looked {
            findings: of_status(machine, settings, &status),
            status: Some(status),
        },
    }
}

fn of_status(
    machine: &Machine<'_>,
    settings: &QueueSettings,
    status: &QueueStatus,
) -> Vec<Finding> {
    let path = &settings.queue_dir.value;
    let there = Finding::ok(Check::Directory, format!("{path} is safe to use"));
    let key = machine.managed.queue_dir(&settings.name);
    let mut findings = vec![there];
    findings.extend(file_system::check(path, &key));
    findings.extend(lock::check(path, settings.timeout.value, machine.now));
    findings.extend(reasons::check(status));
    findings
}

/// Nothing else of it is looked at, by anybody.
fn hangs(path: &Utf8Path, key: &str, error: &io::Error) -> Finding {
    let text = format!("{path} does not answer: each build waits for it");
    Finding::of(Kind::QueueHangs, text)
        .caused_by(error)
        .fix(format!(
            "bring back the machine that has it, or unmount it (`sudo umount --lazy`); \
         and set {key} to a directory on a disk of this machine"
        ))
}

fn refused(path: &Utf8Path, error: &CommandError) -> Finding {
    let finding = Finding::of(Kind::QueueRefused, format!("{path} is not used"));
    error.messages.iter().fold(finding, Finding::because_of)
}

/// What a hook of root's makes belongs to root, and nobody else may take entries out of it.
fn not_there(managed: Managed, path: &Utf8Path, account: Option<&str>) -> Finding {
    match account {
        Some(account) if account != "root" => Finding::of(
            Kind::QueueNotMade,
            format!("{path} is not there; made by the hook, it would not belong to {account}"),
        )
        .fix(managed.make_queue(path.as_str(), account)),
        _ => Finding::ok(
            Check::Directory,
            format!("{path} is made by the first build"),
        ),
    }
}

/// What the kernel says of writing there as whom we are.
pub(super) fn writable(path: &Utf8Path) -> io::Result<()> {
    may(path, Access::WRITE_OK | Access::EXEC_OK)
}

/// The same of anything.
pub(super) fn may(path: &Utf8Path, wanted: Access) -> io::Result<()> {
    Ok(accessat(CWD, path.as_str(), wanted, AtFlags::EACCESS)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_that_is_not_there_is_a_matter_of_who_makes_it() {
        let kind = |account| not_there(Managed::ByHand, "/q".into(), account).kind;
        assert_eq!(kind(None), None);
        assert_eq!(kind(Some("root")), None);
        assert_eq!(kind(Some("cache")), Some(Kind::QueueNotMade));
    }
}
