//! Who signed what is in the store.

use queue_core::{PortError, StoreDir, StorePath};
use serde_json::Value;

use super::NixInspector;
use crate::call::{Call, CallError};
use crate::path_info::in_known_format;
use crate::queries::full_paths;

impl NixInspector {
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
                let found = parse(&text, self.nix.store_dir());
                found.ok_or_else(|| CallError::not_understood("nix path-info", &text))
            })
            .map_err(|error| error.into_port("ask for the signatures of", "queued paths"))
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

/// Up to 2.18 a list of objects, from 2.19 an object.
pub(crate) fn parse(text: &str, store_dir: &StoreDir) -> Option<Vec<SignedPath>> {
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

#[cfg(test)]
mod tests {
    use super::*;

    const PATH: &str = "/s/00000000000000000000000000000001-x";

    #[test]
    fn signatures_are_read_from_lists_and_from_objects() {
        let store = StoreDir::new("/s").unwrap();
        let entry = r#"{"signatures":["k-1:abc","nonsense"],"ca":null}"#;
        let of_list = entry.replacen('{', &format!(r#"{{"path":"{PATH}","#), 1);
        for text in [format!("[{of_list}]"), format!(r#"{{"{PATH}":{entry}}}"#)] {
            let found = parse(&text, &store).unwrap();
            assert_eq!(found[0].keys, ["k-1"], "{text}");
            assert!(!found[0].is_content_addressed);
        }
        let text = format!(r#"{{"{PATH}":{{"ca":"fixed:r:sha256:x"}}}}"#);
        let found = parse(&text, &store).unwrap();
        assert!(found[0].keys.is_empty() && found[0].is_content_addressed);
        assert_eq!(parse("{\"x\":{}}", &store), None);
    }
}
