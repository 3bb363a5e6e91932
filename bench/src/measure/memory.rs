//! Peak memory: the most that was resident at once.

use std::fs;
use std::process::Command;
use std::thread;
use std::time::Duration;

use crate::measure::run;
use crate::stage::Stage;

/// That of a program that succeeds and starts no other one, in bytes, by GNU time.
#[track_caller]
pub(crate) fn peak(stage: &Stage, program: &str, configure: impl Fn(&mut Command)) -> u64 {
    let file = stage.dir().join("peak");
    let mut command = stage.command("/usr/bin/time");
    command.args(["--format=%M", "--output", file.as_str(), program]);
    configure(&mut command);
    run(&mut command);
    let kibibytes = fs::read_to_string(&file).expect("what time tells");
    kibibytes.trim().parse::<u64>().expect("a number") << 10
}

/// That of a program that succeeds, without what it starts, in bytes.
///
/// GNU time takes in what a program started and waited for. The kernel's own count for the process
/// only grows, so the last look at it before its end misses no more than the last half millisecond.
#[track_caller]
pub(crate) fn peak_alone(mut command: Command) -> u64 {
    command.stdout(std::process::Stdio::null());
    let mut child = command.spawn().expect("start");
    let status = format!("/proc/{}/status", child.id());
    let mut most = 0;
    let ended = loop {
        // One that has ended has no memory any more.
        let text = fs::read_to_string(&status).unwrap_or_default();
        most = high_water_mark(&text).unwrap_or(most);
        if let Some(ended) = child.try_wait().expect("wait") {
            break ended;
        }
        thread::sleep(Duration::from_micros(500));
    };
    assert!(ended.success(), "{command:?}: {ended}");
    most
}

/// `VmHWM:       1234 kB`
fn high_water_mark(status: &str) -> Option<u64> {
    let value = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = value.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kibibytes << 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_count() {
        let status = "Name:\tpush\nVmPeak:\t   10000 kB\nVmHWM:\t    2048 kB\nVmRSS:\t 100 kB\n";
        assert_eq!(high_water_mark(status), Some(2 << 20));
        assert_eq!(high_water_mark("Name:\tpush\nState:\tZ (zombie)\n"), None);
    }
}
