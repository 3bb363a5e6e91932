//! Questions to the local store.

use std::collections::BTreeSet;

use queue_core::{StoreDir, StorePath};

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
    with_themselves(listed(nix, &["--query", "--requisites"], paths)?, paths)
}

/// `found`, each once. What was asked about is always among it; an answer
/// without it is none.
fn with_themselves(
    found: Vec<StorePath>,
    asked: &[StorePath],
) -> Result<Vec<StorePath>, CallError> {
    let told: BTreeSet<_> = found.iter().collect();
    match asked.iter().find(|path| !told.contains(path)) {
        Some(lacking) => Err(not_understood(&format!("a list without {lacking}"))),
        None => Ok(unique(found)),
    }
}

/// All that refers to `object`, to any depth, and the object itself.
pub(crate) fn referrers(nix: &Nix, object: &StorePath) -> Result<Vec<StorePath>, CallError> {
    let asked = std::slice::from_ref(object);
    with_themselves(
        listed(nix, &["--query", "--referrers-closure"], asked)?,
        asked,
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
    with_themselves(list, derivations)
}

/// The store that Nix works on where none is named: what `NIX_REMOTE` and
/// `nix.conf` say, else `auto`.
///
/// `nix show-config` is an alias since 2.20, with a warning.
pub(crate) fn store(nix: &Nix) -> Result<String, CallError> {
    let text = ask_for_settings(&Call::query(nix, "nix"))?;
    // Not a word of what it is: it may hold access tokens.
    store_setting(&text).ok_or_else(|| CallError::NotUnderstood {
        program: "nix show-config",
        what: "no setting `store`".to_owned(),
    })
}

/// All settings as they are for everybody else: none of those that our calls come with.
pub(crate) fn settings(nix: &Nix) -> Result<String, CallError> {
    ask_for_settings(&Call::about_settings(nix))
}

fn ask_for_settings(call: &Call<'_>) -> Result<String, CallError> {
    let ask = |words: &[&str]| {
        let words: Vec<_> = words.iter().map(|&word| word.to_owned()).collect();
        call.run(&words)
    };
    let older = ask(&["show-config", "--json"]);
    unless_refused(older, || ask(&["config", "show", "--json"]))
}

/// The setting `store` among all settings.
pub(crate) fn store_setting(settings: &str) -> Option<String> {
    let settings: serde_json::Value = serde_json::from_str(settings).ok()?;
    match settings["store"]["value"].as_str()? {
        // 2.8.0 takes an empty `NIX_REMOTE` for the value.
        "" => Some("auto".to_owned()),
        store => Some(store.to_owned()),
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
    let text = unless_refused(newer, || ask(path.to_string()))?;
    let outputs = path_lines(&text, nix.store_dir())?;
    if outputs.contains(derivation) {
        return Err(not_understood(
            "the derivation where its outputs were asked for",
        ));
    }
    Ok(unique(outputs))
}

/// An answer, or where Nix refused the question that to `another`: a version
/// may know only one of the two. A Nix that hangs, was stopped or cannot run is
/// not asked again: that would only take as long once more. If both are
/// refused, the first refusal is told.
fn unless_refused(
    answer: Result<String, CallError>,
    another: impl FnOnce() -> Result<String, CallError>,
) -> Result<String, CallError> {
    let refusal = match answer {
        Err(refusal @ CallError::Failed { .. }) => refusal,
        answer => return answer,
    };
    another().map_err(|error| match error {
        CallError::Failed { .. } => refusal,
        error => error,
    })
}

/// For each path its deriver, if the store knows one that is valid; a
/// derivation stands for itself.
pub(crate) fn derivers(
    nix: &Nix,
    paths: &[StorePath],
) -> Result<Vec<(StorePath, Option<StorePath>)>, CallError> {
    let (derivations, outputs): (Vec<_>, Vec<_>) =
        paths.iter().cloned().partition(StorePath::is_derivation);
    let answer = ask(nix, &["--query", "--deriver"], &outputs)?;
    let known = deriver_lines(&answer, outputs.len(), nix.store_dir())?;
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
pub(crate) fn deriver_lines(
    text: &str,
    paths: usize,
    store: &StoreDir,
) -> Result<Vec<Option<StorePath>>, CallError> {
    let deriver = |line| match line {
        "unknown-deriver" => Ok(None),
        line => path_line(line, store).map(Some),
    };
    let derivers: Vec<_> = text.lines().map(deriver).collect::<Result<_, _>>()?;
    match derivers.len() == paths {
        true => Ok(derivers),
        false => Err(not_understood(&format!(
            "{} derivers for {paths} paths",
            derivers.len()
        ))),
    }
}

fn listed(nix: &Nix, query: &[&str], paths: &[StorePath]) -> Result<Vec<StorePath>, CallError> {
    path_lines(&ask(nix, query, paths)?, nix.store_dir())
}

/// One store path a line.
pub(crate) fn path_lines(text: &str, store: &StoreDir) -> Result<Vec<StorePath>, CallError> {
    text.lines().map(|line| path_line(line, store)).collect()
}

fn path_line(line: &str, store: &StoreDir) -> Result<StorePath, CallError> {
    let parsed = store.parse(line);
    parsed.map_err(|error| not_understood(&error.to_string()))
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
    CallError::not_understood("nix-store", what)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use camino::{Utf8Path, Utf8PathBuf};
    use queue_core::UploadErrorKind;

    use super::*;
    use crate::{Timeouts, fake};

    const DRV: &str = "00000000000000000000000000000005-x.drv";

    fn temporary() -> (tempfile::TempDir, Utf8PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let path = Utf8PathBuf::from_path_buf(dir.path().to_owned()).unwrap();
        (dir, path)
    }

    /// A `nix` that notes each call before it does what the script says.
    fn nix(dir: &Utf8Path, script: &str) -> Nix {
        let script = format!("echo \"$@\" >> $0.calls\n{script}");
        fake::nix(dir, &[("nix", &script)])
    }

    fn calls(dir: &Utf8Path) -> usize {
        let calls = std::fs::read_to_string(dir.join("nix.calls"));
        calls.unwrap_or_default().lines().count()
    }

    fn failed(message: &str) -> CallError {
        CallError::Failed {
            kind: UploadErrorKind::Unclear,
            signal: None,
            message: message.to_owned(),
            hint: None,
            cut_short: None,
            details: String::new(),
        }
    }

    #[test]
    fn a_nix_that_hangs_is_asked_once() {
        let (_dir, dir) = temporary();
        let timeouts = Timeouts::total(Duration::from_secs(1));
        let nix = nix(&dir, "exec sleep 1000").with_query_timeouts(timeouts);
        let error = store(&nix).expect_err("no answer");
        assert!(matches!(error, CallError::TimedOut { .. }), "{error}");
        assert!(calls(&dir) <= 1);
        let error = outputs(&nix, &DRV.parse().unwrap()).expect_err("no answer");
        assert!(matches!(error, CallError::TimedOut { .. }), "{error}");
        assert!(calls(&dir) <= 2);
    }

    #[test]
    fn a_nix_that_refuses_is_asked_in_the_other_way() {
        let (_dir, dir) = temporary();
        let script = r#"case "$*" in
*"config show"*) echo '{"store":{"value":"daemon"}}' ;;
*show-config* | *^*) exit 1 ;;
*) echo /s/00000000000000000000000000000001-x ;;
esac"#;
        let nix = nix(&dir, script);
        assert_eq!(store(&nix).unwrap(), "daemon");
        let outputs = outputs(&nix, &DRV.parse().unwrap()).unwrap();
        assert_eq!(outputs[0].name(), "x");
        assert_eq!(calls(&dir), 4);
    }

    #[test]
    fn an_answer_that_lacks_what_was_asked_for_is_none() {
        let (_dir, dir) = temporary();
        let output: StorePath = "00000000000000000000000000000001-x".parse().unwrap();
        let drv: StorePath = DRV.parse().unwrap();
        for answer in ["true", "echo /s/00000000000000000000000000000002-y"] {
            let nix = fake::nix(&dir, &[("nix-store", answer)]);
            let answers = [
                requisites(&nix, std::slice::from_ref(&output)),
                referrers(&nix, &output),
                requisites_with_outputs(&nix, std::slice::from_ref(&drv)),
            ];
            for answer in answers {
                let error = answer.expect_err("it lacks");
                assert!(matches!(error, CallError::NotUnderstood { .. }), "{error}");
            }
        }
    }

    #[test]
    fn a_deriver_is_a_store_path_or_said_to_be_unknown() {
        let store = StoreDir::new("/s").unwrap();
        let text = format!("/s/{DRV}\nunknown-deriver\n");
        let derivers = deriver_lines(&text, 2, &store).unwrap();
        assert_eq!(derivers, [Some(DRV.parse().unwrap()), None]);
        for nonsense in [
            "",
            "unknown-deriver\n\n",
            "unknown\nunknown-deriver",
            "/s/x\n/t/x",
        ] {
            let refused = deriver_lines(nonsense, 2, &store);
            assert!(
                matches!(refused, Err(CallError::NotUnderstood { .. })),
                "{nonsense:?}"
            );
        }
    }

    #[test]
    fn a_deriver_that_is_no_store_path_is_not_taken_for_an_unknown_one() {
        let (_dir, dir) = temporary();
        let output: StorePath = "00000000000000000000000000000001-x".parse().unwrap();
        let asked = std::slice::from_ref(&output);
        let nix = fake::nix(&dir, &[("nix-store", "echo garbage")]);
        let error = derivers(&nix, asked).expect_err("garbage");
        assert!(matches!(error, CallError::NotUnderstood { .. }), "{error}");
        let nix = fake::nix(
            &dir,
            &[(
                "nix-store",
                "case \"$*\" in *--deriver*) echo unknown-deriver ;; esac",
            )],
        );
        assert_eq!(derivers(&nix, asked).unwrap(), [(output, None)]);
    }

    #[test]
    fn only_a_refusal_leads_to_another_question() {
        let cancelled = || CallError::Cancelled { program: "nix" };
        let answer = unless_refused(Err(cancelled()), || panic!("asked again"));
        assert!(matches!(answer, Err(CallError::Cancelled { .. })));
        let answer = unless_refused(Err(not_understood("x")), || panic!("asked again"));
        assert!(matches!(answer, Err(CallError::NotUnderstood { .. })));
        let answer = unless_refused(Ok("first".to_owned()), || panic!("asked again"));
        assert_eq!(answer.unwrap(), "first");

        let error = unless_refused(Err(failed("first")), || Err(failed("second")));
        assert_eq!(error.unwrap_err().to_string(), "first");
        let error = unless_refused(Err(failed("first")), || Err(cancelled()));
        assert!(matches!(error, Err(CallError::Cancelled { .. })));
    }
}
