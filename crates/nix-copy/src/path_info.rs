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
use crate::destination::Place;
use crate::queries::{full_paths, path_lines};

/// The store that is asked, and how.
pub(crate) struct Asked<'a> {
    pub(crate) call: &'a Call<'a>,
    pub(crate) store: Place<'a>,
    /// The options of `nix copy`: what it takes to be let in (a netrc file,
    /// say) it takes for a question as well.
    pub(crate) nix_opts: &'a [String],
}

/// Those of `paths` that the store lacks, in their order. No answer that the
/// client remembers is used.
pub(crate) fn missing(asked: &Asked<'_>, paths: &[StorePath]) -> Result<Vec<StorePath>, CallError> {
    let (derivations, outputs): (Vec<_>, Vec<_>) =
        paths.iter().cloned().partition(StorePath::is_derivation);
    let mut lacking = info(asked, &outputs)?;
    lacking.extend(match info(asked, &derivations) {
        // A newer Nix fails here only for a reason; that is the one to tell.
        Err(error) if could_be_old(&error) => validity(asked, &derivations).map_err(|_| error)?,
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
    use UploadErrorKind::{Paths, Unclear};
    match error {
        CallError::NotUnderstood { .. } => true,
        error => matches!(error.kind(), Paths | Unclear),
    }
}

fn info(asked: &Asked<'_>, paths: &[StorePath]) -> Result<BTreeSet<StorePath>, CallError> {
    let nix = asked.call.nix;
    let mut lacking = BTreeSet::new();
    for chunk in chunks(&full_paths(nix, paths)) {
        let text = path_info(asked, chunk)?;
        let answer = parse(&text, nix.store_dir()).ok_or_else(|| not_understood(&text))?;
        let wanted = chunk
            .iter()
            .filter_map(|path| nix.store_dir().parse(path).ok());
        for path in wanted {
            match answer.iter().find(|(known, _)| *known == path) {
                Some((_, true)) => {}
                Some((_, false)) => _ = lacking.insert(path),
                None => return Err(not_understood(&text)),
            }
        }
    }
    Ok(lacking)
}

fn path_info(asked: &Asked<'_>, paths: &[String]) -> Result<String, CallError> {
    in_known_format(|format| asked.ask("nix", &[&["path-info", "--json"], format].concat(), paths))
}

/// Asks `nix path-info --json` for the format of 2.32 and before. 2.34.8
/// announces that it will become an error not to name it; 2.26.3 and before do
/// not know how to.
pub(crate) fn in_known_format(
    ask: impl Fn(&[&'static str]) -> Result<String, CallError>,
) -> Result<String, CallError> {
    match ask(&[]) {
        Err(CallError::Failed { details, .. }) if details.contains("--json-format") => {
            ask(&["--json-format", "1"])
        }
        answer => answer,
    }
}

fn validity(asked: &Asked<'_>, paths: &[StorePath]) -> Result<BTreeSet<StorePath>, CallError> {
    let nix = asked.call.nix;
    let mut lacking = BTreeSet::new();
    for chunk in chunks(&full_paths(nix, paths)) {
        let words = ["--check-validity", "--print-invalid"];
        let text = asked.ask("nix-store", &words, chunk)?;
        lacking.extend(path_lines(&text, nix.store_dir())?);
    }
    Ok(lacking)
}

impl Asked<'_> {
    /// Asks with the options of `nix copy`, but for those that `program` does
    /// not know: it refuses them one at a time, before it does anything.
    pub(crate) fn ask(
        &self,
        program: &'static str,
        question: &[&str],
        paths: &[String],
    ) -> Result<String, CallError> {
        let call = Call {
            program,
            settings: self.call.settings.clone(),
            ..*self.call
        };
        let mut options: Vec<&str> = self.nix_opts.iter().map(String::as_str).collect();
        loop {
            let answer = call.run(&arguments(question, &options, self.store, paths));
            match answer.as_ref().err().and_then(unknown_flag) {
                Some(flag) if !options.is_empty() => options = without(&options, flag),
                _ => return answer,
            }
        }
    }
}

/// `nix` and `nix-store` have different words for it.
fn unknown_flag(error: &CallError) -> Option<&str> {
    let CallError::Failed { message, .. } = error else {
        return None;
    };
    let words = ["unrecognised flag '", "unknown flag '"];
    let (_, rest) = words.iter().find_map(|words| message.split_once(words))?;
    rest.split_once('\'').map(|(flag, _)| flag)
}

/// The options without `flag` and the values that follow it; none of them where
/// it is not among them as such (`-s` may stand in `-vs`).
fn without<'o>(options: &[&'o str], flag: &str) -> Vec<&'o str> {
    let Some(at) = options.iter().position(|option| *option == flag) else {
        return Vec::new();
    };
    let (before, rest) = (&options[..at], &options[at + 1..]);
    let values = rest.iter().take_while(|word| !word.starts_with('-'));
    [before, &rest[values.count()..]].concat()
}

/// What makes it a question to this store alone, and to nobody's memory, comes
/// after `options` and wins.
fn arguments(
    question: &[&str],
    options: &[&str],
    store: Place<'_>,
    paths: &[String],
) -> Vec<String> {
    let forget = ["positive", "negative"].map(|kind| format!("narinfo-cache-{kind}-ttl"));
    let forget = forget.iter().flat_map(|name| ["--option", name, "0"]);
    let words = question.iter().chain(options).copied();
    words
        .chain(["--option", "substitute", "false"])
        .chain(forget)
        .chain(store.asked())
        .chain(paths.iter().map(String::as_str))
        .map(str::to_owned)
        .collect()
}

/// Each path that is told about, and whether it is valid. Up to 2.18 a list of
/// objects, from 2.19 an object with `null` for what is not valid.
pub(crate) fn parse(text: &str, store_dir: &StoreDir) -> Option<Vec<(StorePath, bool)>> {
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
    CallError::not_understood("nix path-info", text)
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
    fn the_options_of_a_copy_go_along_and_cannot_change_the_question() {
        let options = ["--netrc-file", "/n", "--store", "/elsewhere"];
        let question = ["path-info", "--json"];
        let store = Place::Argument("file:///c");
        let line = arguments(&question, &options, store, &["/s/a".to_owned()]).join(" ");
        assert_eq!(
            line,
            "path-info --json --netrc-file /n --store /elsewhere --option substitute false \
             --option narinfo-cache-positive-ttl 0 --option narinfo-cache-negative-ttl 0 \
             --store file:///c /s/a"
        );
    }

    #[test]
    fn a_flag_goes_with_its_values_and_alone() {
        let options = ["-v", "--profile", "/p", "-s", "--option", "cores", "1"];
        let rest = |flag| without(&options, flag).join(" ");
        assert_eq!(rest("--profile"), "-v -s --option cores 1");
        assert_eq!(rest("-s"), "-v --profile /p --option cores 1");
        assert_eq!(rest("--option"), "-v --profile /p -s");
        assert_eq!(rest("-x"), "");
    }

    #[test]
    fn both_programs_are_understood_when_they_refuse_a_flag() {
        for message in ["unrecognised flag '-k'", "unknown flag '-k'"] {
            let error = CallError::Failed {
                kind: UploadErrorKind::Local,
                signal: None,
                message: message.to_owned(),
                hint: None,
                cut_short: None,
                details: String::new(),
            };
            assert_eq!(unknown_flag(&error), Some("-k"));
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
