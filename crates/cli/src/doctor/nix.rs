//! Whether there is a Nix that can work, and what is wrong with the configuration.

use std::error::Error;

use nix_copy::CallError;
use nix_post_build_push_config::{Problem, Resolution};
use queue_core::PortError;

use super::finding::{Check, Finding};
use super::kind::Kind;
use super::machine::Machine;

/// Versions before that cannot work: they know no `nix copy` as we call it.
const OLDEST: (u32, u32) = (2, 4);
/// Versions before that were never tried.
const TRIED: (u32, u32) = (2, 8);

/// What there is to say of Nix itself.
pub(super) fn check(machine: &Machine<'_>) -> Vec<Finding> {
    let install = machine.managed.install_nix();
    let version = match &machine.version {
        Ok(version) => judge(version, &install),
        Err(error) => return vec![unusable(error, install)],
    };
    let settings = [&machine.builds, &machine.own]
        .into_iter()
        .find_map(|answer| {
            let error = answer.as_ref().err()?;
            Some(
                Finding::of(Kind::SettingsUnknown, "Nix does not tell its settings")
                    .caused_by_port(error),
            )
        });
    std::iter::once(version).chain(settings).collect()
}

/// Only where there is none, to install one mends it.
fn unusable(error: &PortError, install: String) -> Finding {
    let cause = error.source().and_then(|cause| cause.downcast_ref());
    let is_absent = matches!(cause, Some(CallError::ProgramNotFound { .. }));
    let finding = match is_absent {
        true => Finding::of(Kind::NixMissing, "there is no Nix").fix(install),
        false => Finding::of(Kind::NixMissing, "Nix does not work")
            .fix("`nix --version` should say the same: mend what it says"),
    };
    finding.caused_by_port(error)
}

fn judge(version: &str, install: &str) -> Finding {
    match number(version) {
        Some(number) if number < OLDEST => {
            Finding::of(Kind::NixTooOld, format!("{version} is too old")).fix(install)
        }
        Some(number) if number < TRIED => Finding::of(
            Kind::NixUntried,
            format!("{version} is older than what was tried"),
        )
        .fix(install),
        _ => Finding::ok(Check::Nix, version),
    }
}

/// `nix (Nix) 2.26.3`, `nix (Lix, like Nix) 2.93.0`, `nix (Nix) 2.35pre20261101_abcdef0`
fn number(version: &str) -> Option<(u32, u32)> {
    let word = version.split_whitespace().last()?;
    let mut parts = word.split('.').map(|part| {
        let digits = part.find(|c: char| !c.is_ascii_digit());
        part[..digits.unwrap_or(part.len())].parse().ok()
    });
    Some((parts.next()??, parts.next()??))
}

/// What is wrong with the configuration, and what is worth a word.
pub(super) fn configuration(machine: &Machine<'_>, resolution: &Resolution) -> Vec<Finding> {
    let told = |kind| {
        move |problem: &Problem| {
            let finding = Finding::of(kind, problem.to_string());
            match &problem.hint {
                Some(hint) => finding.fix(hint),
                None => finding,
            }
        }
    };
    let problems = resolution.problems.iter().map(told(Kind::ConfigBroken));
    let warnings = resolution.warnings.iter().map(told(Kind::ConfigWarned));
    let mut findings: Vec<_> = problems.chain(warnings).collect();
    let file = resolution.config.file.as_ref();
    let file = file.map_or("options and variables", |file| file.as_str());
    if resolution.config.enabled().next().is_none() && resolution.problems.is_empty() {
        let none = Finding::of(Kind::NoQueue, format!("no queue is enabled in {file}"));
        let disabled = resolution.config.queues.first();
        findings.push(none.fix(match disabled {
            Some(queue) => machine.managed.enable_queue(&queue.name),
            None => machine.managed.begin(),
        }));
    }
    if findings.is_empty() {
        findings.push(Finding::ok(Check::Config, file));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_old_versions_are_told() {
        let kind = |version: &str| judge(version, "install it").kind;
        assert_eq!(kind("nix (Nix) 2.3.16"), Some(Kind::NixTooOld));
        assert_eq!(kind("nix (Nix) 2.4"), Some(Kind::NixUntried));
        for version in [
            "nix (Nix) 2.8.0",
            "nix (Lix, like Nix) 2.93.0",
            "nix (Nix) 3.0",
            "?",
        ] {
            assert_eq!(kind(version), None, "{version}");
        }
    }
}
