//! Questions to the local store.

use std::collections::BTreeSet;

use queue_core::StorePath;

use crate::Nix;
use crate::call::{Call, CallError};
use crate::chunks::chunks;

/// Those of `paths` that are not valid, in their order.
pub(crate) fn invalid(nix: &Nix, paths: &[StorePath]) -> Result<Vec<StorePath>, CallError> {
    let found: BTreeSet<StorePath> = listed(nix, &["--check-validity", "--print-invalid"], paths)?
        .into_iter()
        .collect();
    Ok(paths
        .iter()
        .filter(|path| found.contains(path))
        .cloned()
        .collect())
}

/// `paths` and all they refer to, each once, references first.
pub(crate) fn requisites(nix: &Nix, paths: &[StorePath]) -> Result<Vec<StorePath>, CallError> {
    let list = listed(nix, &["--query", "--requisites"], paths)?;
    Ok(unique(list))
}

/// All that refers to `object`, to any depth, and the object itself.
pub(crate) fn referrers(nix: &Nix, object: &StorePath) -> Result<Vec<StorePath>, CallError> {
    listed(
        nix,
        &["--query", "--referrers-closure"],
        std::slice::from_ref(object),
    )
}

/// `derivations`, all they refer to, and every output of any of them that is
/// valid, with all those refer to. Nix lists no output that is not valid
/// (2.8.0, `src/libstore/misc.cc`, `computeFSClosure`).
pub(crate) fn requisites_with_outputs(
    nix: &Nix,
    derivations: &[StorePath],
) -> Result<Vec<StorePath>, CallError> {
    let list = listed(
        nix,
        &["--query", "--requisites", "--include-outputs"],
        derivations,
    )?;
    Ok(unique(list))
}

/// The store that Nix works on where none is named: what `NIX_REMOTE` and
/// `nix.conf` say, else `auto`.
///
/// `nix show-config` is an alias since 2.20, with a warning.
pub(crate) fn store(nix: &Nix) -> Result<String, CallError> {
    let ask = |words: &[&str]| {
        let words: Vec<_> = words.iter().map(|&word| word.to_owned()).collect();
        Call::query(nix, "nix").run(&words)
    };
    let text = ask(&["show-config", "--json"])
        .or_else(|error| ask(&["config", "show", "--json"]).map_err(|_| error))?;
    let settings: Option<serde_json::Value> = serde_json::from_str(&text).ok();
    let store = settings
        .as_ref()
        .and_then(|all| all["store"]["value"].as_str());
    match store {
        // 2.8.0 takes an empty `NIX_REMOTE` for the value.
        Some("") => Ok("auto".to_owned()),
        Some(store) => Ok(store.to_owned()),
        // Not a word of what it is: it may hold access tokens.
        None => Err(CallError::NotUnderstood {
            program: "nix show-config",
            what: "no setting `store`".to_owned(),
        }),
    }
}

/// What this Nix calls itself: `nix (Nix) 2.8.0`.
pub(crate) fn version(nix: &Nix) -> Result<String, CallError> {
    Call::query(nix, "nix").run(&["--version".to_owned()])
}

/// The outputs of a derivation that was built.
///
/// `nix-store --query --outputs` refuses floating content-addressed derivations
/// even then (2.8.0, 2.26.3, 2.34.8). `nix path-info` tells; `X.drv^*` means the
/// outputs since 2.15, before that a plain `X.drv` does. Neither builds.
pub(crate) fn outputs(nix: &Nix, derivation: &StorePath) -> Result<Vec<StorePath>, CallError> {
    let path = nix.store_dir().join(derivation);
    let ask = |installable: String| {
        let arguments = ["path-info".to_owned(), installable];
        Call::query(nix, "nix").run(&arguments)
    };
    let newer = ask(format!("{path}^*"));
    let text = newer.or_else(|error| ask(path.to_string()).map_err(|_| error))?;
    let outputs = parsed(nix, &text)?;
    if outputs.contains(derivation) {
        return Err(not_understood(
            "the derivation where its outputs were asked for",
        ));
    }
    Ok(unique(outputs))
}

/// For each path its deriver, if the store knows one that is valid; a
/// derivation stands for itself.
pub(crate) fn derivers(
    nix: &Nix,
    paths: &[StorePath],
) -> Result<Vec<(StorePath, Option<StorePath>)>, CallError> {
    let (derivations, outputs): (Vec<_>, Vec<_>) =
        paths.iter().cloned().partition(StorePath::is_derivation);
    let known = deriver_lines(nix, &outputs)?;
    let recorded: Vec<StorePath> = known.iter().flatten().cloned().collect();
    let gone: BTreeSet<StorePath> = invalid(nix, &unique(recorded))?.into_iter().collect();
    let known = known
        .into_iter()
        .map(|deriver| deriver.filter(|path| !gone.contains(path)));
    let own = derivations
        .into_iter()
        .map(|path| (path.clone(), Some(path)));
    Ok(own.chain(outputs.into_iter().zip(known)).collect())
}

/// One line a path; `unknown-deriver` where there is none.
fn deriver_lines(nix: &Nix, paths: &[StorePath]) -> Result<Vec<Option<StorePath>>, CallError> {
    let text = ask(nix, &["--query", "--deriver"], paths)?;
    let derivers: Vec<_> = text
        .lines()
        .map(|line| nix.store_dir().parse(line).ok())
        .collect();
    if derivers.len() == paths.len() {
        Ok(derivers)
    } else {
        Err(not_understood(&format!(
            "{} derivers for {} paths",
            derivers.len(),
            paths.len()
        )))
    }
}

fn listed(nix: &Nix, query: &[&str], paths: &[StorePath]) -> Result<Vec<StorePath>, CallError> {
    parsed(nix, &ask(nix, query, paths)?)
}

/// One store path a line.
fn parsed(nix: &Nix, text: &str) -> Result<Vec<StorePath>, CallError> {
    let parse = |line: &str| {
        nix.store_dir()
            .parse(line)
            .map_err(|error| not_understood(&error.to_string()))
    };
    text.lines().map(parse).collect()
}

/// The answers of as many calls as the paths need.
fn ask(nix: &Nix, query: &[&str], paths: &[StorePath]) -> Result<String, CallError> {
    let mut answer = String::new();
    for chunk in chunks(&full_paths(nix, paths)) {
        let query = query.iter().map(|&word| word.to_owned());
        let arguments: Vec<String> = query.chain(chunk.iter().cloned()).collect();
        answer.push_str(&Call::query(nix, "nix-store").run(&arguments)?);
    }
    Ok(answer)
}

pub(crate) fn full_paths(nix: &Nix, paths: &[StorePath]) -> Vec<String> {
    paths
        .iter()
        .map(|path| nix.store_dir().join(path).into_string())
        .collect()
}

/// Each path once, at its first place.
pub(crate) fn unique(paths: Vec<StorePath>) -> Vec<StorePath> {
    let mut seen = BTreeSet::new();
    paths
        .into_iter()
        .filter(|path| seen.insert(path.clone()))
        .collect()
}

fn not_understood(what: &str) -> CallError {
    CallError::NotUnderstood {
        program: "nix-store",
        what: what.to_owned(),
    }
}
