//! The source files of the product.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use syn::{Attribute, Item, Meta};

/// The crates that the programs are made of.
const CRATES: &[&str] = &["cli", "config", "nix-copy", "ownership", "queue-core"];

/// One file.
#[derive(Clone)]
pub struct Source {
    /// Its path, from the directory of all crates.
    pub name: String,
    /// What it holds.
    pub syntax: syn::File,
}

impl Source {
    /// Of a text.
    ///
    /// # Errors
    ///
    /// If it is no Rust.
    pub fn parse(name: impl Into<String>, text: &str) -> Result<Self, String> {
        let name = name.into();
        let failed = |error| format!("{name}: {error}");
        let syntax = syn::parse_file(text).map_err(failed)?;
        Ok(Self { name, syntax })
    }
}

/// All files of the product; what is compiled for tests alone is left out.
///
/// # Errors
///
/// If one cannot be read or is no Rust.
pub fn product() -> Result<Vec<Source>, String> {
    let home = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut files = Vec::new();
    for name in CRATES {
        list(&home.join(name).join("src"), &mut files)?;
    }
    let mut sources = Vec::new();
    let mut tests = BTreeSet::new();
    for file in files {
        let source = read(&home, &file)?;
        tests.extend(test_modules(Path::new(&source.name), &source.syntax));
        sources.push(source);
    }
    sources.retain(|source| {
        !tests
            .iter()
            .any(|module| is_of(Path::new(&source.name), module))
    });
    Ok(sources)
}

fn is_of(file: &Path, module: &Path) -> bool {
    file.starts_with(module) || file.with_extension("") == module
}

fn list(dir: &Path, found: &mut Vec<PathBuf>) -> Result<(), String> {
    let failed = |error| format!("{}: {error}", dir.display());
    let mut entries: Vec<PathBuf> = fs::read_dir(dir)
        .and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect())
        .map_err(failed)?;
    entries.sort();
    for path in entries {
        if path.is_dir() {
            list(&path, found)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    Ok(())
}

fn read(home: &Path, file: &Path) -> Result<Source, String> {
    let name = file
        .strip_prefix(home)
        .unwrap_or(file)
        .display()
        .to_string();
    let text = fs::read_to_string(file).map_err(|error| format!("{name}: {error}"))?;
    Source::parse(name, &text)
}

/// The modules in files of their own that are for tests alone, without the extension.
fn test_modules(file: &Path, syntax: &syn::File) -> Vec<PathBuf> {
    let is_root = ["lib", "main", "mod"]
        .iter()
        .any(|name| file.file_stem().is_some_and(|stem| stem == *name));
    let dir = match is_root {
        true => file.with_file_name(""),
        false => file.with_extension(""),
    };
    let modules = syntax.items.iter().filter_map(|item| match item {
        Item::Mod(module) if module.content.is_none() && for_tests(&module.attrs) => {
            Some(dir.join(module.ident.to_string()))
        }
        _ => None,
    });
    modules.collect()
}

/// Whether something is compiled for tests alone.
pub(crate) fn for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let Meta::List(list) = &attribute.meta else {
            return attribute.path().is_ident("test");
        };
        let words = list.tokens.to_string();
        let has = |word: &str| {
            words
                .split(|c: char| !c.is_alphanumeric() && c != '_')
                .any(|found| found == word)
        };
        list.path.is_ident("cfg") && (has("test") || has("testing")) && !has("not")
    })
}
