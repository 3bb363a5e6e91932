//! The variables of the environment, taken as a value.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::fmt;

/// A copy of what concerns the configuration in an environment. `Debug` shows names only, for
/// values may be secret.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Environment {
    variables: BTreeMap<String, String>,
    not_utf8: BTreeSet<String>,
}

impl Environment {
    /// Takes variables as `std::env::vars_os` yields them; what [concerns](Self::concerns) no
    /// setting is left out.
    pub fn new(variables: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        let mut environment = Self::default();
        let variables = variables.into_iter();
        for (name, value) in variables.filter(|(name, _)| Self::concerns(name)) {
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

    /// Whether a variable of this name can matter to a configuration: ours, those of Nix, `HOME`
    /// and the directories of XDG. Not `NIX_CONFIG`, in which a hook has all settings of Nix.
    pub fn concerns(name: &OsStr) -> bool {
        let name = name.as_encoded_bytes();
        let is_nixs = name.starts_with(b"NIX_") && name != b"NIX_CONFIG";
        is_nixs || name.starts_with(b"XDG_") || name == b"HOME"
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
