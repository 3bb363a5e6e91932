//! What lies in a directory, to see whether it was changed.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;

use camino::{Utf8Path, Utf8PathBuf};

/// Everything below a directory, and what it is: kind, mode, where a link points, size and time of
/// a file. What lies at or below one of `except` is left out. Two of them are equal if nothing was
/// made, removed or changed in between.
pub fn tree(dir: &Utf8Path, except: &[&Utf8Path]) -> BTreeMap<Utf8PathBuf, String> {
    let mut found = BTreeMap::new();
    collect(dir, except, &mut found);
    found
}

fn collect(dir: &Utf8Path, except: &[&Utf8Path], found: &mut BTreeMap<Utf8PathBuf, String>) {
    for entry in dir.read_dir_utf8().expect("readdir") {
        let path = entry.expect("readdir").into_path();
        if except.iter().any(|left_out| path.starts_with(left_out)) {
            continue;
        }
        let metadata = fs::symlink_metadata(&path).expect("lstat");
        let mode = metadata.mode();
        let what = if metadata.is_symlink() {
            format!(
                "link to {}",
                fs::read_link(&path).expect("readlink").display()
            )
        } else if metadata.is_dir() {
            collect(&path, except, found);
            format!("directory {mode:o}")
        } else {
            let (size, seconds, nanoseconds) =
                (metadata.size(), metadata.mtime(), metadata.mtime_nsec());
            format!("{mode:o} {size} {seconds}.{nanoseconds:09}")
        };
        found.insert(path, what);
    }
}
