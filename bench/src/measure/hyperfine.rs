//! Wall time, by hyperfine.

use std::fs;

use camino::Utf8PathBuf;
use serde::Deserialize;

use crate::stage::Stage;

/// A command that is timed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Timed {
    /// The program and its arguments, without blanks in them.
    pub(crate) words: Vec<String>,
    /// Variables beside those of every command of the stage.
    pub(crate) variables: Vec<(&'static str, String)>,
    /// A program that runs before each run, and is not timed.
    pub(crate) prepare: Option<Utf8PathBuf>,
    /// What stands on standard input.
    pub(crate) input: Option<Utf8PathBuf>,
    /// The exit code of each run.
    pub(crate) exit_code: i32,
}

impl Timed {
    /// A command that succeeds.
    pub(crate) fn new(words: impl IntoIterator<Item = impl Into<String>>) -> Timed {
        Timed {
            words: words.into_iter().map(Into::into).collect(),
            ..Timed::default()
        }
    }

    /// With a variable.
    pub(crate) fn env(mut self, name: &'static str, value: impl Into<String>) -> Timed {
        self.variables.push((name, value.into()));
        self
    }

    /// With a program to run before each run.
    pub(crate) fn prepared_by(mut self, program: &Utf8PathBuf) -> Timed {
        self.prepare = Some(program.clone());
        self
    }
}

#[derive(Deserialize)]
struct Export {
    results: Vec<Timings>,
}

/// What some runs of a command took.
#[derive(Deserialize)]
pub(crate) struct Timings {
    /// Wall time of each, in seconds.
    pub(crate) times: Vec<f64>,
    user: f64,
    system: f64,
    exit_codes: Vec<Option<i32>>,
}

impl Timings {
    /// The mean of the time that processors spent on it and on what it started, in seconds.
    pub(crate) fn cpu(&self) -> f64 {
        self.user + self.system
    }
}

/// What each of `runs` runs took.
///
/// # Panics
///
/// If one ends with another exit code than it should.
#[track_caller]
pub(crate) fn times(stage: &Stage, timed: &Timed, runs: usize) -> Timings {
    let export = stage.dir().join("hyperfine.json");
    let mut command = stage.command("hyperfine");
    command.args(["--shell=none", "--style=none", "--ignore-failure", "--runs"]);
    command.arg(runs.to_string());
    command.args(["--export-json", export.as_str()]);
    if let Some(prepare) = &timed.prepare {
        command.args(["--prepare", prepare.as_str()]);
    }
    if let Some(input) = &timed.input {
        command.args(["--input", input.as_str()]);
    }
    command.arg("--").arg(timed.words.join(" "));
    command.envs(timed.variables.iter().map(|(name, value)| (name, value)));
    super::run(&mut command);
    let text = fs::read_to_string(&export).expect("what hyperfine exports");
    let timings = parse(&text);
    let wanted = |code: &Option<i32>| *code == Some(timed.exit_code);
    assert!(
        timings.exit_codes.iter().all(wanted),
        "{:?} ended with {:?}",
        timed.words.first(),
        timings.exit_codes
    );
    timings
}

#[track_caller]
fn parse(text: &str) -> Timings {
    let export: Export = serde_json::from_str(text).expect("JSON of hyperfine");
    let [timings] = <[Timings; 1]>::try_from(export.results)
        .unwrap_or_else(|results| panic!("{} results of one command", results.len()));
    timings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_run_has_its_time_and_its_exit_code() {
        let text = r#"{ "results": [ { "command": "true", "mean": 0.001, "stddev": null, "median": 0.001,
            "user": 0.25, "system": 0.5, "min": 0.0005, "max": 0.0015,
            "times": [0.0005, 0.0015], "exit_codes": [0, 75] } ] }"#;
        let timings = parse(text);
        assert_eq!(timings.times, [0.0005, 0.0015]);
        assert_eq!(timings.cpu(), 0.75);
        assert_eq!(timings.exit_codes, [Some(0), Some(75)]);
    }
}
