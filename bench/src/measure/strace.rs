//! System calls and processes, by strace.

use std::fs;
use std::process::Command;

use crate::measure::run;
use crate::stage::Stage;

/// How many system calls a program makes that succeeds, with all that it starts. The one that
/// starts itself counts.
#[track_caller]
pub(crate) fn system_calls(stage: &Stage, program: &str, configure: impl Fn(&mut Command)) -> u64 {
    let summary = traced(stage, &["-c"], program, configure);
    parse_summary(&summary).unwrap_or_else(|| panic!("strace counted nothing:\n{summary}"))
}

/// What a program starts while it runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Started {
    /// How many processes.
    pub(crate) processes: u64,
    /// How many programs are executed, besides itself.
    pub(crate) programs: u64,
    /// How many threads.
    pub(crate) threads: u64,
}

/// What a program that succeeds starts, and what that starts.
#[track_caller]
pub(crate) fn started(stage: &Stage, program: &str, configure: impl Fn(&mut Command)) -> Started {
    let only = "trace=execve,execveat,clone,clone3,fork,vfork";
    parse_trace(&traced(stage, &["-e", only], program, configure))
}

#[track_caller]
fn traced(
    stage: &Stage,
    options: &[&str],
    program: &str,
    configure: impl Fn(&mut Command),
) -> String {
    let file = stage.dir().join("trace");
    let mut command = stage.command("strace");
    command.args(["-f", "-qq", "-o", file.as_str()]);
    command.args(options).arg(program);
    configure(&mut command);
    run(&mut command);
    fs::read_to_string(&file).expect("the trace")
}

/// `% time, seconds, usecs/call, calls, errors (may be missing), total`.
fn parse_summary(summary: &str) -> Option<u64> {
    let total = summary.lines().find(|line| line.ends_with(" total"))?;
    total.split_whitespace().nth(3)?.parse().ok()
}

fn parse_trace(trace: &str) -> Started {
    let mut started = Started::default();
    for line in trace.lines() {
        // `1234  execve(…) = 0`, or, where another one came between, `1234 <... execve resumed>) = 0`.
        let Some((call, result)) = line.rsplit_once(" = ") else {
            continue;
        };
        let succeeded = result.split(' ').next().and_then(|word| word.parse().ok());
        let Some(0i64..) = succeeded else { continue };
        match () {
            () if call.contains("exec") => started.programs += 1,
            () if call.contains("CLONE_THREAD") => started.threads += 1,
            () => started.processes += 1,
        }
    }
    started.programs = started.programs.saturating_sub(1);
    started
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_total_of_all_calls() {
        let summary = "\
% time     seconds  usecs/call     calls    errors syscall
------ ----------- ----------- --------- --------- ----------------
100.00    0.000123           3        41           symlinkat
------ ----------- ----------- --------- --------- ----------------
100.00    0.000123           3        52         2 total
";
        assert_eq!(parse_summary(summary), Some(52));
    }

    #[test]
    fn what_is_started_is_told_apart() {
        let trace = "\
10 execve(\"/bin/push\", [\"push\"], 0x7ffd /* 9 vars */) = 0
10 clone3({flags=CLONE_VM|CLONE_THREAD|CLONE_SYSVSEM, child_tid=0x1} => {parent_tid=[11]}, 88) = 11
10 vfork( <unfinished ...>
11 execve(\"/usr/local/bin/nix\", [\"nix\"], 0x1) = -1 ENOENT (No such file or directory)
11 execve(\"/usr/bin/nix\", [\"nix\"], 0x1 <unfinished ...>
10 <... vfork resumed>) = 11
11 <... execve resumed>) = 0
";
        let expected = Started {
            processes: 1,
            programs: 1,
            threads: 1,
        };
        assert_eq!(parse_trace(trace), expected);
    }
}
