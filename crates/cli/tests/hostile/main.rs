//! Hostile names and values through every door: what is printed is harmless, nothing is written
//! beside the queue, and nothing panics or hangs. Each door has a file with its cases.

#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    reason = "a test may panic, and nobody else reads it"
)]

mod case;
mod rows;
mod run;
mod stage;
mod tree;

mod arguments;
mod config_file;
mod derivation;
mod drv_path;
mod ledger;
mod nix_says;
mod out_paths;
mod patterns;
mod queue_directory;
mod stdin;
mod surroundings;
mod variables;

use case::Case;

/// Every door, with the cases that go through it.
const DOORS: &[(&str, &[Case])] = &[
    ("OUT_PATHS", out_paths::CASES),
    ("DRV_PATH", drv_path::CASES),
    ("arguments", arguments::CASES),
    ("patterns", patterns::CASES),
    ("--stdin", stdin::CASES),
    ("the configuration file", config_file::CASES),
    ("variables", variables::CASES),
    (".drv files", derivation::CASES),
    ("the ledger", ledger::CASES),
    ("what nix prints", nix_says::CASES),
    ("the queue directory", queue_directory::CASES),
    ("what surrounds the queue", surroundings::CASES),
];

#[test]
fn there_are_at_least_a_hundred_and_each_has_a_name_of_its_own() {
    let mut names: Vec<_> = DOORS
        .iter()
        .flat_map(|(door, cases)| cases.iter().map(move |case| (door, case.name)))
        .collect();
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count);
    assert!(count >= 100, "{count}");
    figures::quoted("hostile inputs", count, "cases");
}
