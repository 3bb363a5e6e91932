//! Pages of the documentation.

use std::fs;

/// A page of the checkout: `docs/destinations.md`.
///
/// # Panics
///
/// If there is none.
#[track_caller]
pub fn page(file: &str) -> String {
    let path = format!("{}/../../{file}", env!("CARGO_MANIFEST_DIR"));
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// What stands between two texts of a page.
///
/// # Panics
///
/// If they do not stand there.
#[track_caller]
pub fn between<'p>(page: &'p str, from: &str, to: &str) -> &'p str {
    page.split_once(from)
        .and_then(|(_, rest)| rest.split_once(to))
        .map(|(section, _)| section)
        .unwrap_or_else(|| panic!("nothing between {from:?} and {to:?}"))
}

/// The blocks of a language in a part of a page, without what they are indented by.
pub fn blocks(text: &str, language: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut inside: Option<String> = None;
    let mut indented = "";
    for line in text.lines() {
        match (line.trim().strip_prefix("```"), &mut inside) {
            (Some(begun), None) => {
                indented = &line[..line.len() - line.trim_start().len()];
                inside = Some(String::new());
                if begun != language {
                    inside = Some("\0".to_owned());
                }
            }
            (Some(_), Some(_)) => {
                blocks.extend(inside.take().filter(|text| !text.starts_with('\0')))
            }
            (None, Some(block)) => {
                block.push_str(line.strip_prefix(indented).unwrap_or(line));
                block.push('\n');
            }
            (None, None) => {}
        }
    }
    blocks
}
