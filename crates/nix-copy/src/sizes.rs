//! How large store objects are, and what they refer to.

use std::collections::{BTreeMap, BTreeSet};

use queue_core::{StoreDir, StoreObject, StorePath};
use serde_json::Value;

use crate::Nix;
use crate::call::{Call, CallError};
use crate::chunks::chunks;
use crate::path_info::in_known_format;
use crate::queries::{full_paths, invalid};

/// `paths` and all they refer to, each once; without what is not valid.
pub(crate) fn closure(nix: &Nix, paths: &[StorePath]) -> Result<Vec<StoreObject>, CallError> {
    match all(nix, paths) {
        // One path that is not valid fails the whole call.
        Err(error @ CallError::Failed { .. }) => {
            let gone: BTreeSet<_> = invalid(nix, paths)?.into_iter().collect();
            if gone.is_empty() {
                return Err(error);
            }
            let rest = paths.iter().filter(|path| !gone.contains(path));
            all(nix, &rest.cloned().collect::<Vec<_>>())
        }
        answer => answer,
    }
}

/// Before 2.15 `X.drv` stands for its outputs, but with `--derivation` for
/// itself on every version. An output stands for its deriver then.
fn all(nix: &Nix, paths: &[StorePath]) -> Result<Vec<StoreObject>, CallError> {
    let (derivations, outputs): (Vec<_>, Vec<_>) =
        paths.iter().cloned().partition(StorePath::is_derivation);
    let mut objects = BTreeMap::new();
    for (paths, option) in [(outputs, None), (derivations, Some("--derivation"))] {
        for chunk in chunks(&full_paths(nix, &paths)) {
            for object in ask(nix, option, chunk)? {
                objects.insert(object.path.clone(), object);
            }
        }
    }
    Ok(objects.into_values().collect())
}

fn ask(nix: &Nix, option: Option<&str>, paths: &[String]) -> Result<Vec<StoreObject>, CallError> {
    let call = Call::query(nix, "nix");
    let text = in_known_format(|format| {
        let question = ["path-info", "--json", "--recursive", "--size"];
        let words = question.iter().chain(format).copied().chain(option);
        let arguments = words.chain(paths.iter().map(String::as_str));
        call.run(&arguments.map(str::to_owned).collect::<Vec<_>>())
    })?;
    let objects = parse(&text, nix.store_dir());
    objects
        .filter(|objects| are_told(paths, objects, nix.store_dir()))
        .ok_or_else(|| CallError::not_understood("nix path-info", &text))
}

/// An answer that lacks what was asked for is none. (Nix fails for a path that
/// is not valid, with `--recursive` on every version.)
fn are_told(paths: &[String], objects: &[StoreObject], store_dir: &StoreDir) -> bool {
    let told: BTreeSet<_> = objects.iter().map(|object| &object.path).collect();
    let mut asked = paths.iter().filter_map(|path| store_dir.parse(path).ok());
    asked.all(|path| told.contains(&path))
}

/// Up to 2.18 a list of objects, from 2.19 an object.
pub(crate) fn parse(text: &str, store_dir: &StoreDir) -> Option<Vec<StoreObject>> {
    match serde_json::from_str(text).ok()? {
        Value::Array(list) => list
            .iter()
            .map(|info| object(info.get("path")?.as_str()?, info, store_dir))
            .collect(),
        Value::Object(map) => map
            .iter()
            .map(|(path, info)| object(path, info, store_dir))
            .collect(),
        _ => None,
    }
}

fn object(path: &str, info: &Value, store_dir: &StoreDir) -> Option<StoreObject> {
    let reference = |path: &Value| store_dir.parse(path.as_str()?).ok();
    let references = info.get("references")?.as_array()?;
    Some(StoreObject {
        path: store_dir.parse(path).ok()?,
        nar_size: info.get("narSize")?.as_u64()?,
        references: references.iter().map(reference).collect::<Option<_>>()?,
    })
}

#[cfg(test)]
mod tests {
    use camino::Utf8Path;
    use queue_core::Pinned;

    use super::*;

    fn check(sample: &str, sizes: &[(&str, u64)]) {
        let store = StoreDir::new("/nix/store").unwrap();
        let mut objects = parse(sample, &store).unwrap();
        objects.sort_by_key(|object| object.nar_size);
        let found: Vec<_> = objects
            .iter()
            .map(|object| (object.path.name(), object.nar_size))
            .collect();
        assert_eq!(found, sizes);
        let whole = Pinned::new(&objects).bytes(&[objects[1].path.clone()]);
        assert_eq!(whole, sizes.iter().map(|(_, size)| size).sum::<u64>());
    }

    #[test]
    fn the_answers_of_every_version_are_understood() {
        for sample in [
            include_str!("../tests/samples/2.8.0/closure.json"),
            include_str!("../tests/samples/2.26.3/closure.json"),
            include_str!("../tests/samples/2.34.8/closure.json"),
        ] {
            check(sample, &[("dep", 120), ("main", 232)]);
        }
    }

    #[test]
    fn a_derivation_s_own_closure_is_understood() {
        for sample in [
            include_str!("../tests/samples/2.8.0/closure-derivation.json"),
            include_str!("../tests/samples/2.26.3/closure-derivation.json"),
            include_str!("../tests/samples/2.34.8/closure-derivation.json"),
        ] {
            check(sample, &[("dep.drv", 384), ("main.drv", 520)]);
        }
    }

    #[test]
    fn other_shapes_are_refused() {
        let store = StoreDir::new("/nix/store").unwrap();
        let path = "/nix/store/v3ygr25lms4hdmxwa8h14sjv6km1l8cz-a";
        let map = |info: &str| format!("{{\"{path}\":{info}}}");
        let texts = [
            String::new(),
            "1".to_owned(),
            "[1]".to_owned(),
            map("null"),
            map(r#"{"narSize":-1,"references":[]}"#),
            map(r#"{"narSize":1}"#),
            map(r#"{"narSize":1,"references":["/elsewhere/x"]}"#),
            "{\"info\":{\"narSize\":1,\"references\":[]}}".to_owned(),
        ];
        for text in texts {
            assert_eq!(parse(&text, &store), None, "{text}");
        }
    }

    const MAIN: &str = "gxqzznncgm69jhiyia08fan7viva2zhy-main";
    const GONE: &str = "00000000000000000000000000aaaaab-gone";

    fn asked(programs: &[(&str, &str)]) -> Result<Vec<String>, CallError> {
        let dir = tempfile::tempdir().unwrap();
        let nix = crate::fake::nix(Utf8Path::from_path(dir.path()).unwrap(), programs);
        let objects = closure(&nix, &[MAIN.parse().unwrap(), GONE.parse().unwrap()])?;
        let names = objects.iter().map(|object| object.path.name().to_owned());
        Ok(names.collect())
    }

    #[test]
    fn what_is_not_valid_is_left_out() {
        let info = format!(r#"{{"/s/{MAIN}":{{"narSize":1,"references":[]}}}}"#);
        let refuses = format!(
            "case \"$*\" in *gone*) echo \"error: path '/s/{GONE}' is not valid\" >&2; exit 1;; esac"
        );
        let nix = format!("{refuses}\necho '{info}'");
        let store = format!("echo /s/{GONE}");
        let names = asked(&[("nix", &nix), ("nix-store", &store)]).unwrap();
        assert_eq!(names, ["main"]);
    }

    #[test]
    fn an_answer_that_lacks_what_was_asked_for_is_none() {
        for answer in [
            "[]",
            "{}",
            &format!(r#"[{{"path":"/s/{MAIN}","narSize":1,"references":[]}}]"#),
        ] {
            let nix = format!("echo '{answer}'");
            let error = asked(&[("nix", &nix), ("nix-store", "true")]).expect_err("it lacks");
            assert!(matches!(error, CallError::NotUnderstood { .. }), "{error}");
        }
    }

    #[test]
    fn an_empty_answer_is_called_one() {
        let error = asked(&[("nix", "true"), ("nix-store", "true")]).expect_err("empty");
        assert!(error.to_string().ends_with(": an empty answer"), "{error}");
    }

    #[test]
    fn a_store_that_cannot_be_asked_is_an_error() {
        let fails = "echo 'error: no room' >&2; exit 1";
        let error = asked(&[("nix", fails), ("nix-store", "true")]).expect_err("it fails");
        assert!(error.to_string().contains("no room"), "{error}");
    }
}
