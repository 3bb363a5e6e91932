//! Which entries somebody means: store paths, base names, globs for base names.

use camino::Utf8Path;
use globset::{Glob, GlobSet};
use queue_core::{StoreDir, StorePath};

use crate::error::CommandError;
use crate::exit_codes::Exit;
use crate::store_argument;

/// What picks entries.
pub(crate) enum Pick {
    /// Every entry.
    All,
    /// Those that one of the patterns fits.
    Some(Vec<Pattern>),
}

/// One argument of `retry` or `drop`.
pub(crate) struct Pattern {
    /// As it was given.
    pub text: String,
    kind: Kind,
}

enum Kind {
    Path(StorePath),
    Glob(GlobSet),
}

impl Pattern {
    /// Reads an argument.
    ///
    /// # Errors
    ///
    /// If it is neither a store path, nor leads to one, nor is a glob.
    pub(crate) fn parse(
        text: &str,
        cwd: &Utf8Path,
        store: &StoreDir,
    ) -> Result<Self, CommandError> {
        Ok(Self {
            text: text.to_owned(),
            kind: kind(text, cwd, store)?,
        })
    }

    /// Whether it fits an entry.
    #[must_use]
    pub(crate) fn fits(&self, path: &StorePath) -> bool {
        match &self.kind {
            Kind::Path(wanted) => wanted == path,
            Kind::Glob(glob) => glob.is_match(path.base_name()),
        }
    }
}

fn kind(text: &str, cwd: &Utf8Path, store: &StoreDir) -> Result<Kind, CommandError> {
    let store_prefix = format!("{store}/");
    let base_name = text.strip_prefix(&store_prefix).unwrap_or(text);
    if let Ok(path) = base_name.parse() {
        return Ok(Kind::Path(path));
    }
    if text.contains('/') && !base_name.contains(['*', '[', '{']) {
        return store_argument::resolve(text, cwd, store)
            .map(Kind::Path)
            .map_err(|error| {
                let shown = store_argument::shown(text);
                CommandError::new(Exit::Usage, format!("no entry can be `{shown}`"))
                    .caused_by(&error)
            });
    }
    // As a set of one: `Glob::compile_matcher` panics on a glob that is too large or too deep
    // (globset 0.4.18).
    let glob = Glob::new(base_name).and_then(|glob| GlobSet::builder().add(glob).build());
    let refused =
        |error| CommandError::new(Exit::Usage, format!("`{text}` is not a glob")).caused_by(&error);
    glob.map(Kind::Glob).map_err(refused)
}

impl Pick {
    /// Whether it picks an entry.
    #[must_use]
    pub(crate) fn picks(&self, path: &StorePath) -> bool {
        match self {
            Self::All => true,
            Self::Some(patterns) => patterns.iter().any(|pattern| pattern.fits(path)),
        }
    }

    /// The patterns that fit none of these entries.
    pub(crate) fn idle<'p>(&'p self, entries: &[StorePath]) -> Vec<&'p Pattern> {
        let patterns = match self {
            Self::All => &[][..],
            Self::Some(patterns) => patterns,
        };
        patterns
            .iter()
            .filter(|pattern| !entries.iter().any(|path| pattern.fits(path)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: &str = "v3ygr25lms4hdmxwa8h14sjv6km1l8cz-hello-2.12";

    fn fits(text: &str) -> bool {
        let store = StoreDir::new("/s").unwrap();
        let pattern = Pattern::parse(text, "/".into(), &store)
            .map_err(|_| ())
            .unwrap();
        pattern.fits(&BASE.parse().unwrap())
    }

    #[test]
    fn an_entry_is_picked_by_path_base_name_and_glob() {
        for text in [
            format!("/s/{BASE}"),
            format!("/s/{BASE}/bin/x"),
            BASE.into(),
        ] {
            assert!(fits(&text), "{text}");
        }
        for text in [
            "*-hello-*",
            "/s/*-hello-2.12",
            "v3yg*",
            "*{hello,bye}*",
            "*.1[23]",
            "*",
        ] {
            assert!(fits(text), "{text}");
        }
        for text in ["hello", "*-hello", "?", "/s/*/x"] {
            assert!(!fits(text), "{text}");
        }
    }

    #[test]
    fn what_can_be_no_entry_is_a_usage_error() {
        let store = StoreDir::new("/s").unwrap();
        for text in ["/etc", "*[", "./x"] {
            let refused = Pattern::parse(text, "/".into(), &store).err();
            assert_eq!(refused.map(|error| error.exit), Some(Exit::Usage), "{text}");
        }
    }
}
