//! A container with systemd, and its end.

use std::fs;
use std::process::Command;

use camino::{Utf8Path, Utf8PathBuf};
use rustix::process::Signal;
use system_tests::{Product, Run, Running, wait_for, wait_until};

/// Where the checkout is in a machine, read-only.
pub(crate) const CHECKOUT: &str = "/checkout";
/// Where the programs under test are in a machine, read-only.
pub(crate) const PROGRAMS: &str = "/programs";

/// A container that runs. Dropping it is a power cut.
#[derive(Debug)]
pub(crate) struct Boot {
    script: Running,
    /// The container's process 1, as the host knows it.
    pub(crate) leader: u32,
}

impl Boot {
    /// Starts a container, and waits for its systemd. What it writes goes below `dir`.
    #[track_caller]
    pub(crate) fn start(dir: &Utf8Path) -> Boot {
        let (checkout, programs) = (checkout(), Product::program());
        let root = Command::new(checkout.join("tests/roots/build"))
            .arg("machine")
            .run()
            .success();
        // Ends the container, and cleans up behind it, when this thread ends in whatever way.
        let script = Command::new("setpriv")
            .args(["--pdeathsig", "TERM"])
            .arg(checkout.join("tests/machine/boot"))
            .args([root.stdout.trim_end(), dir.as_str()])
            .arg(dir.file_name().expect("name"))
            .arg(format!("--bind-ro={checkout}:{CHECKOUT}"))
            .arg(format!(
                "--bind-ro={}:{PROGRAMS}",
                programs.parent().expect("directory")
            ))
            .start();
        let mut boot = Boot { script, leader: 0 };
        boot.leader = wait_for("the machine's systemd", || boot.find_leader());
        boot
    }

    /// The one process below the container's monitor that is process 1 in a namespace.
    #[track_caller]
    fn find_leader(&mut self) -> Option<u32> {
        let script = self.script.pid().as_raw_nonzero().get();
        assert!(
            self.script.is_running(),
            "no boot: {}",
            self.script.stderr_so_far()
        );
        let monitors = children(script.unsigned_abs());
        let candidates = monitors.into_iter().flat_map(children);
        candidates.into_iter().find(|process| {
            let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
            let is_systemd = |line: &str| line == "Name:\tsystemd";
            let is_first = |line: &str| line.starts_with("NSpid:") && line.ends_with("\t1");
            status.lines().any(is_systemd) && status.lines().any(is_first)
        })
    }

    /// Waits until the machine is off.
    #[track_caller]
    pub(crate) fn wait(&mut self) {
        wait_until("the end of the machine", || !self.script.is_running());
    }

    /// What was written to the console.
    pub(crate) fn console(&self) -> String {
        self.script.stdout_so_far() + &self.script.stderr_so_far()
    }
}

impl Drop for Boot {
    fn drop(&mut self) {
        // Not a kill: the script cleans up. Failing here would only hide why the test ends.
        if self.script.is_running() {
            self.script.signal(Signal::TERM);
            self.wait();
        }
    }
}

fn children(process: u32) -> Vec<u32> {
    let file = format!("/proc/{process}/task/{process}/children");
    let text = fs::read_to_string(file).unwrap_or_default();
    text.split_whitespace()
        .filter_map(|word| word.parse().ok())
        .collect()
}

pub(crate) fn checkout() -> Utf8PathBuf {
    Utf8Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .expect("tests/machine")
        .to_owned()
}
