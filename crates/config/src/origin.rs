//! A value and where it came from.

use std::fmt;

use crate::problem::Location;

/// What decided a setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// An option of the command line.
    CommandLine,
    /// The variable of this name.
    Environment(&'static str),
    /// The configuration file: the place of the value.
    File(Location),
    /// Nothing named it.
    Default,
    /// Several of them together, in the order in which their values were joined.
    Combined(Vec<Origin>),
}

impl Origin {
    /// The place in the file, if the file decided.
    pub fn location(&self) -> Option<&Location> {
        match self {
            Self::File(location) => Some(location),
            _ => None,
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CommandLine => f.write_str("command line"),
            Self::Environment(name) => write!(f, "variable {name}"),
            Self::File(location) => location.fmt(f),
            Self::Default => f.write_str("default"),
            Self::Combined(origins) => {
                let origins: Vec<_> = origins.iter().map(Self::to_string).collect();
                f.write_str(&origins.join(" + "))
            }
        }
    }
}

/// A resolved value, with what decided it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting<T> {
    /// The value.
    pub value: T,
    /// What decided it.
    pub origin: Origin,
}

impl<T> Setting<T> {
    /// A value and its origin.
    pub fn new(value: T, origin: Origin) -> Self {
        Self { value, origin }
    }

    pub(crate) fn default(value: T) -> Self {
        Self::new(value, Origin::Default)
    }
}
