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
use crate::log::{Log, Said};

/// Most bytes of standard output that are kept: some 500,000 store paths.
const MAX_STDOUT: usize = 64 * 1024 * 1024;
/// Between looks at a process where the kernel cannot tell of its end.
const TICK: Duration = Duration::from_millis(50);

/// Between reads of a process that writes little at a time: Nix tells of each path that it copies
/// in some twenty lines, and to be woken by each took us half as much time as it took to copy.
const LULL: Duration = Duration::from_millis(5);
/// So much at once is not little: half of what a pipe holds. Who writes it is not kept waiting.
const MUCH: u64 = 32 * 1024;
/// Bytes of one read: what a pipe holds.
const BUFFER: usize = 64 * 1024;

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
    /// Of that, what was there when it was last looked.
    heard_last: u64,
    buffer: Box<[u8]>,
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
            heard_last: 0,
            buffer: vec![0; BUFFER].into(),
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
    /// and reads what there is. Whether there was news. Output that follows on a
    /// little is left to gather for a moment.
    pub(super) fn wait(
        &mut self,
        timeout: Option<Duration>,
        cancel: Option<BorrowedFd<'_>>,
        tell: &mut dyn FnMut(Said<'_>),
    ) -> io::Result<bool> {
        let tick = self.pidfd.is_none().then_some(TICK);
        let mut timeout = [timeout, tick].into_iter().flatten().min();
        let end = || {
            self.pidfd
                .as_ref()
                .map(AsFd::as_fd)
                .into_iter()
                .chain(cancel)
        };
        let mut has_ended = false;
        // Where the end of the process cannot be seen, that of its output tells of it.
        if (1..MUCH).contains(&self.heard_last) && self.pidfd.is_some() {
            let lull = timeout.map_or(LULL, |timeout| timeout.min(LULL));
            has_ended = wait_for(end(), Some(lull))?;
            timeout = timeout.map(|timeout| timeout - lull);
        }
        if !has_ended {
            let pipes = [&self.stdout, &self.stderr].into_iter().flatten();
            wait_for(pipes.map(AsFd::as_fd).chain(end()), timeout)?;
        }
        self.read(tell)
    }

    fn read(&mut self, tell: &mut dyn FnMut(Said<'_>)) -> io::Result<bool> {
        let (said, said_is_cut) = (&mut self.said, &mut self.said_is_cut);
        let buffer = &mut self.buffer;
        let out = drain(&mut self.stdout, buffer, &mut |bytes| {
            let room = MAX_STDOUT.saturating_sub(said.len());
            *said_is_cut |= bytes.len() > room;
            said.extend_from_slice(&bytes[..bytes.len().min(room)]);
        })?;
        let (log, mut news) = (&mut self.log, false);
        let err = drain(&mut self.stderr, buffer, &mut |bytes| {
            news |= log.feed(bytes, tell)
        })?;
        self.heard_last = out + err;
        self.heard += self.heard_last;
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
        tell: &mut dyn FnMut(Said<'_>),
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
            self.wait(Some(left), None, tell)?;
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
        tell: &mut dyn FnMut(Said<'_>),
    ) -> io::Result<Finished> {
        self.read(tell)?;
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

/// Waits until one of them is readable, or for the time. Whether one may be.
fn wait_for<'a>(
    descriptors: impl Iterator<Item = BorrowedFd<'a>>,
    time: Option<Duration>,
) -> io::Result<bool> {
    let time = time.and_then(|time| Timespec::try_from(time).ok());
    let mut set: Vec<PollFd<'_>> = descriptors
        .map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN))
        .collect();
    match poll(&mut set, time.as_ref()) {
        Ok(ready) => Ok(ready > 0),
        Err(Errno::INTR) => Ok(true),
        Err(error) => Err(error.into()),
    }
}

/// Reads what is there, at most some MiB so that time timeouts keep their turn;
/// forgets a pipe that came to its end.
fn drain(
    pipe: &mut Option<OwnedFd>,
    buffer: &mut [u8],
    take: &mut dyn FnMut(&[u8]),
) -> io::Result<u64> {
    let mut total = 0;
    for _ in 0..64 {
        let Some(fd) = pipe.as_ref() else { break };
        match rustix::io::read(fd, &mut *buffer) {
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
