//! `make bench` and `make counts`. They only measure: a row that misses what it shall reach is said
//! to miss it.

mod counts;
mod machine;
mod measure;
mod quantity;
mod report;
mod row;
mod rows;
mod stage;
mod table;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use camino::Utf8PathBuf;

use crate::measure::Rounds;
use crate::row::{Measured, Row};

/// What all rows are measured with.
struct Bench {
    comparisons: Utf8PathBuf,
    quick: bool,
}

impl Bench {
    /// From the environment that `bench/run` makes.
    fn new() -> Bench {
        let comparisons = std::env::var("NPBP_COMPARISONS").expect("run bench/run");
        Bench {
            comparisons: comparisons.into(),
            quick: std::env::var_os("NPBP_BENCH_QUICK").is_some_and(|value| value == "1"),
        }
    }

    /// A program of `bench/comparisons`.
    fn comparison(&self, name: &str) -> Utf8PathBuf {
        self.comparisons.join(name)
    }

    /// So many, or fewer where it has to be quick.
    fn rounds(&self, rounds: usize, runs: usize) -> Rounds {
        let fewer = |n: usize| if self.quick { n.div_ceil(5) } else { n };
        Rounds {
            rounds: fewer(rounds),
            runs: fewer(runs),
        }
    }
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["--list"] => {
            rows::all().iter().for_each(|row| say(row.name));
            ExitCode::SUCCESS
        }
        ["--counts"] => tell_counts(counts::check(false)),
        ["--counts", "--update"] => tell_counts(counts::check(true)),
        _ => measure(&words),
    }
}

fn tell_counts((text, fine): (String, bool)) -> ExitCode {
    say(&text);
    if fine {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Measures rows, all if none is named, and tells of them.
fn measure(names: &[&str]) -> ExitCode {
    let known = rows::all();
    if let Some(unknown) = names
        .iter()
        .find(|&&name| known.iter().all(|row| row.name != name))
    {
        complain(&format!(
            "no row is called {unknown}; bench/run --list names them"
        ));
        return ExitCode::from(2);
    }
    let wanted = |row: &&Row| names.is_empty() || names.contains(&row.name);
    let bench = Bench::new();
    let mut lines = Vec::new();
    let mut broken = Vec::new();
    for row in known.iter().filter(wanted) {
        complain(&format!("measuring {}", row.name));
        match catch_unwind(AssertUnwindSafe(|| measure_one(row, &bench))) {
            Ok(measured) => lines.extend(table::lines(row, &measured)),
            // What was wrong stands on standard error.
            Err(_) => broken.push(row.name),
        }
    }
    say(&table::table(&lines));
    let missed: Vec<&str> = lines
        .iter()
        .filter(|line| !line.reached)
        .map(|line| line.work.as_str())
        .collect();
    if !missed.is_empty() {
        complain(&format!("not reached:\n  {}", missed.join("\n  ")));
    }
    if !broken.is_empty() {
        complain(&format!("could not be measured: {}", broken.join(", ")));
        return ExitCode::FAILURE;
    }
    if names.is_empty() {
        report::write(&known, &lines, &machine::describe(bench.quick));
    }
    ExitCode::SUCCESS
}

fn measure_one(row: &Row, bench: &Bench) -> Vec<Measured> {
    let measured = (row.measure)(bench);
    assert_eq!(measured.len(), row.aims.len(), "{}", row.name);
    measured
}

#[allow(clippy::print_stdout, reason = "the program's result")]
fn say(text: &str) {
    println!("{text}");
}

#[allow(clippy::print_stderr, reason = "the program's messages")]
fn complain(text: &str) {
    eprintln!("bench: {text}");
}
