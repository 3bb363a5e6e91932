//! Whether what is built gets into the queues: the hook that runs, and what it reads.

use std::path::Path;
use std::process::Command;

use nix_post_build_push_config::{
    Environment, Inputs, Need, Origin, Overrides, QueueSettings, Resolution, resolve,
};

use super::bounded;
use super::daemon::Daemon;
use super::finding::{Check, Finding};
use super::hook_program::{NAME, Program, identify};
use super::kind::Kind;
use super::machine::Machine;
use super::managed::Managed;

const SETTING: &str = "post-build-hook";

/// What there is to say of the hook.
pub(super) fn check(machine: &Machine<'_>) -> Vec<Finding> {
    let Ok(builds) = &machine.builds else {
        return vec![Finding::of(
            Kind::HookUnknown,
            "which hook runs cannot be seen: Nix does not tell its settings",
        )];
    };
    let by_all = builds.text(SETTING);
    let own = machine.own.as_ref().map_or(by_all, |own| own.text(SETTING));
    let mut findings = runs(machine, by_all);
    // Why the daemon does not answer, its own line says.
    let is_trusted = machine.is_trusted.as_ref().ok().copied().flatten();
    findings.extend(
        difference(machine.managed, by_all, own, is_trusted).or_else(|| may_set(is_trusted)),
    );
    findings
}

/// What runs after the builds of everybody.
fn runs(machine: &Machine<'_>, hook: &str) -> Vec<Finding> {
    let by_daemon = machine.is_by_daemon();
    let managed = machine.managed;
    if hook.is_empty() {
        return vec![
            Finding::of(Kind::HookNotSet, "Nix runs no hook: nothing is queued")
                .fix(managed.set_hook(by_daemon)),
        ];
    }
    let environment = machine.seen_hook_environment();
    let path = environment
        .as_ref()
        .and_then(|all| Some(all.iter().find(|(name, _)| name == "PATH")?.1.as_os_str()));
    let program = identify(Path::new(hook), path);
    let version = match &program {
        Program::Ours(real) | Program::Script(Some(real)) => other_version(real),
        _ => None,
    };
    let judged = judge(managed, hook, &program, by_daemon);
    std::iter::once(judged).chain(version).collect()
}

fn judge(managed: Managed, hook: &str, program: &Program, by_daemon: bool) -> Finding {
    match program {
        Program::Ours(_) => Finding::ok(Check::Hook, format!("Nix runs {hook}")),
        Program::Script(ours) => {
            let ours = ours
                .as_ref()
                .map_or(NAME.into(), |ours| ours.display().to_string());
            Finding::ok(Check::Hook, format!("Nix runs {hook}, which calls {ours}"))
        }
        Program::Unclear => Finding::of(
            Kind::HookUnknown,
            format!("Nix runs {hook}, which names {NAME} behind a command that may end it before"),
        ),
        Program::Other => Finding::of(
            Kind::HookOfAnother,
            format!("Nix runs {hook}, which does not call {NAME}: nothing is queued"),
        )
        .fix(managed.call_hook(by_daemon)),
        Program::Missing => Finding::of(Kind::HookMissing, format!("the hook {hook} is not there"))
            .because("each build fails for it")
            .fix(managed.set_hook(by_daemon)),
        Program::NoFile => Finding::of(
            Kind::HookNotExecutable,
            format!("the hook {hook} is no file"),
        )
        .because("each build fails for it")
        .fix(managed.set_hook(by_daemon)),
        Program::NotExecutable => Finding::of(
            Kind::HookNotExecutable,
            format!("the hook {hook} is not executable"),
        )
        .because("each build fails for it")
        .fix(managed.make_executable(hook, by_daemon)),
        Program::Unseen(error) => Finding::of(
            Kind::HookUnknown,
            format!("the hook {hook} cannot be looked at"),
        )
        .caused_by(error),
    }
}

/// It reads the same configuration, of which another version may know other keys.
fn other_version(hook: &Path) -> Option<Finding> {
    let shown = hook.display();
    let told = bounded::run(Command::new(hook).arg("--version"), bounded::TIME);
    let other = |what: String| {
        let text = format!(
            "{shown} {what}, this program is {}",
            env!("CARGO_PKG_VERSION")
        );
        Finding::of(Kind::HookOtherVersion, text).fix("install both programs from one release")
    };
    match told {
        Err(error) => Some(other("does not tell its version".to_owned()).caused_by(&error)),
        Ok(output) => {
            let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
            let name = hook.file_name().unwrap_or_default().to_string_lossy();
            let ours = format!("{name} {}", env!("CARGO_PKG_VERSION"));
            (text != ours).then(|| other(format!("says it is `{text}`")))
        }
    }
}

/// What a `nix.conf` of this account's own changes. The daemon takes the setting from whom it
/// trusts, and drops it without a word from others (NixOS/nix#9790).
fn difference(
    managed: Managed,
    by_all: &str,
    own: &str,
    is_trusted: Option<bool>,
) -> Option<Finding> {
    if by_all == own {
        return None;
    }
    let shown = if own.is_empty() { "no hook" } else { own };
    Some(match is_trusted? {
        true => Finding::of(
            Kind::HookOverridden,
            format!("builds of this account run {shown}: it has a setting of its own"),
        )
        .fix("take post-build-hook out of ~/.config/nix/nix.conf and NIX_CONFIG"),
        false => Finding::of(
            Kind::HookIgnored,
            format!("the daemon ignores {shown}, which this account sets: it does not trust it"),
        )
        .fix(managed.set_hook_as_root()),
    })
}

/// Whether a setting of this account's own would be heeded.
fn may_set(is_trusted: Option<bool>) -> Option<Finding> {
    let text = match is_trusted? {
        true => "the daemon trusts this account, which may set another one for its builds",
        false => "the daemon does not trust this account, which cannot set another one",
    };
    Some(Finding::ok(Check::Hook, text))
}

/// What a hook reads.
pub(super) fn configuration(machine: &Machine<'_>) -> Resolution {
    let overrides = Overrides::default();
    let environment = Environment::new(machine.hook_environment());
    let uid = match machine.daemon {
        Daemon::Answers(_) => 0,
        Daemon::None | Daemon::Deaf(_) => rustix::process::geteuid().as_raw(),
    };
    resolve(&Inputs {
        overrides: &overrides,
        environment: &environment,
        uid,
        need: Need::Enqueue,
    })
}

/// What is wrong with that, where it is another file than ours.
pub(super) fn its_problems(machine: &Machine<'_>, hook: &Resolution) -> Vec<Finding> {
    if hook.config.file == machine.config.file {
        return Vec::new();
    }
    let problems = hook.problems.iter();
    problems
        .map(|problem| {
            let finding = Finding::of(Kind::HookConfigBroken, format!("the hook: {problem}"));
            match &problem.hint {
                Some(hint) => finding.fix(hint),
                None => finding,
            }
        })
        .collect()
}

/// The queue as the machine has it. Where none has a directory of its own in the file that all read, each
/// account has another one, and the daemon's hook fills root's: that is what an ordinary user asks about.
pub(super) fn of_the_machine(
    machine: &Machine<'_>,
    hook: &Resolution,
    queue: &QueueSettings,
) -> QueueSettings {
    let is_shared = matches!(machine.daemon, Daemon::Answers(_))
        && queue.queue_dir.origin == Origin::Default
        && hook.config.file == machine.config.file;
    let mut enabled = hook.config.enabled();
    let filled = enabled.find(|filled| is_shared && filled.name == queue.name);
    let mut queue = queue.clone();
    if let Some(filled) = filled {
        queue.queue_dir = filled.queue_dir.clone();
    }
    queue
}

/// Whether a hook fills a queue.
pub(super) fn fills(machine: &Machine<'_>, hook: &Resolution, queue: &QueueSettings) -> Finding {
    let file = hook.config.file.as_ref();
    let reads = file.map_or("no configuration file", |file| file.as_str());
    let directory = &queue.queue_dir.value;
    let mut enabled = hook.config.enabled();
    let is_seen = machine.seen_hook_environment().is_some();
    let finding = match enabled.any(|known| known.queue_dir.value == *directory) {
        true => Finding::ok(
            Check::Filled,
            format!("the hook's configuration has it: {reads}"),
        ),
        false if !is_seen => Finding::of(
            Kind::FillingUnknown,
            "which configuration the hook reads is not this account's to see",
        )
        .fix("sudo nix-post-build-push doctor"),
        false => Finding::of(
            Kind::QueueNotFilled,
            format!("the hook reads {reads}, where no queue has the directory {directory}"),
        )
        .fix(machine.managed.add_queue(&queue.name)),
    };
    finding.in_queue(&queue.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_account_sets_for_itself_wins_where_it_is_trusted_and_is_ignored_elsewhere() {
        let kind = |own, trusted| {
            difference(Managed::ByHand, "/a", own, trusted).and_then(|found| found.kind)
        };
        assert_eq!(kind("/a", Some(false)), None);
        assert_eq!(kind("/b", Some(false)), Some(Kind::HookIgnored));
        assert_eq!(kind("/b", Some(true)), Some(Kind::HookOverridden));
        assert_eq!(kind("", Some(true)), Some(Kind::HookOverridden));
        assert_eq!(kind("/b", None), None);
    }
}
