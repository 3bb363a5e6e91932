//! The variables of the environment, taken as a value.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fmt;

/// A copy of the environment. `Debug` shows names only, for values may be secret.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Environment {
    variables: BTreeMap<String, String>,
    not_utf8: BTreeSet<String>,
}

impl Environment {
    /// Takes variables as `std::env::vars_os` yields them.
    pub fn new(variables: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        let mut environment = Self::default();
        for (name, value) in variables {
            let Ok(name) = name.into_string() else {
                continue;
            };
            match value.into_string() {
                Ok(value) => _ = environment.variables.insert(name, value),
                Err(_) => _ = environment.not_utf8.insert(name),
            }
        }
        environment
    }

    /// The value of a variable. One that is empty or not UTF-8 counts as unset; that a
    /// variable of ours is not UTF-8 is a problem of the [`Resolution`](crate::Resolution).
    pub fn get(&self, name: &str) -> Option<&str> {
        self.variables
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    /// The variables that are not UTF-8.
    pub fn not_utf8(&self) -> impl Iterator<Item = &str> {
        self.not_utf8.iter().map(String::as_str)
    }

    /// The names of all variables, those that are not UTF-8 included.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.variables
            .keys()
            .chain(&self.not_utf8)
            .map(String::as_str)
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.names()).finish()
    }
}
