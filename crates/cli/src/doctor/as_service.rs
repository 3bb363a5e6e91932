//! What is looked at as whoever pushes: by a doctor in the place of a service, or as ourselves.

use nix_post_build_push_config::QueueSettings;
use queue_core::StorePath;

use super::finding::{Check, Finding};
use super::kind::Kind;
use super::machine::Machine;
use super::queue::writable;
use super::{account, credentials, destination};
use crate::adapters::OpenQueue;

/// All that there is to say in the place of a service.
pub(super) fn check(machine: &Machine<'_>, write: bool) -> Vec<Finding> {
    let mut findings = Vec::new();
    for settings in machine.config.enabled() {
        let queue = OpenQueue::open(machine.store, settings);
        let listing = queue.ok().flatten().and_then(|queue| queue.list().ok());
        let entries = listing.map(|listing| listing.entries).unwrap_or_default();
        let paths: Vec<_> = entries.into_iter().map(|entry| entry.path).collect();
        findings.extend(daemon(machine));
        findings.extend(takes_entries(machine, settings));
        findings.extend(of_queue(machine, settings, &paths, write));
    }
    findings
}

/// What whoever we are can do for what is queued.
pub(super) fn of_queue(
    machine: &Machine<'_>,
    settings: &QueueSettings,
    paths: &[StorePath],
    write: bool,
) -> Vec<Finding> {
    let mut findings = credentials::check(machine, settings);
    findings.extend(destination::check(machine, settings, paths, write));
    findings
}

/// Whether whoever we are can take entries out of a queue, whose directory answers.
pub(super) fn takes_entries(machine: &Machine<'_>, settings: &QueueSettings) -> Option<Finding> {
    let path = &settings.queue_dir.value;
    if !path.exists() {
        return None;
    }
    let who = account::own_name();
    Some(match writable(path) {
        Ok(()) => Finding::ok(
            Check::Account,
            format!("{who} can take entries out of the queue"),
        ),
        Err(error) => Finding::of(
            Kind::QueueNotWritable,
            format!("{who} cannot take entries out of {path}"),
        )
        .caused_by(&error)
        .fix(
            machine
                .managed
                .give_queue(&settings.name, path.as_str(), &who),
        ),
    })
}

fn daemon(machine: &Machine<'_>) -> Option<Finding> {
    let refused = machine.judge_daemon();
    if !matches!(
        refused.kind,
        Some(Kind::DaemonForbidden | Kind::DaemonSilent)
    ) {
        return None;
    }
    let who = account::own_name();
    let text = format!("the daemon of Nix does not answer {who}");
    let finding = Finding::of(Kind::AccountWithoutDaemon, text).fix(machine.managed.let_in(&who));
    Some(refused.causes.into_iter().fold(finding, Finding::because))
}
