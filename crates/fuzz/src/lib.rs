//! Any input for every parser.
//!
//! [`PARSERS`] lists what reads something that somebody else wrote. Each has a property test in
//! the file `src/fuzz.rs` of its crate, which calls [`fuzz`] by the parser's name. A source file that
//! begins to read anything has to be listed as well, with the parsers that are given it
//! (`tests/complete.rs`): whether they are all is seen by whoever lists it. `make test`
//! feeds each the same inputs every time; with `NPBP_TORTURE=1` it gets more, new ones each time.

mod mutate;

use std::fmt::Debug;

use figures::{figure, is_long};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseResult, TestError, TestRng, TestRunner};

pub use mutate::{Bytes, bytes_like, text, text_like};

/// How many inputs each parser gets in `make test`.
pub const SHORT: u32 = 2_000;

/// A parser that is fed any input.
#[derive(Debug)]
pub struct Parser {
    /// The directory of its crate, below `crates`.
    pub home: &'static str,
    /// Its name.
    pub name: &'static str,
    /// How many inputs it gets with `NPBP_TORTURE=1`.
    pub long: u32,
}

const fn parser(home: &'static str, name: &'static str, long: u32) -> Parser {
    Parser { home, name, long }
}

/// All parsers.
pub const PARSERS: &[Parser] = &[
    parser("queue-core", "store path", 1_000_000),
    parser("queue-core", "store directory", 1_000_000),
    parser("queue-core", "derivation", 1_000_000),
    parser("queue-core", "ledger", 200_000),
    parser("queue-core", "base 32", 1_000_000),
    parser("queue-core", "link of an entry", 100_000),
    parser("queue-core", "reason why a queue is closed", 100_000),
    parser("nix-copy", "line of internal-json", 1_000_000),
    parser("nix-copy", "message of nix", 200_000),
    parser("nix-copy", "answer of path-info", 1_000_000),
    parser("nix-copy", "sizes of a closure", 1_000_000),
    parser("nix-copy", "answer of store verify", 200_000),
    parser("nix-copy", "version of nix", 1_000_000),
    parser("nix-copy", "settings of nix", 1_000_000),
    parser("nix-copy", "list of settings", 1_000_000),
    parser("nix-copy", "roots of nix", 1_000_000),
    parser("nix-copy", "signatures of nix", 1_000_000),
    parser("nix-copy", "trust of a store", 1_000_000),
    parser("nix-copy", "lines of store paths", 1_000_000),
    parser("nix-copy", "lines of derivers", 1_000_000),
    parser("ownership", "map of user ids", 1_000_000),
    parser("config", "byte size", 1_000_000),
    parser("config", "configuration file", 50_000),
    parser("config", "duration", 1_000_000),
    parser("config", "store URI", 100_000),
    parser("config", "options for nix", 1_000_000),
    parser("config", "variables", 50_000),
    parser("cli", "hook variables", 1_000_000),
    parser("cli", "lines of standard input", 200_000),
    parser("cli", "pattern", 50_000),
    parser("cli", "arguments", 1_000_000),
    parser("cli", "printed text", 1_000_000),
    parser("cli", "filter of messages", 200_000),
    parser("cli", "line to complete", 200_000),
    parser("cli", "includes of nix.conf", 1_000_000),
    parser("cli", "words of a script", 1_000_000),
    parser("cli", "answers of systemd", 200_000),
    parser("cli", "findings of a doctor", 200_000),
    parser("cli", "user database", 1_000_000),
];

/// Checks that a property holds for whatever `strategy` makes, and prints for how many inputs it
/// did. A panic in `check` counts as a failure.
///
/// # Panics
///
/// If it does not hold, with the simplest input that was found.
#[allow(clippy::panic, reason = "it is the body of a test")]
pub fn fuzz<S: Strategy>(name: &str, strategy: S, check: impl Fn(S::Value) -> TestCaseResult)
where
    S::Value: Debug,
{
    let Some(parser) = PARSERS.iter().find(|parser| parser.name == name) else {
        panic!("`{name}` is not in PARSERS");
    };
    let cases = if is_long() { parser.long } else { SHORT };
    let config = Config {
        failure_persistence: None,
        max_shrink_time: 20_000,
        ..Config::with_cases(cases)
    };
    let mut runner = match is_long() {
        true => TestRunner::new(config),
        false => TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha)),
    };
    match runner.run(&strategy, check) {
        Ok(()) => figure(
            format_args!("inputs to the parser of {name}"),
            format_args!("{cases} inputs"),
        ),
        Err(TestError::Fail(why, input)) => panic!("{name}: {why}\ninput: {input:#?}"),
        Err(TestError::Abort(why)) => panic!("{name}: {why}"),
    }
}
