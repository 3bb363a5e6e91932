//! What Nix says of itself, for who looks at how it is set up.

use queue_core::{PortError, StoreDir, StorePath};
use serde_json::Value;

use crate::Nix;
use crate::call::{Call, CallError};
use crate::destination::Place;
use crate::path_info::{Asked, in_known_format};
use crate::queries::{self, full_paths};

/// Asks a Nix about itself. It changes nothing, [`add`](Self::add) apart; but where Nix lists its roots, it takes away those
/// in `gcroots/auto` that lead nowhere, as it always does.
pub struct NixInspector {
    nix: Nix,
}

impl NixInspector {
    /// Asks this Nix.
    #[must_use]
    pub fn new(nix: Nix) -> Self {
        Self { nix }
    }

    /// What it calls itself: `nix (Nix) 2.26.3`.
    ///
    /// # Errors
    ///
    /// If there is none, or it cannot run.
    pub fn version(&self) -> Result<String, PortError> {
        let answer = queries::version(&self.nix);
        let version = answer.map_err(|error| error.into_port("ask for the version of", "nix"))?;
        Ok(version.trim().to_owned())
    }

    /// All its settings: what `nix.conf` and its environment come to.
    ///
    /// # Errors
    ///
    /// If it does not tell.
    pub fn settings(&self) -> Result<NixSettings, PortError> {
        let answer = queries::settings(&self.nix);
        answer
            .and_then(|text| settings(&text).ok_or_else(no_settings))
            .map_err(|error| error.into_port("ask for the settings of", "nix"))
    }

    /// Whether the daemon trusts who asks; `None` where it does not tell, as 2.8.0.
    ///
    /// # Errors
    ///
    /// If it does not answer.
    pub fn is_trusted(&self) -> Result<Option<bool>, PortError> {
        let answer = trusted(&Asked {
            call: &Call::query(&self.nix, "nix"),
            store: Place::Argument("daemon"),
            nix_opts: &[],
        });
        answer.map_err(|error| error.into_port("ask", "the daemon of Nix"))
    }

    /// The links by which the collector holds something, as Nix finds them.
    ///
    /// # Errors
    ///
    /// If it does not tell.
    pub fn roots(&self) -> Result<Vec<String>, PortError> {
        let question = ["--gc", "--print-roots"].map(str::to_owned);
        let answer = Call::query(&self.nix, "nix-store").run(&question);
        let text = answer.map_err(|error| error.into_port("ask for the roots of", "nix"))?;
        Ok(root_links(&text))
    }

    /// Who signed these paths, which are valid.
    ///
    /// # Errors
    ///
    /// If it does not tell.
    pub fn signatures(&self, paths: &[StorePath]) -> Result<Vec<SignedPath>, PortError> {
        // Before 2.15 a derivation stands for its outputs here; and it needs no signature.
        let outputs = paths.iter().filter(|path| !path.is_derivation());
        let outputs: Vec<_> = outputs.cloned().collect();
        if outputs.is_empty() {
            return Ok(Vec::new());
        }
        let answer = in_known_format(|format| {
            let question = ["path-info", "--json", "--sigs"].iter().chain(format);
            let words = question.map(|&word| word.to_owned());
            let words: Vec<_> = words.chain(full_paths(&self.nix, &outputs)).collect();
            Call::query(&self.nix, "nix").run(&words)
        });
        answer
            .and_then(|text| {
                let found = signatures(&text, self.nix.store_dir());
                found.ok_or_else(|| CallError::not_understood("nix path-info", &text))
            })
            .map_err(|error| error.into_port("ask for the signatures of", "queued paths"))
    }

    /// Adds a file to the store, as a path that nothing refers to.
    ///
    /// # Errors
    ///
    /// If the store does not take it.
    pub fn add(&self, file: &str) -> Result<StorePath, PortError> {
        let question = ["--add", file].map(str::to_owned);
        Call::query(&self.nix, "nix-store")
            .run(&question)
            .and_then(|text| {
                let path = self.nix.store_dir().parse(text.trim_end());
                path.map_err(|_| CallError::not_understood("nix-store", &text))
            })
            .map_err(|error| error.into_port("add to the store", file))
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

/// Who vouches for a valid path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedPath {
    /// The path.
    pub path: StorePath,
    /// The names of the keys that signed it.
    pub keys: Vec<String>,
    /// Whether its name is a hash of its content: it needs no signature.
    pub is_content_addressed: bool,
}

pub(crate) fn settings(text: &str) -> Option<NixSettings> {
    match serde_json::from_str(text).ok()? {
        Value::Object(map) => Some(NixSettings(map)),
        _ => None,
    }
}

/// `LINK -> PATH` a line. 2.34.8 puts the link in quotes.
pub(crate) fn root_links(text: &str) -> Vec<String> {
    let links = text.lines().filter_map(|line| line.split_once(" -> "));
    links
        .map(|(link, _)| link.trim_matches('"').to_owned())
        .collect()
}

/// Up to 2.18 a list of objects, from 2.19 an object.
pub(crate) fn signatures(text: &str, store_dir: &StoreDir) -> Option<Vec<SignedPath>> {
    let signed = |path: &str, entry: &Value| {
        let signatures = entry.get("signatures").and_then(Value::as_array);
        let names = signatures.into_iter().flatten().filter_map(Value::as_str);
        let names = names.filter_map(|text| text.split_once(':'));
        Some(SignedPath {
            path: store_dir.parse(path).ok()?,
            keys: names.map(|(name, _)| name.to_owned()).collect(),
            is_content_addressed: entry.get("ca").is_some_and(|ca| !ca.is_null()),
        })
    };
    match serde_json::from_str(text).ok()? {
        Value::Array(list) => list
            .iter()
            .map(|entry| signed(entry.get("path")?.as_str()?, entry))
            .collect(),
        Value::Object(map) => map
            .iter()
            .map(|(path, entry)| signed(path, entry))
            .collect(),
        _ => None,
    }
}

/// Whether a store trusts who asks. `nix store ping` is `nix store info` since 2.19, which keeps
/// the name; `--json` came with 2.14, and `trusted` with it.
pub(crate) fn trusted(asked: &Asked<'_>) -> Result<Option<bool>, CallError> {
    match asked.ask("nix", &["store", "ping", "--json"], &[]) {
        Ok(text) => Ok(trust(&text)),
        // It has asked nobody yet.
        Err(CallError::Failed { message, .. }) if message.contains("--json") => {
            asked.ask("nix", &["store", "ping"], &[]).map(|_| None)
        }
        Err(error) => Err(error),
    }
}

/// `trusted` is a number up to 2.34, or null.
pub(crate) fn trust(text: &str) -> Option<bool> {
    let info: Value = serde_json::from_str(text).ok()?;
    match info.get("trusted")? {
        Value::Bool(trusted) => Some(*trusted),
        Value::Number(number) => Some(number.as_u64()? != 0),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
