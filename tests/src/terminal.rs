//! A real terminal, and what stands on it.

use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use camino::Utf8PathBuf;

use crate::nix::Nix;
use crate::planted;
use crate::run::Run;
use crate::wait::{DEADLINE, wait_for};

/// A window of tmux in which one command runs. Dropping it closes the window.
#[derive(Debug)]
pub struct Terminal {
    socket: Utf8PathBuf,
}

/// What a [`Terminal`] shows when the command has ended, before the exit code.
const END: &str = "exit code: ";
/// What stands on it already, in twenty lines. When a window gets narrower, tmux moves as many of its first
/// lines to its history as there are more, and a bar in the very first one is beyond everybody's reach then.
const BEFORE: &str = "before";

impl Terminal {
    /// Runs `command` in a window of so many columns, and stays open when it has ended.
    #[track_caller]
    pub fn run(nix: &Nix, command: &Command, columns: usize) -> Terminal {
        // Short, and of no other terminal of this Nix.
        let number = fastrand::u32(..);
        let terminal = Terminal {
            socket: nix.dir().join(format!("tty-{number:x}")),
        };
        let script = nix.script(&format!("in-tty-{number:x}"), &script(command));
        let size = ["-x", &columns.to_string(), "-y", "30"].map(str::to_owned);
        let mut tmux = Command::new("tmux");
        // What is in the environment of the command is in no file.
        tmux.env_clear().current_dir(nix.dir());
        for (name, value) in command.get_envs() {
            tmux.envs(value.map(|value| (name, value)));
        }
        tmux.args(["-u", "-f", "/dev/null", "-S", terminal.socket.as_str()])
            .args(["new-session", "-d"])
            .args(size)
            .arg(script)
            .run()
            .success();
        terminal
    }

    #[track_caller]
    fn tmux(&self, arguments: &[&str]) -> String {
        let mut command = Command::new("tmux");
        command.args(["-u", "-S", self.socket.as_str()]);
        command.args(arguments).run().success().stdout
    }

    /// The lines that it shows, without empty ones.
    #[track_caller]
    pub fn lines(&self) -> Vec<String> {
        lines(&self.tmux(&["capture-pane", "-p"]))
    }

    /// All lines that it showed and that were not removed, each as a whole.
    #[track_caller]
    pub fn all_lines(&self) -> Vec<String> {
        lines(&self.tmux(&["capture-pane", "-p", "-J", "-S", "-"]))
    }

    /// What it shows, with colours as escape sequences.
    #[track_caller]
    pub fn coloured(&self) -> String {
        self.tmux(&["capture-pane", "-p", "-e"])
    }

    /// Gives it another width.
    #[track_caller]
    pub fn resize(&self, columns: usize) {
        self.tmux(&["resize-window", "-x", &columns.to_string()]);
    }

    /// Presses a key, such as `C-c`.
    #[track_caller]
    pub fn press(&self, key: &str) {
        self.tmux(&["send-keys", key]);
    }

    /// Whether it shows its cursor.
    #[track_caller]
    pub fn shows_its_cursor(&self) -> bool {
        self.tmux(&["display-message", "-p", "#{cursor_flag}"])
            .trim()
            == "1"
    }

    /// Waits until it shows lines such as these, and returns them.
    #[track_caller]
    pub fn wait_until_it_shows(
        &self,
        what: &str,
        condition: impl Fn(&[String]) -> bool,
    ) -> Vec<String> {
        let begun = Instant::now();
        loop {
            let lines = self.lines();
            if condition(&lines) {
                return lines;
            }
            let has_ended = lines.iter().any(|line| line.starts_with(END));
            let is_over = has_ended || begun.elapsed() > DEADLINE;
            assert!(!is_over, "it did not show {what}: {lines:#?}");
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits until the command has ended, and returns the exit code and the lines before it.
    #[track_caller]
    pub fn wait(&self) -> (i32, Vec<String>) {
        wait_for("the end of the command", || {
            let mut lines = self.all_lines();
            let end = lines.iter().position(|line| line.starts_with(END))?;
            let code = lines[end].strip_prefix(END)?.parse().ok()?;
            assert_eq!(end + 1, lines.len(), "something follows: {lines:#?}");
            lines.truncate(end);
            Some((code, lines))
        })
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let mut command = Command::new("tmux");
        command
            .args(["-S", self.socket.as_str(), "kill-server"])
            .run();
    }
}

fn lines(text: &str) -> Vec<String> {
    planted::shows_none(text);
    let lines = text.lines().map(|line| line.trim_end().to_owned());
    let is_told = |line: &String| !line.is_empty() && line != BEFORE;
    lines.filter(is_told).collect()
}

/// A shell that lives on when the command is interrupted, and longer than it.
fn script(command: &Command) -> String {
    let quoted = |text: &std::ffi::OsStr| {
        let text = text.to_str().expect("UTF-8");
        format!("'{}' ", text.replace('\'', r"'\''"))
    };
    // All else it has from tmux.
    let term = command.get_envs().find(|(name, _)| *name == "TERM");
    let term = term.and_then(|(_, value)| Some(format!("TERM={}", quoted(value?))));
    let program = std::iter::once(command.get_program()).chain(command.get_args());
    format!(
        "trap : INT\nfor i in 1 2 3 4; do for j in 1 2 3 4 5; do echo {BEFORE}; done; done\n{}{}\necho \"{END}$?\"\nexec cat",
        term.unwrap_or_default(),
        program.map(quoted).collect::<String>(),
    )
}
