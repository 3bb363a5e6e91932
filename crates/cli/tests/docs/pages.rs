//! The pages, and the blocks in them.

use std::fs;

use camino::{Utf8Path, Utf8PathBuf};

const PLACES: [&str; 4] = [".", "docs", "contrib", "nixos"];

/// A page, by its path within the checkout.
pub struct Page {
    pub file: String,
    pub text: String,
}

/// What stands between two fences.
pub struct Block {
    pub language: String,
    pub text: String,
    /// `docs/tuning.md:12`
    pub place: String,
}

pub fn root() -> Utf8PathBuf {
    let crate_root = Utf8Path::new(env!("CARGO_MANIFEST_DIR"));
    crate_root.join("../..").canonicalize_utf8().unwrap()
}

pub fn read(file: &str) -> String {
    fs::read_to_string(root().join(file)).unwrap()
}

/// All that people read to use the programs: Markdown at the top, and all of it below `docs` and
/// `contrib`.
pub fn pages() -> Vec<Page> {
    let mut files = Vec::new();
    for place in PLACES {
        collect(&root().join(place), place != ".", &mut files);
    }
    let page = |path: Utf8PathBuf| {
        let file = path.strip_prefix(root()).unwrap().to_string();
        let text = read(&file);
        Page { file, text }
    };
    files.into_iter().map(page).collect()
}

fn collect(directory: &Utf8Path, deeper: bool, files: &mut Vec<Utf8PathBuf>) {
    for entry in directory.read_dir_utf8().unwrap() {
        let entry = entry.unwrap();
        let path = root().join(entry.path().strip_prefix(root()).unwrap_or(entry.path()));
        if entry.file_type().unwrap().is_dir() {
            if deeper {
                collect(&path, true, files);
            }
        } else if path.extension() == Some("md") {
            files.push(path);
        }
    }
}

impl Page {
    pub fn blocks(&self) -> Vec<Block> {
        let mut blocks: Vec<Block> = Vec::new();
        let mut inside = false;
        for (number, line) in self.text.lines().enumerate() {
            match line.trim().strip_prefix("```") {
                Some(language) if !inside => {
                    inside = true;
                    blocks.push(Block {
                        language: language.to_owned(),
                        text: String::new(),
                        place: format!("{}:{}", self.file, number + 1),
                    });
                }
                Some(_) => inside = false,
                None if inside => {
                    let block = blocks.last_mut().unwrap();
                    block.text.push_str(line);
                    block.text.push('\n');
                }
                None => {}
            }
        }
        assert!(!inside, "{}: a block does not end", self.file);
        blocks
    }
}
