//! What the map of the code names is there, and it has what is there.

use std::fs;

use globset::Glob;

use super::pages::{self, root};

/// Pages that name files and types.
const PAGES: [&str; 2] = ["ARCHITECTURE.md", "DECISIONS.md"];
/// Where these are, from the top of the checkout.
const PLACES: [&str; 7] = [
    "crates", "nixos", "contrib", "docs", "tests", "bench", "demo",
];

/// All files and directories, from the top of the checkout; directories end with a slash.
fn files() -> Vec<String> {
    let mut found = Vec::new();
    for place in PLACES {
        list(place, &mut found);
    }
    found
}

fn list(directory: &str, found: &mut Vec<String>) {
    found.push(format!("{directory}/"));
    for entry in root().join(directory).read_dir_utf8().unwrap() {
        let entry = entry.unwrap();
        let path = format!("{directory}/{}", entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => list(&path, found),
            false => found.push(path),
        }
    }
}

/// What stands in code in a text, and below which heading: `crates/cli` of ``### `crates/cli` ``.
fn spans(text: &str) -> Vec<(String, String)> {
    let mut section = String::new();
    let mut inside = false;
    let mut spans = Vec::new();
    for line in text.lines() {
        if line.starts_with("```") {
            inside = !inside;
        }
        if line.starts_with('#') {
            section = line.split('`').nth(1).unwrap_or_default().to_owned();
        }
        let code = line.split('`').skip(1).step_by(2);
        let code = code.filter(|_| !inside && !line.starts_with('#'));
        spans.extend(code.map(|code| (section.clone(), code.to_owned())));
    }
    spans
}

/// Whether it names a file or a directory of ours, by how it ends.
fn is_file(code: &str) -> bool {
    let ends = [".rs", ".nix", ".toml", ".json", "/"];
    let is_plain = !code.contains([' ', '<', '~', '=', '\'']) && !code.starts_with(['/', '.']);
    is_plain && ends.iter().any(|end| code.ends_with(end)) && !code.contains("://")
}

fn is_type(code: &str) -> bool {
    let first = code.split("::").next().unwrap_or_default();
    let has_small = first.contains(char::is_lowercase);
    has_small && first.starts_with(char::is_uppercase) && first.chars().all(char::is_alphanumeric)
}

#[test]
fn each_file_that_the_map_names_is_there() {
    let files = files();
    let is_there = |pattern: &str| {
        let glob = Glob::new(pattern).unwrap().compile_matcher();
        files.iter().any(|file| glob.is_match(file))
    };
    let mut tried = 0;
    for page in PAGES {
        for (section, code) in spans(&pages::read(page)) {
            if !is_file(&code) {
                continue;
            }
            let within = format!("{section}/**/{code}");
            let found = is_there(&code) || is_there(within.trim_start_matches('/'));
            assert!(found, "{page}: `{code}` below `{section}` is not there");
            tried += 1;
        }
    }
    assert!(tried > 150, "{tried}");
}

#[test]
fn each_type_that_the_map_names_is_one() {
    let sources = files().into_iter().filter(|file| file.ends_with(".rs"));
    let sources: String = sources
        .map(|file| fs::read_to_string(root().join(file)).unwrap())
        .collect();
    let kinds = ["struct ", "enum ", "trait ", "type "];
    let mut tried = 0;
    for page in PAGES {
        for (_, code) in spans(&pages::read(page)) {
            if !is_type(&code) {
                continue;
            }
            let mut parts = code.split("::");
            let name = parts.next().unwrap_or_default();
            let is_one = kinds
                .iter()
                .any(|kind| has_word(&sources, &format!("{kind}{name}")));
            assert!(is_one, "{page}: there is no type `{name}`");
            for part in parts {
                assert!(has_word(&sources, part), "{page}: there is no `{code}`");
            }
            tried += 1;
        }
    }
    assert!(tried > 15, "{tried}");
}

fn has_word(text: &str, word: &str) -> bool {
    let goes_on = |c: char| c.is_alphanumeric() || c == '_';
    let mut ends = text.match_indices(word).map(|(at, _)| at + word.len());
    ends.any(|end| !text[end..].starts_with(goes_on))
}

#[test]
fn each_source_file_of_the_programs_is_on_the_map() {
    let map = spans(&pages::read("ARCHITECTURE.md"));
    let mut lacking = Vec::new();
    for name in ["queue-core", "nix-copy", "config", "cli"] {
        let section = format!("crates/{name}");
        for entry in root().join(&section).join("src").read_dir_utf8().unwrap() {
            let path = entry.unwrap().into_path();
            let file = path.file_name().unwrap_or_default();
            let is_named = |code: &str| {
                map.iter()
                    .any(|span| *span == (section.clone(), code.to_owned()))
            };
            let named = is_named(file) || is_named(&format!("{file}/"));
            // What lies in a directory beside a file is its parts.
            let is_part = path.is_dir() && path.with_extension("rs").exists();
            if !named && !is_part && !["lib.rs", "fuzz.rs", "bin"].contains(&file) {
                lacking.push(format!("{section}/src/{file}"));
            }
        }
    }
    assert!(
        lacking.is_empty(),
        "ARCHITECTURE.md has no row for {lacking:?}"
    );
}
