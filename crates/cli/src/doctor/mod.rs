//! `doctor`: looks at how this machine is set up, as somebody would who looks for a fault.
//!
//! Facts are gathered, each within a time, and judged by pure functions beside them; what is wrong
//! has a name ([`kind::Kind`]). Nothing is changed, and one thing that cannot be seen keeps nobody
//! from the rest. What only the service that pushes can see, a doctor looks at in its place
//! ([`inside`]).

mod account;
mod as_service;
mod bounded;
mod credentials;
mod daemon;
mod destination;
mod file_system;
mod finding;
mod fixes;
mod hook;
mod hook_program;
mod inside;
mod keeps;
mod kind;
mod lock;
mod machine;
mod managed;
mod metrics;
mod nix;
mod nix_conf;
mod process;
mod queue;
mod reasons;
mod roots;
mod service;
mod signatures;
mod signed_copy;
mod space;
mod started;
mod systemd;
mod text;
mod timer;

#[cfg(test)]
pub(crate) use {
    account::parse as parse_account,
    credentials::of_ssh,
    finding::FindingJson,
    hook_program::words,
    nix_conf::includes,
    started::Started,
    systemd::{blocks, loaded, settings},
    timer::span,
};

pub(crate) use self::kind::ids;

use std::os::unix::fs::MetadataExt;
use std::thread;

use nix_post_build_push_config::{Need, QueueSettings, Resolution};

use self::finding::{Finding, Verdict};
use self::kind::Kind;
use self::machine::Machine;
use self::service::Service;
use crate::cli::DoctorArgs;
use crate::error::CommandError;
use crate::exit_codes::Exit;
use crate::session::{Session, now};

/// Runs the command.
///
/// # Errors
///
/// If the store directory cannot be one: then there is nothing to look at.
pub(crate) fn run(args: &DoctorArgs, session: &mut Session) -> Result<Exit, CommandError> {
    let resolution = session.resolve(Need::Enqueue);
    let store = session.store(&resolution.config)?;
    let machine = Machine::look(&store, &resolution.config, now());
    let as_service = args
        .as_service
        .as_deref()
        .and_then(|asked| asked.split_once(':'));
    let findings = match as_service {
        Some(queue) => as_service::check(&machine, &resolution, queue, args.write),
        None => check(&machine, &resolution, args.write),
    };
    if args.json.json {
        let rows: Vec<_> = findings.iter().map(finding::FindingJson::from).collect();
        session.out.json(&rows);
    } else {
        text::print(&findings, &mut session.out);
    }
    let has_fault = findings
        .iter()
        .any(|finding| finding.verdict() == Verdict::Fault);
    Ok(if has_fault {
        Exit::NeedsALook
    } else {
        Exit::Done
    })
}

fn check(machine: &Machine<'_>, resolution: &Resolution, write: bool) -> Vec<Finding> {
    let mut findings = nix::check(machine);
    findings.extend(nix::configuration(machine, resolution));
    findings.push(machine.judge_daemon());
    findings.extend(hook::check(machine));
    let reads = hook::configuration(machine);
    findings.extend(hook::its_problems(machine, &reads));
    // Each may wait for its destination.
    let reads = &reads;
    let queues = resolution.config.enabled();
    let queues: Vec<_> = queues
        .map(|queue| hook::of_the_machine(machine, reads, queue))
        .collect();
    thread::scope(|scope| {
        let looks: Vec<_> = queues
            .into_iter()
            .map(|settings| scope.spawn(move || of_queue(machine, reads, &settings, write)))
            .collect();
        for look in looks {
            match look.join() {
                Ok(found) => findings.extend(found),
                Err(fault) => std::panic::resume_unwind(fault),
            }
        }
    });
    findings
}

fn of_queue(
    machine: &Machine<'_>,
    reads: &Resolution,
    settings: &QueueSettings,
    write: bool,
) -> Vec<Finding> {
    let service = Service::look(&settings.name);
    let account = service.units().map(service::Units::account);
    let untried = somebody_elses(&service, settings);
    let looked = queue::look(machine, settings, account, untried.is_none());
    let mut findings = vec![hook::fills(machine, reads, settings)];
    findings.extend_from_slice(&looked.findings);
    if let Some(status) = &looked.status {
        findings.push(roots::check(machine, settings, &status.present));
        findings.extend(space::check(machine, status));
    }
    findings.extend(keeps::check(machine, settings));
    match untried {
        Some(untried) => {
            findings.extend(service.check(machine.managed, &settings.name));
            findings.push(untried);
        }
        None => findings.extend(pushes(machine, settings, &service, &looked, write)),
    }
    if let Some(refused) = looked.status.as_ref().and_then(signed_copy::remembered) {
        let is_open = |finding: &mut Finding| finding.kind == Some(Kind::SignaturesNotTried);
        if findings.extract_if(.., is_open).next().is_some() {
            findings.push(refused);
        }
    }
    let mut findings: Vec<_> = findings
        .into_iter()
        .map(|finding| finding.in_queue(&settings.name))
        .collect();
    findings.sort_by_key(|finding| finding.check as usize);
    findings
}

/// What who pushes sees, and who that is.
fn pushes(
    machine: &Machine<'_>,
    settings: &QueueSettings,
    service: &Service,
    looked: &queue::Looked,
    write: bool,
) -> Vec<Finding> {
    let mut findings = service.check(machine.managed, &settings.name);
    let as_ourselves = || {
        let queue = looked
            .answers()
            .then(|| as_service::takes_entries(machine, settings));
        let rest = as_service::of_queue(machine, settings, looked.present(), write);
        queue.flatten().into_iter().chain(rest)
    };
    let Some(units) = service.units() else {
        findings.extend(as_ourselves());
        return findings;
    };
    if units.not_started().is_some() {
        return findings;
    }
    if let Some(missing) = units.missing_account(machine.managed) {
        findings.push(missing);
        return findings;
    }
    let missing = units.missing_credentials(machine.managed, &settings.name);
    if !missing.is_empty() {
        findings.extend(missing);
        return findings;
    }
    let untried = || {
        let text = format!(
            "what {} sees was not tried; what follows is what this account sees",
            units.name
        );
        Finding::of(Kind::AccountNotTried, text)
    };
    let is_root = rustix::process::geteuid().is_root();
    let inside = match (looked.answers(), is_root) {
        // To start a service that may write to it systemd would wait for it, too.
        (false, _) => Err(untried().because("the queue's directory does not answer")),
        (true, true) => {
            inside::look(units, settings, write).map_err(|error| untried().caused_by(&error))
        }
        (true, false) => Err(untried().fix("sudo nix-post-build-push doctor")),
    };
    match inside {
        Ok(found) => {
            if found
                .iter()
                .any(|finding| finding.kind == Some(Kind::ServiceUnable))
            {
                let pushes = units.pushes();
                findings.retain(|finding| finding.text != pushes);
            }
            findings.extend(found);
        }
        Err(untried) => {
            findings.push(untried);
            findings.extend(as_ourselves());
        }
    }
    findings
}

/// What there is to say of a queue that is not for an ordinary user to push: what stands in the way of
/// who does push it, only that one and root can see.
fn somebody_elses(service: &Service, settings: &QueueSettings) -> Option<Finding> {
    let uid = rustix::process::geteuid();
    if uid.is_root() {
        return None;
    }
    let directory = &settings.queue_dir.value;
    let text = match service.units() {
        Some(units) if account::name().is_ok_and(|name| name == units.account()) => return None,
        Some(units) => format!("what {} sees was not tried", units.name),
        None => {
            let owner = std::fs::metadata(directory).ok()?.uid();
            if owner == uid.as_raw() {
                return None;
            }
            format!("what uid {owner} sees was not tried: the queue is no other account's to push")
        }
    };
    Some(Finding::of(Kind::AccountNotTried, text).fix("sudo nix-post-build-push doctor"))
}
