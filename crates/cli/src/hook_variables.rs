//! What Nix tells its hook: `OUT_PATHS` and `DRV_PATH`.
//!
//! The hook reads them, and so do commands that are called in a hook's place.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;

use camino::Utf8Path;
use queue_core::{PortError, StoreDir, StorePath, derivation};
use rustix::fs::{Mode, OFlags};

use crate::adapters::Store;

/// Large derivations have some megabytes.
const LARGEST: u64 = 64 << 20;

/// Both variables as they are.
#[derive(Debug, Default)]
pub(crate) struct HookVariables {
    out_paths: Option<OsString>,
    drv_path: Option<OsString>,
}

impl HookVariables {
    /// Out of an environment.
    pub(crate) fn of(variable: impl Fn(&str) -> Option<OsString>) -> Self {
        Self {
            out_paths: variable("OUT_PATHS"),
            drv_path: variable("DRV_PATH"),
        }
    }

    /// What they mean in this store.
    pub(crate) fn read(&self, store: &Store) -> Built {
        let file = |path: &StorePath| read_file(&store.dir.join(path));
        read(
            self.out_paths.as_deref(),
            self.drv_path.as_deref(),
            &store.dir,
            file,
        )
    }
}

/// Reads a `.drv` file. Anything else in its place (a pipe would never end) is an error: a build
/// waits for us.
fn read_file(path: &Utf8Path) -> io::Result<Vec<u8>> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let file = File::from(rustix::fs::open(path.as_str(), flags, Mode::empty())?);
    let mut text = Vec::new();
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    file.take(LARGEST + 1).read_to_end(&mut text)?;
    match text.len() as u64 > LARGEST {
        true => Err(io::Error::other(format!(
            "it is larger than {LARGEST} bytes"
        ))),
        false => Ok(text),
    }
}

/// What was built, and what was not understood.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Built {
    /// The outputs, each once, in the order of the variable.
    pub(crate) outputs: Vec<StorePath>,
    /// The derivation that was built.
    pub(crate) derivation: Option<StorePath>,
    /// The derivation has outputs that only Nix's database can name.
    ask_nix: bool,
    /// One line for each thing that was not understood.
    pub(crate) errors: Vec<String>,
}

/// Reads both variables. `file` reads a `.drv` file: Nix 2.8.0 passes
/// `OUT_PATHS` empty (NixOS/nix#6446), later versions sometimes do for
/// `--check`, and the outputs are then looked up there.
pub(crate) fn read(
    out_paths: Option<&OsStr>,
    drv_path: Option<&OsStr>,
    store: &StoreDir,
    file: impl Fn(&StorePath) -> io::Result<Vec<u8>>,
) -> Built {
    let mut built = Built::default();
    built.outputs = words(
        out_paths.unwrap_or_default(),
        "OUT_PATHS",
        store,
        &mut built.errors,
    );
    let drv = words(
        drv_path.unwrap_or_default(),
        "DRV_PATH",
        store,
        &mut built.errors,
    );
    built.derivation = drv.iter().find(|path| path.is_derivation()).cloned();
    let empty = out_paths.is_none_or(|value| value.as_bytes().trim_ascii().is_empty());
    match (built.derivation.clone(), drv.first()) {
        (Some(derivation), _) if empty => built.take_outputs_of(&derivation, store, file),
        // Queues of some closure types want it, whatever the outputs are.
        (None, Some(other)) => {
            let why = if empty {
                "OUT_PATHS is empty, and "
            } else {
                ""
            };
            let other = store.join(other);
            let error = format!("{why}DRV_PATH is no derivation: {other}");
            built.errors.push(error);
        }
        _ => {}
    }
    built
}

impl Built {
    /// Whether the variables tell nothing, neither good nor bad.
    pub(crate) fn is_nothing(&self) -> bool {
        *self == Self::default()
    }

    /// The one case that takes a process: Nix named no outputs, and they are floating
    /// content-addressed ones, so that the derivation does not either.
    ///
    /// # Errors
    ///
    /// If Nix cannot tell them.
    pub(crate) fn ask_nix(&mut self, store: &Store) -> Result<(), PortError> {
        if let Some(derivation) = self.derivation.as_ref().filter(|_| self.ask_nix) {
            self.outputs = store.outputs(derivation)?;
        }
        Ok(())
    }

    fn take_outputs_of(
        &mut self,
        path: &StorePath,
        store: &StoreDir,
        file: impl Fn(&StorePath) -> io::Result<Vec<u8>>,
    ) {
        let failed = |error: Box<dyn std::error::Error + Send + Sync>| {
            PortError::new("read its outputs from", store.join(path), error)
        };
        let outputs = file(path)
            .map_err(|error| failed(error.into()))
            .and_then(|text| derivation::outputs(&text, store).map_err(|e| failed(e.into())));
        match outputs {
            Ok(outputs) => {
                self.ask_nix = outputs.iter().any(|output| output.path.is_none());
                self.outputs = outputs
                    .into_iter()
                    .filter_map(|output| output.path)
                    .collect();
            }
            Err(error) => {
                let why = error.chain();
                self.errors.push(format!("OUT_PATHS is empty: {why}"));
            }
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
            Ok(path) if seen.insert(word) => paths.push(path),
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

    fn read_with(out_paths: &str, drv_path: &str, file: &str) -> Built {
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
        let built = read_with(&format!(" {A}  {A}\n{DRV} "), DRV, "");
        assert_eq!(built.outputs.len(), 2);
        assert!(built.errors.is_empty() && built.derivation.is_some());
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
            let built = read_with(&format!("{bad} {A}"), DRV, "");
            assert_eq!((built.outputs.len(), built.errors.len()), (1, 1), "{bad}");
            assert!(
                built.errors[0].starts_with("OUT_PATHS: "),
                "{:?}",
                built.errors
            );
        }
    }

    #[test]
    fn bytes_that_are_not_utf8_are_shown_escaped() {
        let value = [b"/s/\xff ", A.as_bytes()].concat();
        let built = read(
            Some(OsStr::from_bytes(&value)),
            None,
            &store(),
            |_| unreachable!(),
        );
        assert_eq!(built.outputs.len(), 1);
        assert_eq!(built.errors, [r#"OUT_PATHS: "/s/\xff" is not UTF-8"#]);
    }

    #[test]
    fn outputs_come_from_the_derivation_where_nix_names_none() {
        let text = format!("Derive([(\"out\",\"{A}\",\"\",\"\")],[");
        let built = read_with("", DRV, &text);
        assert_eq!(built.outputs.len(), 1);
        assert!(!built.ask_nix && built.errors.is_empty());
    }

    #[test]
    fn a_floating_output_is_asked_for() {
        assert!(read_with(" ", DRV, r#"Derive([("out","","r:sha256","")],["#).ask_nix);
    }

    #[test]
    fn a_derivation_that_cannot_be_read_is_an_error_with_its_name() {
        let built = read_with("", DRV, "garbage");
        assert!(built.errors[0].contains(DRV) && built.errors[0].contains("not a derivation"));
        let gone = |_: &StorePath| Err(std::io::Error::other("gone"));
        let built = read(None, Some(DRV.as_ref()), &store(), gone);
        assert!(built.errors[0].ends_with("gone"), "{:?}", built.errors);
    }

    #[test]
    fn a_drv_path_that_is_no_derivation_is_named() {
        let error = format!("DRV_PATH is no derivation: {A}");
        assert_eq!(
            read_with("", A, "").errors,
            [format!("OUT_PATHS is empty, and {error}")]
        );
        assert_eq!(read_with(A, A, "").errors, [error]);
    }

    #[test]
    fn a_derivation_without_outputs_is_an_error_with_its_name() {
        let built = read_with("", DRV, "Derive([],[");
        assert!(built.errors[0].contains(DRV) && built.errors[0].contains("not a derivation"));
    }

    #[test]
    fn without_a_word_in_them_there_is_nothing() {
        for empty in [None, Some(OsStr::new(" "))] {
            assert!(read(empty, empty, &store(), |_| unreachable!()).is_nothing());
        }
        assert!(!read_with("x", "", "").is_nothing() && !read_with("", DRV, "").is_nothing());
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(out: Vec<u8>, drv: Vec<u8>, file: Vec<u8>) {
            let (out, drv) = (OsStr::from_bytes(&out), OsStr::from_bytes(&drv));
            read(Some(out), Some(drv), &store(), |_| Ok(file.clone()));
        }
    }
}
