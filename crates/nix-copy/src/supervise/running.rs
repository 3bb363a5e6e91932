//! A process group that is under way: its pipes, its signals, its end.

use std::fs;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::io::Errno;
use rustix::process::{
    Pid, PidfdFlags, Signal, WaitId, WaitIdOptions, kill_process_group, pidfd_open, waitid,
};

use super::{AFTER_KILL, Finished, Stop};
use crate::log::Log;

/// Most bytes of standard output that are kept: some 500,000 store paths.
const MAX_STDOUT: usize = 64 * 1024 * 1024;
/// Between looks at a process where the kernel cannot tell of its end.
const TICK: Duration = Duration::from_millis(50);

/// Killed and reaped when dropped; a zombie is left of one that does not go.
pub(super) struct Running {
    child: Child,
    pid: Pid,
    /// `None` before Linux 5.3.
    pidfd: Option<OwnedFd>,
    stdout: Option<OwnedFd>,
    stderr: Option<OwnedFd>,
    said: Vec<u8>,
    said_is_cut: bool,
    log: Log,
    heard: u64,
    /// Reaped, or left alone for good.
    settled: bool,
}

impl Running {
    pub(super) fn start(command: &mut Command) -> io::Result<Self> {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let pid = Pid::from_child(&child);
        let stdout = child.stdout.take().map(OwnedFd::from);
        let stderr = child.stderr.take().map(OwnedFd::from);
        let running = Self {
            child,
            pid,
            pidfd: pidfd_open(pid, PidfdFlags::empty()).ok(),
            stdout,
            stderr,
            said: Vec::new(),
            said_is_cut: false,
            log: Log::default(),
            heard: 0,
            settled: false,
        };
        for pipe in [&running.stdout, &running.stderr].into_iter().flatten() {
            fcntl_setfl(pipe, fcntl_getfl(pipe)? | OFlags::NONBLOCK)?;
        }
        Ok(running)
    }

    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// How many bytes were read of what it wrote.
    pub(super) fn heard(&self) -> u64 {
        self.heard
    }

    /// Waits for output, its end, `cancel` or the time, whichever comes first,
    /// and reads what there is. Whether there was news.
    pub(super) fn wait(
        &mut self,
        timeout: Option<Duration>,
        cancel: Option<BorrowedFd<'_>>,
        started: &mut dyn FnMut(&str),
    ) -> io::Result<bool> {
        let tick = self.pidfd.is_none().then_some(TICK);
        let timeout = [timeout, tick].into_iter().flatten().min();
        let timeout = timeout.and_then(|duration| Timespec::try_from(duration).ok());
        let own = [&self.stdout, &self.stderr, &self.pidfd];
        let descriptors = own.into_iter().flatten().map(|fd| fd.as_fd()).chain(cancel);
        let mut set: Vec<PollFd<'_>> = descriptors
            .map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN))
            .collect();
        match poll(&mut set, timeout.as_ref()) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        self.read(started)
    }

    fn read(&mut self, started: &mut dyn FnMut(&str)) -> io::Result<bool> {
        let (said, said_is_cut) = (&mut self.said, &mut self.said_is_cut);
        let out = drain(&mut self.stdout, &mut |bytes| {
            let room = MAX_STDOUT.saturating_sub(said.len());
            *said_is_cut |= bytes.len() > room;
            said.extend_from_slice(&bytes[..bytes.len().min(room)]);
        })?;
        let (log, mut news) = (&mut self.log, false);
        let err = drain(&mut self.stderr, &mut |bytes| {
            news |= log.feed(bytes, started)
        })?;
        self.heard += out + err;
        Ok(news || out > 0)
    }

    /// Whether the process itself is gone. It stays a zombie, so that its
    /// group's number cannot become somebody else's.
    pub(super) fn has_exited(&self) -> io::Result<bool> {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        match waitid(WaitId::Pid(self.pid), options) {
            Ok(status) => Ok(status.is_some()),
            Err(Errno::INTR) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Takes its output until it is gone, for so long at most. Whether it is.
    pub(super) fn exits_within(
        &mut self,
        time: Duration,
        started: &mut dyn FnMut(&str),
    ) -> io::Result<bool> {
        let begun = Instant::now();
        loop {
            if self.has_exited()? {
                return Ok(true);
            }
            let left = time.saturating_sub(begun.elapsed());
            if left.is_zero() {
                return Ok(false);
            }
            self.wait(Some(left), None, started)?;
        }
    }

    /// What the kernel tells of it: `D (disk sleep) in nfs_wait_bit_killable`.
    pub(super) fn state(&self) -> String {
        let read = |name: &str| {
            fs::read_to_string(format!("/proc/{}/{name}", self.pid())).unwrap_or_default()
        };
        let status = read("status");
        let state = status.lines().find_map(|line| line.strip_prefix("State:"));
        let state = state.map_or("unknown", str::trim);
        match read("wchan").as_str() {
            "" | "0" => state.to_owned(),
            place => format!("{state} in {place}"),
        }
    }

    /// Not even its zombie is waited for any more.
    pub(super) fn leave_alone(&mut self) {
        self.settled = true;
    }

    pub(super) fn ask_group_to_end(&self) {
        // An error means that nobody is left to tell.
        let _ = kill_process_group(self.pid, Signal::TERM);
    }

    pub(super) fn kill_group(&self) {
        let _ = kill_process_group(self.pid, Signal::KILL);
    }

    /// Takes the last of its output; the process has exited.
    pub(super) fn reap(
        mut self,
        stopped: Option<Stop>,
        started: &mut dyn FnMut(&str),
    ) -> io::Result<Finished> {
        self.read(started)?;
        let status = self.child.wait()?;
        self.settled = true;
        self.log.finish();
        Ok(Finished {
            status,
            stdout: std::mem::take(&mut self.said),
            stdout_is_cut: self.said_is_cut,
            log: std::mem::take(&mut self.log),
            stopped,
        })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.settled {
            return;
        }
        self.kill_group();
        if matches!(self.exits_within(AFTER_KILL, &mut |_| {}), Ok(true)) {
            let _ = self.child.wait();
        }
    }
}

/// Reads what is there, at most some MiB so that time timeouts keep their turn;
/// forgets a pipe that came to its end.
fn drain(pipe: &mut Option<OwnedFd>, take: &mut dyn FnMut(&[u8])) -> io::Result<u64> {
    let mut buffer = [0; 64 * 1024];
    let mut total = 0;
    for _ in 0..64 {
        let Some(fd) = pipe.as_ref() else { break };
        match rustix::io::read(fd, &mut buffer) {
            Ok(0) => *pipe = None,
            Ok(count) => {
                take(&buffer[..count]);
                total += count as u64;
            }
            Err(Errno::AGAIN) => break,
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(total)
}
