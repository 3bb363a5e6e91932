//! What an entry brings along.

use std::fmt;
use std::str::FromStr;

/// What is copied for a queued path.
///
/// ```
/// use nix_copy::ClosureType;
/// assert_eq!("cache".parse(), Ok(ClosureType::Cache));
/// assert_eq!(ClosureType::default().to_string(), "binary");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ClosureType {
    /// The path alone. Most destinations refuse it unless they have all of its
    /// references already.
    Bare,
    /// The path and its references, to any depth: what is needed to use it.
    #[default]
    Binary,
    /// The derivation that made it, with all derivations and sources: what is
    /// needed to build it again.
    Source,
    /// `Source`, and all outputs of those derivations that are valid: what is
    /// needed to build it again without building its dependencies.
    Cache,
}

/// A text that names no closure type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a closure type: bare, binary, source or cache")]
pub struct ParseClosureTypeError(String);

impl ClosureType {
    /// All of them, the smallest first.
    pub const ALL: [Self; 4] = [Self::Bare, Self::Binary, Self::Source, Self::Cache];

    /// Its name in the configuration.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Bare => "bare",
            Self::Binary => "binary",
            Self::Source => "source",
            Self::Cache => "cache",
        }
    }
}

impl fmt::Display for ClosureType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for ClosureType {
    type Err = ParseClosureTypeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.name() == text)
            .ok_or_else(|| ParseClosureTypeError(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_parses_back() {
        for kind in ClosureType::ALL {
            assert_eq!(kind.to_string().parse(), Ok(kind));
        }
        assert!("Binary".parse::<ClosureType>().is_err());
    }
}
