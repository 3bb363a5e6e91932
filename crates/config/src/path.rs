//! Which paths a setting may name.

use camino::{Utf8Path, Utf8PathBuf};

use crate::fault::Fault;

/// Reads an absolute path and drops superfluous slashes.
pub(crate) fn parse(text: &str) -> Result<Utf8PathBuf, Fault> {
    check(Utf8Path::new(text))?;
    // Most are written plainly, and taking them apart is what costs most about reading them.
    match text.contains("//") || text.ends_with('/') {
        true => Ok(Utf8Path::new(text).components().collect()),
        false => Ok(text.into()),
    }
}

/// Refuses what means another place to another reader: relative paths, `.` and `..` (which a
/// link may turn elsewhere), and characters that break lists of paths.
pub(crate) fn check(path: &Utf8Path) -> Result<(), Fault> {
    let text = path.as_str();
    if text.is_empty() {
        Err(Fault::new("the path is empty"))
    } else if text.contains(['\n', '\r', '\0']) {
        Err(Fault::new("the path has a line end or a NUL in it"))
    } else if !path.is_absolute() {
        Err(Fault::new("the path is not absolute").hint(absolute_hint(text)))
    } else if text.split('/').any(|part| matches!(part, "." | "..")) {
        Err(Fault::new("the path has a `.` or `..` in it").hint("write the path without them"))
    } else {
        Ok(())
    }
}

fn absolute_hint(text: &str) -> &'static str {
    match text.chars().next() {
        Some('~' | '$') => "neither `~` nor variables are expanded; begin the path with `/`",
        _ => "begin the path with `/`",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_absolute_paths_pass() {
        assert_eq!(parse("/a//b/").unwrap(), "/a/b");
        assert_eq!(parse("/a//b/").unwrap().as_str(), "/a/b");
        assert_eq!(parse("/").unwrap().as_str(), "/");
        for bad in ["", "a", "~/a", "/a/./b", "/a/..", "/a\nb", "/a\0"] {
            assert!(parse(bad).is_err(), "{bad:?}");
        }
    }
}
