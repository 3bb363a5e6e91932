//! What is looked at as whoever pushes: by a doctor in the place of a service, or as ourselves.

use std::io;

use camino::{Utf8Path, Utf8PathBuf};
use nix_post_build_push_config::{QueueSettings, Resolution};
use queue_core::{PortError, StorePath};
use rustix::fs::Access;

use super::finding::{Check, Finding, Verdict};
use super::kind::Kind;
use super::machine::Machine;
use super::queue::{may, writable};
use super::{account, credentials, destination, metrics, nix};
use crate::adapters::OpenQueue;

/// All that there is to say of a queue in the place of a service; `directory` is that of the queue for
/// whoever asks.
pub(super) fn check(
    machine: &Machine<'_>,
    resolution: &Resolution,
    (queue, directory): (&str, &str),
    write: bool,
) -> Vec<Finding> {
    let mut findings = unable(machine, resolution);
    let mut enabled = machine.config.enabled();
    let Some(settings) = enabled.find(|settings| settings.name == queue) else {
        if findings.is_empty() {
            findings.push(of_service(
                "it pushes other queues: --queue names them".to_owned(),
            ));
        }
        return findings;
    };
    let own = &settings.queue_dir.value;
    if own != directory {
        findings.push(of_service(format!(
            "it pushes the directory {own}, not {directory}"
        )));
        return findings;
    }
    let opened = OpenQueue::open(machine.store, settings);
    let listing = opened.ok().flatten().and_then(|queue| queue.list().ok());
    let entries = listing.map(|listing| listing.entries).unwrap_or_default();
    let paths: Vec<_> = entries.into_iter().map(|entry| entry.path).collect();
    findings.extend(daemon(machine));
    findings.extend(takes_entries(machine, settings));
    findings.extend(of_queue(machine, settings, &paths, write));
    findings
}

/// What mends a fault that only the service has.
const CHANGE_HINT: &str = "change its ExecStart or its Environment, or the file that it reads";

/// Faults of the Nix and of the configuration that the service has.
fn unable(machine: &Machine<'_>, resolution: &Resolution) -> Vec<Finding> {
    let all = nix::check(machine).into_iter();
    let all = all.chain(nix::configuration(machine, resolution));
    let faults = all.filter(|finding| finding.verdict() == Verdict::Fault);
    let told = |fault: Finding| Finding {
        causes: fault.causes,
        fix: fault.fix.or_else(|| Some(CHANGE_HINT.to_owned())),
        ..of_service(fault.text)
    };
    faults.map(told).collect()
}

fn of_service(text: String) -> Finding {
    Finding::of(
        Kind::ServiceUnable,
        format!("in the place of the service: {text}"),
    )
    .fix(CHANGE_HINT)
}

/// What whoever we are can do for what is queued.
pub(super) fn of_queue(
    machine: &Machine<'_>,
    settings: &QueueSettings,
    paths: &[StorePath],
    write: bool,
) -> Vec<Finding> {
    let mut findings = credentials::check(machine, settings);
    findings.extend(metrics::check(settings));
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
    let refused = |directory: &Utf8Path| {
        Finding::of(
            Kind::QueueNotWritable,
            format!("{who} cannot take entries out of {directory}"),
        )
    };
    let give = machine
        .managed
        .give_queue(&settings.name, path.as_str(), &who);
    if let Err(error) = writable(path) {
        return Some(refused(path).caused_by(&error).fix(give));
    }
    Some(match state(machine, settings) {
        Err(error) => refused(path).fix(give).caused_by_port(&error),
        Ok(Err((file, error))) => refused(&file).caused_by(&error).fix(give),
        Ok(Ok(())) => Finding::ok(
            Check::Account,
            format!("{who} can take entries out of the queue"),
        ),
    })
}

/// Whether a push can use what earlier ones left; else what it cannot use.
fn state(
    machine: &Machine<'_>,
    settings: &QueueSettings,
) -> Result<Result<(), (Utf8PathBuf, io::Error)>, PortError> {
    let queue = OpenQueue::open(machine.store, settings)?;
    if let Some(queue) = queue {
        queue.push_state_if_any()?;
    }
    let room = settings.queue_dir.value.join(".push");
    let lock = room.join("lock");
    let directory = Access::WRITE_OK | Access::EXEC_OK;
    let needed = [
        (room, directory),
        (lock, Access::READ_OK | Access::WRITE_OK),
    ];
    let refused = needed.into_iter().find_map(|(path, wanted)| {
        let error = may(&path, wanted).err()?;
        (error.kind() != io::ErrorKind::NotFound).then_some((path, error))
    });
    Ok(refused.map_or(Ok(()), Err))
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
