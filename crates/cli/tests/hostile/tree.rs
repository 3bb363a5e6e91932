//! What lies where, to see that nothing was written.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Each path below a directory, but for those below `except`, with all that a write would change.
pub fn tree(root: &Path, except: &[PathBuf]) -> BTreeMap<PathBuf, String> {
    let mut found = BTreeMap::new();
    add(root, except, &mut found);
    found
}

fn add(path: &Path, except: &[PathBuf], found: &mut BTreeMap<PathBuf, String>) {
    if except.iter().any(|one| one == path) {
        return;
    }
    let data = fs::symlink_metadata(path).unwrap();
    let small = data.is_file() && data.len() < 4096;
    let what = format!(
        "mode {:o} of {}, {} bytes, written {}.{:09}, {:?}, {:?}",
        data.mode(),
        data.uid(),
        data.len(),
        data.mtime(),
        data.mtime_nsec(),
        fs::read_link(path).ok(),
        small.then(|| fs::read(path).unwrap())
    );
    found.insert(path.to_owned(), what);
    if data.is_dir() {
        for entry in fs::read_dir(path).unwrap() {
            add(&entry.unwrap().path(), except, found);
        }
    }
}
