//! A store path without its store directory.

use std::fmt;

use crate::base32;

/// The `<hash>-<name>` of a store object: never a path, never a fragment.
///
/// The full path needs a [`StoreDir`](crate::StoreDir), since one machine can
/// have several stores. The rules are Nix's (2.26.3, `src/libstore/path.cc`):
/// a hash of 32 base 32 digits, a dash, and a name of 1 to 211 characters of
/// `A-Z a-z 0-9 + - . _ ? =` which is not `.` or `..` nor starts with `.-` or
/// `..-`.
///
/// ```
/// use queue_core::StorePath;
/// let path: StorePath = "v3ygr25lms4hdmxwa8h14sjv6km1l8cz-hello-2.12.drv".parse()?;
/// assert_eq!(path.hash(), "v3ygr25lms4hdmxwa8h14sjv6km1l8cz");
/// assert_eq!(path.name(), "hello-2.12.drv");
/// assert!(path.is_derivation());
/// assert!("../../etc/passwd".parse::<StorePath>().is_err());
/// # Ok::<(), queue_core::ParseStorePathError>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StorePath(Box<str>);

/// Length of the hash part, in characters.
const HASH_LEN: usize = 32;
/// Longest name that Nix accepts, in characters.
const MAX_NAME_LEN: usize = 211;

/// Why a text is not a store path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseStorePathError {
    /// It is not below the store directory at all.
    #[error("{path:?} is not in the store directory {store_dir}")]
    NotInStore {
        /// What was given.
        path: String,
        /// The store directory in use.
        store_dir: String,
    },
    /// It is a path inside a store object where the object itself is wanted.
    #[error("{0:?} is a path inside a store path, not a store path")]
    InsideStorePath(String),
    /// It does not start with a hash of 32 digits and a dash.
    #[error("{0:?} does not start with a hash of 32 digits and a dash")]
    Hash(String),
    /// Its name is empty, too long, or has characters that Nix does not allow.
    #[error("{0:?} has a name that Nix does not allow")]
    Name(String),
}

impl StorePath {
    /// The 32 digits.
    #[must_use]
    pub fn hash(&self) -> &str {
        &self.0[..HASH_LEN]
    }

    /// What follows the hash and its dash.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0[HASH_LEN + 1..]
    }

    /// `<hash>-<name>`, the file name in the store directory and in a queue.
    #[must_use]
    pub fn base_name(&self) -> &str {
        &self.0
    }

    /// Whether it is a derivation: its name ends in `.drv`.
    #[must_use]
    pub fn is_derivation(&self) -> bool {
        self.name().ends_with(".drv")
    }
}

impl std::str::FromStr for StorePath {
    type Err = ParseStorePathError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bytes = text.as_bytes();
        let hash_fits = bytes.len() > HASH_LEN
            && bytes[HASH_LEN] == b'-'
            && bytes[..HASH_LEN].iter().all(|byte| base32::is_digit(*byte));
        if !hash_fits {
            return Err(ParseStorePathError::Hash(text.to_owned()));
        }
        if !name_fits(&text[HASH_LEN + 1..]) {
            return Err(ParseStorePathError::Name(text.to_owned()));
        }
        Ok(Self(text.into()))
    }
}

fn name_fits(name: &str) -> bool {
    let allowed = |c: u8| matches!(c, b'a'..=b'z' | b'0'..=b'9' | b'A'..=b'Z' | b'+' | b'-' | b'.' | b'_' | b'?' | b'=');
    (1..=MAX_NAME_LEN).contains(&name.len())
        && name.bytes().all(allowed)
        && !matches!(name, "." | "..")
        && !name.starts_with(".-")
        && !name.starts_with("..-")
}

impl fmt::Display for StorePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for StorePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StorePath({})", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_printed_parses_to_the_same(
            text in "[0-9abcdfghijklmnpqrsvwxyz]{32}-[a-zA-Z0-9+_?=][a-zA-Z0-9+._?=-]{0,210}"
        ) {
            let path: StorePath = text.parse().unwrap();
            prop_assert_eq!(path.to_string(), text.clone());
            prop_assert_eq!(format!("{}-{}", path.hash(), path.name()), text);
        }

        #[test]
        fn no_text_is_accepted_that_could_leave_a_directory(text in any::<String>()) {
            if let Ok(path) = text.parse::<StorePath>() {
                prop_assert!(!path.base_name().contains(['/', '\0', '\n', ' ']));
            }
        }
    }

    fn error(name: &str) -> ParseStorePathError {
        let text = format!("{}-{name}", "0".repeat(32));
        text.parse::<StorePath>().expect_err(&text)
    }

    #[test]
    fn nonsense_is_refused() {
        for hash in [
            "",
            "x",
            &"0".repeat(32),
            &format!("{}-x", "e".repeat(32)),
            "é",
        ] {
            let refused = hash.parse::<StorePath>().expect_err(hash);
            assert!(matches!(refused, ParseStorePathError::Hash(_)), "{hash}");
        }
        for name in [
            "",
            ".",
            "..",
            ".-x",
            "..-x",
            "a/b",
            "a b",
            "a\nb",
            "ä",
            &"x".repeat(212),
        ] {
            assert!(
                matches!(error(name), ParseStorePathError::Name(_)),
                "{name}"
            );
        }
    }

    #[test]
    fn the_longest_name_is_accepted() {
        let text = format!("{}-{}", "0".repeat(32), "x".repeat(211));
        assert!(text.parse::<StorePath>().is_ok());
    }
}
