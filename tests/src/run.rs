//! Running commands, with an end to a hang.

use std::io::{Read, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use crate::output::Output;
use crate::planted;

/// How long a command may take, until its output is closed. Only a hang takes as long.
const DEADLINE: Duration = Duration::from_secs(120);

/// Runs a [`Command`] to its [`Output`].
pub trait Run {
    /// Runs the command with nothing on standard input.
    ///
    /// It has ended when its standard output and error are closed, so a child that it leaves
    /// behind holding them counts as a hang.
    ///
    /// # Panics
    ///
    /// If it cannot be started, or hangs.
    fn run(&mut self) -> Output;

    /// Runs the command with `input` on standard input, otherwise like [`Run::run`].
    fn run_with_input(&mut self, input: &str) -> Output;

    /// Starts the command in a process group of its own, with nothing on standard input.
    fn start(&mut self) -> Running;
}

impl Run for Command {
    #[track_caller]
    fn run(&mut self) -> Output {
        self.start().wait()
    }

    #[track_caller]
    fn run_with_input(&mut self, input: &str) -> Output {
        let mut running = Running::new(self, Stdio::piped());
        let mut stdin = running.child.stdin.take().expect("stdin is a pipe");
        let input = input.to_owned();
        // A command that does not read all of it is no concern of the harness.
        thread::spawn(move || drop(stdin.write_all(input.as_bytes())));
        running.wait()
    }

    #[track_caller]
    fn start(&mut self) -> Running {
        Running::new(self, Stdio::null())
    }
}

/// A command that runs. Dropping it kills its process group.
#[derive(Debug)]
pub struct Running {
    child: Child,
    command: String,
    stdout: Capture,
    stderr: Capture,
}

impl Running {
    #[track_caller]
    fn new(command: &mut Command, stdin: Stdio) -> Running {
        let line = command_line(command);
        let mut child = command
            .process_group(0)
            .stdin(stdin)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start {line}: {error}"));
        let stdout = Capture::new(child.stdout.take().expect("stdout is a pipe"));
        let stderr = Capture::new(child.stderr.take().expect("stderr is a pipe"));
        Running {
            child,
            command: line,
            stdout,
            stderr,
        }
    }

    /// Its process id, which is its process group as well.
    pub fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// Whether it still runs.
    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().expect("try_wait").is_none()
    }

    /// Sends it, and only it, a signal.
    #[track_caller]
    pub fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).expect("kill");
    }

    /// What it has written to standard error so far.
    pub fn stderr_so_far(&self) -> String {
        self.stderr.text()
    }

    /// What it has written to standard output so far.
    pub fn stdout_so_far(&self) -> String {
        self.stdout.text()
    }

    /// Waits until it has ended and its output is closed.
    ///
    /// # Panics
    ///
    /// After two minutes, with what was written until then.
    #[track_caller]
    pub fn wait(mut self) -> Output {
        let start = Instant::now();
        let mut status = None;
        while start.elapsed() < DEADLINE {
            status = self.child.try_wait().expect("try_wait");
            if status.is_some() && self.stdout.is_closed() && self.stderr.is_closed() {
                break;
            }
            thread::sleep(Duration::from_millis(2));
        }
        let hangs = start.elapsed() >= DEADLINE;
        let output = Output {
            command: self.command.clone(),
            code: status.map_or(-1, exit_code),
            stdout: self.stdout.text(),
            stderr: self.stderr.text(),
        };
        planted::shows_none(&output.to_string());
        assert!(
            !hangs,
            "did not end, or left its output open, within {DEADLINE:?}\n{output}"
        );
        output
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // After its end this still finds the children it left in its group, if any.
        let _ = kill_process_group(self.pid(), Signal::KILL);
        let _ = self.child.wait();
    }
}

/// Collects what a pipe yields, on a thread of its own.
#[derive(Debug)]
struct Capture {
    bytes: Arc<Mutex<Vec<u8>>>,
    reader: JoinHandle<()>,
}

impl Capture {
    fn new(mut pipe: impl Read + Send + 'static) -> Capture {
        let bytes = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&bytes);
        let reader = thread::spawn(move || {
            let mut buffer = [0; 8192];
            while let Ok(n @ 1..) = pipe.read(&mut buffer) {
                sink.lock().expect("lock").extend_from_slice(&buffer[..n]);
            }
        });
        Capture { bytes, reader }
    }

    fn is_closed(&self) -> bool {
        self.reader.is_finished()
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes.lock().expect("lock")).into_owned()
    }
}

fn exit_code(status: ExitStatus) -> i32 {
    status
        .code()
        .unwrap_or_else(|| 128 + status.signal().unwrap_or(0))
}

fn command_line(command: &Command) -> String {
    let mut line = command.get_program().to_string_lossy().into_owned();
    for argument in command.get_args() {
        line.push_str(&format!(" {:?}", argument.to_string_lossy()));
    }
    line
}
