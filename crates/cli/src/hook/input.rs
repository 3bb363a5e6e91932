//! What Nix tells its hook: `OUT_PATHS` and `DRV_PATH`.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use queue_core::{StoreDir, StorePath, derivation};

/// What is to be enqueued, and what was not understood.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Input {
    /// The outputs, each once, in the order of the variable.
    pub(crate) outputs: Vec<StorePath>,
    /// The derivation that was built.
    pub(crate) derivation: Option<StorePath>,
    /// The derivation has outputs that only Nix's database can name.
    pub(crate) ask_nix: bool,
    /// One line for each thing that was not understood.
    pub(crate) errors: Vec<String>,
}

/// Reads both variables. `read` reads a `.drv` file: Nix 2.8.0 passes
/// `OUT_PATHS` empty (NixOS/nix#6446), later versions sometimes do for
/// `--check`, and the outputs are then looked up there.
pub(crate) fn read(
    out_paths: Option<&OsStr>,
    drv_path: Option<&OsStr>,
    store: &StoreDir,
    read: impl Fn(&StorePath) -> std::io::Result<Vec<u8>>,
) -> Input {
    let mut input = Input::default();
    input.outputs = words(
        out_paths.unwrap_or_default(),
        "OUT_PATHS",
        store,
        &mut input.errors,
    );
    let drv = words(
        drv_path.unwrap_or_default(),
        "DRV_PATH",
        store,
        &mut input.errors,
    );
    input.derivation = drv.into_iter().find(StorePath::is_derivation);
    let empty = out_paths.is_none_or(|value| value.as_bytes().trim_ascii().is_empty());
    match (&input.derivation, empty) {
        (Some(derivation), true) => {
            let derivation = derivation.clone();
            input.take_outputs_of(&derivation, store, read);
        }
        (None, true) if input.errors.is_empty() => input.errors.push(
            "neither OUT_PATHS nor DRV_PATH is set: this program is run by Nix, \
             as its post-build-hook"
                .to_owned(),
        ),
        _ => {}
    }
    input
}

impl Input {
    fn take_outputs_of(
        &mut self,
        path: &StorePath,
        store: &StoreDir,
        read: impl Fn(&StorePath) -> std::io::Result<Vec<u8>>,
    ) {
        let outputs = read(path)
            .map_err(|error| error.to_string())
            .and_then(|text| derivation::outputs(&text, store).map_err(|error| error.to_string()));
        match outputs {
            Ok(outputs) => {
                self.ask_nix = outputs.iter().any(|output| output.path.is_none());
                self.outputs = outputs
                    .into_iter()
                    .filter_map(|output| output.path)
                    .collect();
            }
            Err(why) => self.errors.push(format!(
                "OUT_PATHS is empty, and the outputs of {} cannot be read from it: {why}",
                store.join(path)
            )),
        }
    }
}

/// The store paths in a variable, separated by white space, each once. One that
/// is no store path keeps no other out.
fn words(
    value: &OsStr,
    variable: &str,
    store: &StoreDir,
    errors: &mut Vec<String>,
) -> Vec<StorePath> {
    let mut seen = BTreeSet::new();
    let mut paths = Vec::new();
    for word in value
        .as_bytes()
        .split(u8::is_ascii_whitespace)
        .filter(|word| !word.is_empty())
    {
        match parse(word, store) {
            Ok(path) if seen.insert(path.clone()) => paths.push(path),
            Ok(_) => {}
            Err(why) => errors.push(format!("{variable}: {why}")),
        }
    }
    paths
}

fn parse(word: &[u8], store: &StoreDir) -> Result<StorePath, String> {
    let text = std::str::from_utf8(word)
        .map_err(|_| format!("\"{}\" is not UTF-8", word.escape_ascii()))?;
    store.parse(text).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const A: &str = "/s/v3ygr25lms4hdmxwa8h14sjv6km1l8cz-a";
    const DRV: &str = "/s/v3ygr25lms4hdmxwa8h14sjv6km1l8cz-a.drv";

    fn store() -> StoreDir {
        StoreDir::new("/s").unwrap()
    }

    fn read_with(out_paths: &str, drv_path: &str, file: &str) -> Input {
        let file = file.as_bytes().to_vec();
        read(
            Some(out_paths.as_ref()),
            Some(drv_path.as_ref()),
            &store(),
            |_| Ok(file.clone()),
        )
    }

    #[test]
    fn every_path_is_taken_once_whatever_stands_between_them() {
        let input = read_with(&format!(" {A}  {A}\n{DRV} "), DRV, "");
        assert_eq!(input.outputs.len(), 2);
        assert!(input.errors.is_empty() && input.derivation.is_some());
    }

    #[test]
    fn a_word_that_is_no_store_path_is_named_and_keeps_no_other_out() {
        for bad in [
            "relative",
            "/etc/passwd",
            "/s/../s/x",
            "/s/short-x",
            &format!("{A}/bin"),
        ] {
            let input = read_with(&format!("{bad} {A}"), DRV, "");
            assert_eq!((input.outputs.len(), input.errors.len()), (1, 1), "{bad}");
            assert!(
                input.errors[0].starts_with("OUT_PATHS: "),
                "{:?}",
                input.errors
            );
        }
    }

    #[test]
    fn bytes_that_are_not_utf8_are_shown_escaped() {
        let value = [b"/s/\xff ", A.as_bytes()].concat();
        let input = read(
            Some(OsStr::from_bytes(&value)),
            None,
            &store(),
            |_| unreachable!(),
        );
        assert_eq!(input.outputs.len(), 1);
        assert_eq!(input.errors, [r#"OUT_PATHS: "/s/\xff" is not UTF-8"#]);
    }

    #[test]
    fn outputs_come_from_the_derivation_where_nix_names_none() {
        let text = format!("Derive([(\"out\",\"{A}\",\"\",\"\")],[");
        let input = read_with("", DRV, &text);
        assert_eq!(input.outputs.len(), 1);
        assert!(!input.ask_nix && input.errors.is_empty());
    }

    #[test]
    fn a_floating_output_is_asked_for() {
        assert!(read_with(" ", DRV, r#"Derive([("out","","r:sha256","")],["#).ask_nix);
    }

    #[test]
    fn a_derivation_that_cannot_be_read_is_an_error_with_its_name() {
        let input = read_with("", DRV, "garbage");
        assert!(input.errors[0].contains(DRV) && input.errors[0].contains("not a derivation"));
        let gone = |_: &StorePath| Err(std::io::Error::other("gone"));
        let input = read(None, Some(DRV.as_ref()), &store(), gone);
        assert!(input.errors[0].ends_with("gone"), "{:?}", input.errors);
    }

    #[test]
    fn without_any_variable_it_says_who_runs_it() {
        let input = read(None, None, &store(), |_| unreachable!());
        assert!(input.errors[0].contains("post-build-hook"));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(out: Vec<u8>, drv: Vec<u8>, file: Vec<u8>) {
            let (out, drv) = (OsStr::from_bytes(&out), OsStr::from_bytes(&drv));
            read(Some(out), Some(drv), &store(), |_| Ok(file.clone()));
        }
    }
}
