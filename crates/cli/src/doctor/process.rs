//! A process of somebody else's, as far as `/proc` shows it.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::time::SystemTime;

use crate::process_time::started;

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
    use std::time::Duration;

    use super::*;

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
