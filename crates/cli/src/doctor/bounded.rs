//! Programs of the system's, and directories, that are asked for a time.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Command, Output, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use camino::Utf8Path;
use rustix::process::{Pid, Signal, kill_process_group};

/// How long systemd and the like may take to answer.
pub(super) const TIME: Duration = Duration::from_secs(10);

/// Runs a program to its end; whatever takes longer is killed, with all that it started.
///
/// # Errors
///
/// If it cannot be started, or takes too long.
pub(super) fn run(command: &mut Command, time: Duration) -> io::Result<Output> {
    let child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .spawn()?;
    let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    let (sender, receiver) = mpsc::channel();
    // Who waits no longer is told nothing.
    thread::Builder::new().spawn(move || sender.send(child.wait_with_output()))?;
    receiver.recv_timeout(time).unwrap_or_else(|_| {
        if let Some(group) = group {
            // It may have ended at this moment.
            let _ = kill_process_group(group, Signal::KILL);
        }
        Err(io::Error::new(
            io::ErrorKind::TimedOut,
            format!("no answer within {} s", time.as_secs()),
        ))
    })
}

/// How long a directory may take: a build waits for a queue's as well.
const OF_A_DIRECTORY: Duration = Duration::from_secs(5);

/// Lists a directory, and asks for its file system, of which nothing is remembered.
const ASK: &str = "ls -U -- \"$1\" && stat --file-system -- \"$1\"";

/// Sees whether a directory answers, whatever it says: that it is not there is an answer. Who asks a
/// file system of another machine may wait for ever, where no signal reaches it. So a child asks, which
/// is left alone then.
///
/// # Errors
///
/// If it does not answer.
pub(super) fn directory(path: &Utf8Path) -> io::Result<()> {
    let mut ask = Command::new("sh");
    ask.args(["-c", ASK, "sh", path.as_str()]);
    match run(&mut ask, OF_A_DIRECTORY) {
        Err(error) if error.kind() == io::ErrorKind::TimedOut => Err(error),
        Err(_) | Ok(_) => Ok(()),
    }
}

/// What it prints, if it succeeds.
///
/// # Errors
///
/// If it cannot be started, fails or takes too long.
pub(super) fn answer(program: &str, arguments: &[&str]) -> io::Result<String> {
    let output = run(
        Command::new(program)
            .args(arguments)
            .env("LC_ALL", "C.UTF-8"),
        TIME,
    )?;
    match output.status.success() {
        true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        false => Err(io::Error::other(said(&output))),
    }
}

/// What a program that failed said last.
pub(super) fn said(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr);
    let last = text.lines().rev().find(|line| !line.trim().is_empty());
    last.map_or_else(|| output.status.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_end_is_ended_with_all_that_it_started() {
        let script = "sleep 1000 & wait";
        let time = Duration::from_millis(50);
        let error = run(Command::new("sh").args(["-c", script]), time).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }

    #[test]
    fn what_a_program_says_last_is_why_it_failed() {
        let error = answer(
            "sh",
            &["-c", "echo first >&2; echo why >&2; echo >&2; exit 3"],
        );
        assert_eq!(error.unwrap_err().to_string(), "why");
        assert_eq!(answer("sh", &["-c", "echo yes"]).unwrap(), "yes\n");
        let error = answer("sh", &["-c", "exit 3"]).unwrap_err();
        assert_eq!(error.to_string(), "exit status: 3");
    }
}
