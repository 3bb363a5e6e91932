//! A process of somebody else's, as far as `/proc` shows it.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::time::{Duration, SystemTime};

use rustix::time::{ClockId, clock_gettime};

/// What is seen of a process.
pub(super) struct Process {
    /// When it began.
    pub started: Option<SystemTime>,
    /// The environment that it began with; `None` where that is not ours to see.
    pub environment: Option<Vec<(OsString, OsString)>>,
}

impl Process {
    /// Looks at a process that is there.
    pub(super) fn look(pid: i32) -> Self {
        let environment = std::fs::read(format!("/proc/{pid}/environ")).ok();
        Self {
            started: started(pid),
            environment: environment.map(|bytes| variables(&bytes)),
        }
    }
}

/// When a process began, no more than a hundredth of a second too late; `None` when it is gone.
pub(super) fn started(pid: i32) -> Option<SystemTime> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // Both at once: what lies between would count as its age.
    let (now, since_boot) = (SystemTime::now(), clock_gettime(ClockId::Boottime));
    let since_boot = Duration::new(
        u64::try_from(since_boot.tv_sec).ok()?,
        u32::try_from(since_boot.tv_nsec).ok()?,
    );
    let age = since_boot.checked_sub(start(&stat)?)?;
    now.checked_sub(age)
}

/// The 22nd field, in hundredths of a second: what the kernel tells is in units of `USER_HZ`, which
/// is 100 on all machines that Nix knows.
fn start(stat: &str) -> Option<Duration> {
    // The name, in parentheses, may have anything in it.
    let (_, fields) = stat.rsplit_once(')')?;
    let ticks: u64 = fields.split_whitespace().nth(19)?.parse().ok()?;
    // Rounded up: what was written just before it began is not to seem newer.
    Some(Duration::from_millis(
        ticks.checked_add(1)?.checked_mul(10)?,
    ))
}

fn variables(environ: &[u8]) -> Vec<(OsString, OsString)> {
    let pairs = environ.split(|byte| *byte == 0).filter_map(|variable| {
        let equals = variable.iter().position(|byte| *byte == b'=')?;
        let (name, value) = variable.split_at(equals);
        Some((
            OsStr::from_bytes(name).into(),
            OsStr::from_bytes(&value[1..]).into(),
        ))
    });
    pairs.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_blanks_and_parentheses_does_not_shift_the_fields() {
        let fields: Vec<_> = (3..30).map(|n| n.to_string()).collect();
        let stat = format!("7 (a) b (c) {}", fields.join(" "));
        assert_eq!(start(&stat), Some(Duration::from_millis(230)));
        assert_eq!(start("nonsense"), None);
    }

    #[test]
    fn this_process_began_before_now_and_has_the_environment_that_it_began_with() {
        let pid = i32::try_from(std::process::id()).unwrap();
        let process = Process::look(pid);
        let now = SystemTime::now() + Duration::from_millis(10);
        let age = now.duration_since(process.started.unwrap()).unwrap();
        assert!(age < Duration::from_secs(3600), "{age:?}");
        let path = std::env::var_os("PATH").unwrap();
        assert!(
            process
                .environment
                .unwrap()
                .contains(&("PATH".into(), path))
        );
    }
}
