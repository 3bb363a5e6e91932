//! Wall time and CPU time.

use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use system_tests::{Nix, Run};

use crate::destination::Fresh;
use crate::payload::Payload;
use crate::policy::Policy;

/// What one copy of a payload took.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    /// From the start of the first to the end of the last copy.
    pub(crate) wall: Duration,
    /// User and system time of the copies and of the servers.
    pub(crate) cpu: Duration,
}

/// Copies a payload by a policy.
///
/// # Panics
///
/// If a copy fails.
pub(crate) fn copy(nix: &Nix, to: &Fresh, payload: &Payload, policy: &Policy) -> Sample {
    let rounds = policy.rounds(payload);
    if !payload.there.is_empty() {
        nix.copy_to(&to.beforehand(), &payload.there);
    }
    let uri = to.with(&policy.parameters);
    let cpu_before = cpu_below(std::process::id());
    let mut caches = Vec::new();
    let start = Instant::now();
    for round in rounds {
        let running: Vec<_> = round
            .iter()
            .map(|part| {
                let paths = part.iter().map(|&i| &payload.paths[i].path);
                let mut command = match policy.is_push {
                    true => push(nix, &uri, policy),
                    false => nix_copy(nix, &uri, policy),
                };
                command.env("NIX_SSHOPTS", &to.ssh_options).args(paths);
                if policy.remembers {
                    let cache = tempfile::tempdir_in(nix.dir()).expect("mkdir");
                    command
                        .env("XDG_CACHE_HOME", cache.path())
                        .env("NIX_CACHE_HOME", cache.path());
                    caches.push(cache);
                }
                if let Some(cores) = policy.cores {
                    let library = std::env::var("COPY_STUDY_CORES").expect("COPY_STUDY_CORES");
                    command
                        .env("LD_PRELOAD", library)
                        .env("CORES", cores.to_string());
                }
                command.start()
            })
            .collect();
        for one in running {
            one.wait().success();
        }
    }
    drop(caches);
    let wall = start.elapsed();
    let cpu = cpu_below(std::process::id()).saturating_sub(cpu_before);
    Sample { wall, cpu }
}

fn nix_copy(nix: &Nix, uri: &str, policy: &Policy) -> Command {
    let mut command = nix.command("nix");
    command.args(["copy", "--no-check-sigs", "--to", uri]);
    if uri.starts_with("http") && !policy.remembers {
        command.args(["--option", "narinfo-cache-positive-ttl", "0"]);
    }
    for (name, value) in &policy.settings {
        command.args(["--option", name, value]);
    }
    command
}

fn push(nix: &Nix, uri: &str, policy: &Policy) -> Command {
    let program = std::env::var("COPY_STUDY_PROGRAM").expect("COPY_STUDY_PROGRAM");
    let mut command = nix.command(program);
    command.args(["push", "--no-check-sigs", "--destination", uri]);
    for (name, value) in &policy.settings {
        command.args([name, value]);
    }
    command
}

/// User and system time of all that a process has started, whether it lives or not: a process that
/// ends hands its time to its parent.
fn cpu_below(pid: u32) -> Duration {
    let Ok(text) = fs::read_to_string(format!("/proc/{pid}/stat")) else {
        return Duration::ZERO;
    };
    let ended = times(&text, 13..15);
    let tasks = fs::read_dir(format!("/proc/{pid}/task"))
        .into_iter()
        .flatten()
        .flatten();
    let children: Vec<u32> = tasks
        .filter_map(|task| fs::read_to_string(task.path().join("children")).ok())
        .flat_map(|line| {
            line.split_whitespace()
                .filter_map(|pid| pid.parse().ok())
                .collect::<Vec<_>>()
        })
        .collect();
    let own = |pid: u32| {
        let text = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        times(&text, 11..13)
    };
    ended
        + children
            .into_iter()
            .map(|pid| own(pid) + cpu_below(pid))
            .sum::<Duration>()
}

/// The sum of some fields of `/proc/PID/stat` after the command, in hundredths of a second.
fn times(stat: &str, fields: std::ops::Range<usize>) -> Duration {
    let after_name = stat.rsplit_once(") ").map_or("", |(_, rest)| rest);
    let words = after_name.split(' ').skip(fields.start).take(fields.len());
    let ticks: u64 = words.filter_map(|word| word.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 10)
}
