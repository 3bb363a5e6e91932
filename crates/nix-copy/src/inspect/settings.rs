//! The settings of a Nix.

use queue_core::PortError;
use serde_json::Value;

use super::NixInspector;
use crate::call::CallError;
use crate::queries;

impl NixInspector {
    /// All its settings: what `nix.conf` and its environment come to.
    ///
    /// # Errors
    ///
    /// If it does not tell.
    pub fn settings(&self) -> Result<NixSettings, PortError> {
        let answer = queries::settings(&self.nix);
        answer
            .and_then(|text| parse(&text).ok_or_else(no_settings))
            .map_err(|error| error.into_port("ask for the settings of", "nix"))
    }
}

/// Not a word of what it is: it may hold access tokens.
fn no_settings() -> CallError {
    CallError::NotUnderstood {
        program: "nix show-config",
        what: "no settings".to_owned(),
    }
}

/// The settings of a Nix. Some are secrets (`access-tokens`), so all of them together are never
/// shown.
#[derive(Clone)]
pub struct NixSettings(serde_json::Map<String, Value>);

impl NixSettings {
    fn value(&self, name: &str) -> Option<&Value> {
        self.0.get(name)?.get("value")
    }

    /// A setting that is a text; empty where it is not set, or there is none.
    #[must_use]
    pub fn text(&self, name: &str) -> &str {
        self.value(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// One that is a list; empty where there is none.
    #[must_use]
    pub fn list(&self, name: &str) -> Vec<&str> {
        match self.value(name) {
            Some(Value::Array(values)) => values.iter().filter_map(Value::as_str).collect(),
            Some(Value::String(text)) => text.split_whitespace().collect(),
            _ => Vec::new(),
        }
    }

    /// One that is on or off.
    #[must_use]
    pub fn switch(&self, name: &str) -> Option<bool> {
        self.value(name).and_then(Value::as_bool)
    }

    /// One that is a number.
    #[must_use]
    pub fn number(&self, name: &str) -> Option<u64> {
        self.value(name).and_then(Value::as_u64)
    }
}

pub(crate) fn parse(text: &str) -> Option<NixSettings> {
    match serde_json::from_str(text).ok()? {
        Value::Object(map) => Some(NixSettings(map)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake;

    #[test]
    fn settings_are_told_in_the_words_of_every_version() {
        let found = parse(
            r#"{"a":{"value":"t"},"b":{"value":["x","y"]},"c":{"value":"x y"},"d":{"value":true},"e":{"value":7},"f":{}}"#,
        )
        .unwrap();
        assert_eq!(
            (found.text("a"), found.text("f"), found.text("g")),
            ("t", "", "")
        );
        assert_eq!(
            (found.list("b"), found.list("c")),
            (vec!["x", "y"], vec!["x", "y"])
        );
        assert_eq!(
            (found.switch("d"), found.number("e")),
            (Some(true), Some(7))
        );
        assert_eq!((found.switch("g"), found.list("g").len()), (None, 0));
        assert!(parse("[]").is_none() && parse("warning").is_none());
    }

    #[test]
    fn a_question_about_settings_comes_with_none_of_ours() {
        let dir = tempfile::tempdir().unwrap();
        let dir = camino::Utf8Path::from_path(dir.path()).unwrap();
        let script = r#"case "$*" in *post-build-hook*) v=ours ;; *) v=theirs ;; esac
    echo "{\"post-build-hook\":{\"value\":\"$v\"}}""#;
        let inspector = NixInspector::new(fake::nix(dir, &[("nix", script)]));
        assert_eq!(
            inspector.settings().unwrap().text("post-build-hook"),
            "theirs"
        );
    }
}
