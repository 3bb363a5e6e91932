//! Running a program to its end, with pipes or on a terminal.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::process::{Child, Command, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use crate::stage::Stage;

/// Only what hangs takes as long.
const DEADLINE: Duration = Duration::from_secs(30);

/// How much memory a run may take, in bytes: none needs it all, whatever it reads.
const MEMORY: u32 = 1 << 30;

/// What a run left.
pub struct Ran {
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
    /// `None` if a signal ended it, or it had to be ended.
    pub code: Option<i32>,
    pub hung: bool,
}

fn command(stage: &Stage, program: &str, line: &[&str]) -> Command {
    // A shell would drop variables whose names it does not like.
    let mut command = Command::new("/usr/bin/prlimit");
    command.arg(format!("--as={MEMORY}")).arg("--").arg(program);
    command.args(line).args(&stage.arguments);
    command.env_clear().current_dir(stage.root());
    command.envs(stage.variables.iter().map(|(name, value)| (name, value)));
    command
}

/// With a pipe on each of the three streams.
pub fn with_pipes(stage: &Stage, program: &str, line: &[&str]) -> Ran {
    let mut child = command(stage, program, line)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let (mut stdin, input) = (child.stdin.take().unwrap(), stage.stdin.clone());
    // One that does not read may be gone already.
    let writer = thread::spawn(move || drop(stdin.write_all(&input)));
    let stdout = reader(child.stdout.take().unwrap());
    let stderr = reader(child.stderr.take().unwrap());
    let (code, hung) = wait(&mut child);
    writer.join().unwrap();
    Ran {
        stdout: stdout.join().unwrap(),
        stderr: stderr.join().unwrap(),
        code,
        hung,
    }
}

/// With a terminal on standard output and error: both are in `stdout`. Standard input is a file.
pub fn on_a_terminal(stage: &Stage, program: &str, line: &[&str]) -> Ran {
    let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&terminal).unwrap();
    unlockpt(&terminal).unwrap();
    let name = ptsname(&terminal, Vec::new()).unwrap();
    let open = || {
        let options = File::options()
            .read(true)
            .write(true)
            .open(name.to_str().unwrap());
        OwnedFd::from(options.unwrap())
    };
    let mut input = tempfile::tempfile().unwrap();
    input.write_all(&stage.stdin).unwrap();
    std::io::Seek::rewind(&mut input).unwrap();
    let mut command = command(stage, program, line);
    command
        .env("TERM", "xterm")
        .stdin(input)
        .stdout(open())
        .stderr(open());
    let mut child = command.spawn().unwrap();
    // Its copies of the terminal's other side would keep that open.
    drop(command);
    let output = reader(File::from(terminal));
    let (code, hung) = wait(&mut child);
    Ran {
        stdout: output.join().unwrap(),
        stderr: Vec::new(),
        code,
        hung,
    }
}

fn reader(mut from: impl Read + Send + 'static) -> JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        // A terminal ends with an error instead of an end of file.
        let _ = from.read_to_end(&mut bytes);
        bytes
    })
}

fn wait(child: &mut Child) -> (Option<i32>, bool) {
    let begun = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return (status.code(), false);
        }
        if begun.elapsed() > DEADLINE {
            child.kill().unwrap();
            child.wait().unwrap();
            return (None, true);
        }
        thread::sleep(Duration::from_millis(2));
    }
}
