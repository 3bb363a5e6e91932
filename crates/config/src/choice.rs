//! Settings that are one word out of a few.

use std::fmt;
use std::str::FromStr;

/// A word that is none of those allowed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not {what}, allowed are {}", .allowed.join(", "))]
pub struct UnknownWord {
    /// What the word should have been, such as `a closure type`.
    pub what: &'static str,
    /// The words allowed.
    pub allowed: &'static [&'static str],
}

/// Which paths a push uploads for one queued output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ClosureType {
    /// The queued paths alone.
    Bare,
    /// They and all that they refer to.
    Binary,
    /// The derivation with its closure: all that is needed to build it.
    Source,
    /// The binary and the source closure, outputs of build inputs included.
    Cache,
}

/// How much of what is about to go is compared with what the store registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CheckContents {
    /// Nothing.
    Off,
    /// The queued paths themselves.
    Entries,
    /// All that goes with them.
    Closure,
}

/// What the hook does about a failure to enqueue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OnError {
    /// Report it and let the build succeed.
    Ignore,
    /// Fail the build.
    Fail,
}

/// What happens beyond a limit of a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BeyondLimit {
    /// What is queued stays, nothing new is taken.
    Refuse,
    /// The oldest entries leave, undelivered.
    DropOldest,
}

macro_rules! words {
    ($type:ident, $what:literal, $($variant:ident = $word:literal),+) => {
        impl $type {
            /// The words, in the order in which they are documented.
            pub const WORDS: &'static [&'static str] = &[$($word),+];

            /// The word for this choice.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word),+
                }
            }
        }

        impl FromStr for $type {
            type Err = UnknownWord;

            fn from_str(word: &str) -> Result<Self, UnknownWord> {
                match word {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(UnknownWord { what: $what, allowed: Self::WORDS }),
                }
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }
    };
}

words!(
    ClosureType,
    "a closure type",
    Bare = "bare",
    Binary = "binary",
    Source = "source",
    Cache = "cache"
);
words!(
    BeyondLimit,
    "a way to treat what is beyond a limit",
    Refuse = "refuse",
    DropOldest = "drop-oldest"
);
words!(
    CheckContents,
    "a choice of what to compare",
    Off = "off",
    Entries = "entries",
    Closure = "closure"
);
words!(
    OnError,
    "a way to treat failures",
    Ignore = "ignore",
    Fail = "fail"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_parses_to_what_prints_it() {
        for word in ClosureType::WORDS {
            assert_eq!(word.parse::<ClosureType>().unwrap().to_string(), *word);
        }
        for word in CheckContents::WORDS {
            assert_eq!(word.parse::<CheckContents>().unwrap().to_string(), *word);
        }
        for word in OnError::WORDS {
            assert_eq!(word.parse::<OnError>().unwrap().to_string(), *word);
        }
        for word in BeyondLimit::WORDS {
            assert_eq!(word.parse::<BeyondLimit>().unwrap().to_string(), *word);
        }
        assert!("Binary".parse::<ClosureType>().is_err());
    }
}
