//! Which paths a store has.
//!
//! `nix-store --store URI --check-validity --print-invalid` would be the plain
//! way, but 2.34.8 crashes in it after its first HTTP request, before it
//! prints its answer (signal 11, seen with every query of `nix-store`). So
//! `nix path-info --json` is asked. For derivations 2.8.0 cannot answer that
//! way: there `X.drv` stands for its outputs. It is asked the plain way then.

use std::collections::BTreeSet;

use queue_core::{StoreDir, StorePath, UploadErrorKind};
use serde_json::Value;

use crate::call::{Call, CallError};
use crate::chunks::chunks;
use crate::queries::full_paths;

/// Those of `paths` that the store at `uri` lacks, in their order. No answer
/// that the client remembers is used.
pub(crate) fn missing(
    call: &Call<'_>,
    uri: &str,
    paths: &[StorePath],
) -> Result<Vec<StorePath>, CallError> {
    let (derivations, outputs): (Vec<_>, Vec<_>) =
        paths.iter().cloned().partition(StorePath::is_derivation);
    let mut lacking = info(call, uri, &outputs)?;
    lacking.extend(match info(call, uri, &derivations) {
        // A newer Nix fails here only for a reason; that is the one to tell.
        Err(error) if could_be_old(&error) => {
            validity(call, uri, &derivations).map_err(|_| error)?
        }
        answer => answer?,
    });
    Ok(paths
        .iter()
        .filter(|path| lacking.contains(path))
        .cloned()
        .collect())
}

/// 2.8.0 complains that the derivation is not valid where the store lacks it
/// (for `ssh://`: that it cannot read it), and else tells about its outputs.
fn could_be_old(error: &CallError) -> bool {
    matches!(
        error.kind(),
        UploadErrorKind::Paths | UploadErrorKind::Unclear
    )
}

fn info(call: &Call<'_>, uri: &str, paths: &[StorePath]) -> Result<BTreeSet<StorePath>, CallError> {
    let mut lacking = BTreeSet::new();
    for chunk in chunks(&full_paths(call.nix, paths)) {
        let text = path_info(call, uri, chunk)?;
        let answer = parse(&text, call.nix.store_dir()).ok_or_else(|| not_understood(&text))?;
        let asked = chunk
            .iter()
            .filter_map(|path| call.nix.store_dir().parse(path).ok());
        for path in asked {
            match answer.iter().find(|(known, _)| *known == path) {
                Some((_, true)) => {}
                Some((_, false)) => _ = lacking.insert(path),
                None => return Err(not_understood(&text)),
            }
        }
    }
    Ok(lacking)
}

fn path_info(call: &Call<'_>, uri: &str, paths: &[String]) -> Result<String, CallError> {
    let ask = |format: &[&str]| {
        let words = ["path-info", "--json"].iter().chain(format);
        let mut arguments: Vec<String> = words.map(|&word| word.to_owned()).collect();
        arguments.extend(at(uri));
        arguments.extend(paths.iter().cloned());
        Call {
            program: "nix",
            ..*call
        }
        .run(&arguments)
    };
    match ask(&[]) {
        // 2.34.8 announces that it will become an error to leave it out; 2.26.3
        // and before do not know it.
        Err(CallError::Failed { details, .. }) if details.contains("--json-format") => {
            ask(&["--json-format", "1"])
        }
        answer => answer,
    }
}

fn validity(
    call: &Call<'_>,
    uri: &str,
    paths: &[StorePath],
) -> Result<BTreeSet<StorePath>, CallError> {
    let mut lacking = BTreeSet::new();
    for chunk in chunks(&full_paths(call.nix, paths)) {
        let words = ["--check-validity", "--print-invalid"].map(str::to_owned);
        let arguments: Vec<String> = at(uri)
            .into_iter()
            .chain(words)
            .chain(chunk.iter().cloned())
            .collect();
        let text = Call {
            program: "nix-store",
            ..*call
        }
        .run(&arguments)?;
        lacking.extend(
            text.lines()
                .filter_map(|line| call.nix.store_dir().parse(line).ok()),
        );
    }
    Ok(lacking)
}

fn at(uri: &str) -> Vec<String> {
    let forget = ["positive", "negative"].map(|kind| format!("narinfo-cache-{kind}-ttl"));
    let forget = forget
        .into_iter()
        .flat_map(|name| ["--option".to_owned(), name, "0".to_owned()]);
    forget
        .chain(["--store".to_owned(), uri.to_owned()])
        .collect()
}

/// Each path that is told about, and whether it is valid. Up to 2.18 a list of
/// objects, from 2.19 an object with `null` for what is not valid.
fn parse(text: &str, store_dir: &StoreDir) -> Option<Vec<(StorePath, bool)>> {
    match serde_json::from_str(text).ok()? {
        Value::Array(list) => list
            .iter()
            .map(|entry| {
                let path = store_dir.parse(entry.get("path")?.as_str()?).ok()?;
                Some((
                    path,
                    entry.get("valid").and_then(Value::as_bool).unwrap_or(true),
                ))
            })
            .collect(),
        Value::Object(map) => map
            .iter()
            .map(|(path, entry)| {
                let valid = entry
                    .get("valid")
                    .and_then(Value::as_bool)
                    .unwrap_or(!entry.is_null());
                Some((store_dir.parse(path).ok()?, valid))
            })
            .collect(),
        _ => None,
    }
}

fn not_understood(text: &str) -> CallError {
    let what = text.chars().take(100).collect();
    CallError::NotUnderstood {
        program: "nix path-info",
        what,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LACKED: &str = "00000000000000000000000000aaaaab-probe";

    #[test]
    fn the_answers_of_every_version_are_understood() {
        let store = StoreDir::new("/nix/store").unwrap();
        let samples = [
            include_str!("../tests/samples/2.8.0/path-info.json"),
            include_str!("../tests/samples/2.26.3/path-info.json"),
            include_str!("../tests/samples/2.34.8/path-info.json"),
        ];
        for sample in samples {
            let answer = parse(sample, &store).unwrap();
            assert_eq!(answer.len(), 2);
            for (path, valid) in answer {
                assert_eq!(valid, path.base_name() != LACKED, "{path}");
            }
        }
    }

    #[test]
    fn other_shapes_are_refused() {
        let store = StoreDir::new("/nix/store").unwrap();
        for text in ["", "1", "[1]", r#"{"info":{}}"#, r#"[{"path":"/other/x"}]"#] {
            assert_eq!(parse(text, &store), None, "{text}");
        }
    }
}
