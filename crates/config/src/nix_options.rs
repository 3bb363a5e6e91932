//! Options handed on to Nix.

use std::fmt;
use std::ops::Deref;

use crate::redact;

/// Settings of Nix whose values are secrets: tokens, and variables for builders.
const SECRET: [&str; 2] = ["access-tokens", "impure-env"];

/// Arguments for `nix`, in order. `Debug` hides access tokens, the variables of `impure-env`, and
/// what is secret in URIs.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct NixOptions(Vec<String>);

impl NixOptions {
    /// The arguments as they may be shown.
    ///
    /// ```
    /// use nix_post_build_push_config::NixOptions;
    ///
    /// let options = NixOptions::from_iter(["--option", "access-tokens", "github.com=abc"]);
    /// assert_eq!(options.shown(), ["--option", "access-tokens", "***"]);
    /// ```
    pub fn shown(&self) -> Vec<String> {
        let before = std::iter::once("").chain(self.0.iter().map(String::as_str));
        before
            .zip(&self.0)
            .map(|(before, one)| shown(before, one))
            .collect()
    }

    pub(crate) fn into_inner(self) -> Vec<String> {
        self.0
    }
}

fn shown(before: &str, argument: &str) -> String {
    // Each of them has a form with `extra-` before it.
    let is_secret = |option: &str| SECRET.iter().any(|name| option.ends_with(name));
    if is_secret(before) {
        return "***".to_owned();
    }
    if let Some((option, _)) = argument.split_once('=')
        && is_secret(option.trim_end())
    {
        return format!("{option}=***");
    }
    let words: Vec<_> = argument.split(' ').map(shown_word).collect();
    words.join(" ")
}

fn shown_word(word: &str) -> String {
    if word.contains("://") {
        redact::shown(word)
    } else {
        word.to_owned()
    }
}

impl fmt::Debug for NixOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.shown()).finish()
    }
}

impl Deref for NixOptions {
    type Target = [String];

    fn deref(&self) -> &[String] {
        &self.0
    }
}

impl<T: Into<String>> FromIterator<T> for NixOptions {
    fn from_iter<I: IntoIterator<Item = T>>(options: I) -> Self {
        Self(options.into_iter().map(Into::into).collect())
    }
}

impl From<Vec<String>> for NixOptions {
    fn from(options: Vec<String>) -> Self {
        Self(options)
    }
}
