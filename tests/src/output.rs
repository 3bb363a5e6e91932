//! What a command printed, and how it ended.

use std::fmt;

/// What a finished command left behind. Its assertions return it, so that they chain.
#[derive(Clone, Debug)]
pub struct Output {
    /// The command line, for messages.
    pub command: String,
    /// The exit code; 128 plus the signal's number if a signal ended it, as a shell says it.
    pub code: i32,
    /// Everything written to standard output.
    pub stdout: String,
    /// Everything written to standard error.
    pub stderr: String,
}

impl Output {
    /// Asserts exit code 0.
    #[track_caller]
    pub fn success(self) -> Output {
        self.exits(0)
    }

    /// Asserts an exit code.
    #[track_caller]
    pub fn exits(self, code: i32) -> Output {
        assert!(self.code == code, "expected exit code {code}\n{self}");
        self
    }

    /// Asserts any exit code but 0.
    #[track_caller]
    pub fn fails(self) -> Output {
        assert!(self.code != 0, "expected a failure\n{self}");
        self
    }

    /// Asserts that standard output contains `text`.
    #[track_caller]
    pub fn stdout_has(self, text: impl AsRef<str>) -> Output {
        let text = text.as_ref();
        assert!(
            self.stdout.contains(text),
            "expected on stdout: {text}\n{self}"
        );
        self
    }

    /// Asserts that standard output does not contain `text`.
    #[track_caller]
    pub fn stdout_lacks(self, text: impl AsRef<str>) -> Output {
        let text = text.as_ref();
        assert!(
            !self.stdout.contains(text),
            "not expected on stdout: {text}\n{self}"
        );
        self
    }

    /// Asserts that standard error contains `text`.
    #[track_caller]
    pub fn stderr_has(self, text: impl AsRef<str>) -> Output {
        let text = text.as_ref();
        assert!(
            self.stderr.contains(text),
            "expected on stderr: {text}\n{self}"
        );
        self
    }

    /// Asserts that standard error does not contain `text`.
    #[track_caller]
    pub fn stderr_lacks(self, text: impl AsRef<str>) -> Output {
        let text = text.as_ref();
        assert!(
            !self.stderr.contains(text),
            "not expected on stderr: {text}\n{self}"
        );
        self
    }

    /// Asserts that nothing was written.
    #[track_caller]
    pub fn is_silent(self) -> Output {
        let silent = self.stdout.is_empty() && self.stderr.is_empty();
        assert!(silent, "expected no output\n{self}");
        self
    }

    /// Asserts that nothing was written to standard error, but what is told of each batch of a push: no
    /// error, no warning.
    #[track_caller]
    pub fn without_complaint(self) -> Output {
        let complaints = self.stderr.lines().filter(|line| !is_progress(line));
        assert_eq!(complaints.count(), 0, "expected no message\n{self}");
        self
    }

    /// What is told of each batch of a push.
    pub fn progress(&self) -> Vec<&str> {
        self.stderr
            .lines()
            .filter(|line| is_progress(line))
            .collect()
    }

    /// Asserts that no hook said anything, in the output of a command that builds.
    #[track_caller]
    pub fn hook_was_silent(self) -> Output {
        self.stderr_lacks("post-build-hook: ")
    }

    /// The lines of standard output.
    pub fn lines(&self) -> Vec<String> {
        self.stdout.lines().map(String::from).collect()
    }

    /// Standard output as JSON.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("stdout is not JSON: {error}\n{self}"))
    }
}

impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "command: {}", self.command)?;
        writeln!(f, "exit code: {}", self.code)?;
        writeln!(f, "--- stdout\n{}", self.stdout.trim_end())?;
        write!(f, "--- stderr\n{}\n---", self.stderr.trim_end())
    }
}

/// `info: main: 3 of 3 entries delivered: …`
fn is_progress(line: &str) -> bool {
    let told = [" entry delivered", " entries delivered"];
    line.starts_with("info: ") && told.iter().any(|words| line.contains(words))
}
