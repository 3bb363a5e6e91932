//! What each version of Nix was recorded to say when a copy failed is found on the page.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::path::PathBuf;

use messages::{Pattern, page};
use serde_json::Value;

fn below(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(path)
}

/// The samples of copies that failed, of all versions.
fn samples() -> Vec<PathBuf> {
    let list = |dir: PathBuf| {
        fs::read_dir(dir)
            .unwrap()
            .map(|entry| entry.unwrap().path())
    };
    let versions = list(below("crates/nix-copy/tests/samples")).filter(|path| path.is_dir());
    let is_copy = |path: &PathBuf| {
        let name = path.file_name().unwrap().to_str().unwrap();
        // Those of `nix store verify` are read line by line, and not passed on.
        name.ends_with(".txt") && !name.starts_with("verify-")
    };
    versions.flat_map(list).filter(is_copy).collect()
}

/// The last error of a sample, as it is passed on.
fn last_error(sample: &str) -> Option<String> {
    let said = |line: &str| serde_json::from_str::<Value>(line.strip_prefix("@nix ")?).ok();
    let mut errors = sample.lines().filter_map(said).filter_map(|said| {
        let is_error = said["action"] == "msg" && said["level"] == 0;
        is_error.then(|| without_colours(said["msg"].as_str().unwrap_or_default()))
    });
    errors.rfind(|text| text.starts_with("error:"))
}

fn without_colours(text: &str) -> String {
    let mut parts = text.split("\u{1b}[");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |plain, part| {
        plain + part.split_once('m').map_or(part, |(_, rest)| rest)
    })
}

#[test]
fn the_errors_of_each_version_are_on_the_page() {
    let text = fs::read_to_string(below("docs/troubleshooting.md")).unwrap();
    let (_, text) = text.split_once("\n## What Nix says\n").unwrap();
    let text = text.split("\n## ").next().unwrap();
    let entries = page::entries(text);
    let patterns: Vec<Pattern> = entries
        .iter()
        .map(|entry| Pattern::of(&entry.text, false))
        .collect();
    let said: Vec<_> = samples()
        .into_iter()
        .filter_map(|sample| {
            let error = last_error(&fs::read_to_string(&sample).unwrap())?;
            // Stopped by us, and never passed on.
            (!sample.ends_with("interrupted.txt")).then_some((sample, error))
        })
        .collect();
    assert!(said.len() > 80, "{}", said.len());
    let is_there = |error: &str| {
        patterns
            .iter()
            .any(|pattern| pattern.find(error, 0).is_some())
    };
    let lacking = said.iter().filter(|(_, error)| !is_there(error));
    let told: Vec<_> = lacking
        .map(|(sample, error)| format!("{}: {error}", sample.display()))
        .collect();
    assert!(
        told.is_empty(),
        "docs/troubleshooting.md lacks\n{}",
        told.join("\n")
    );
}
