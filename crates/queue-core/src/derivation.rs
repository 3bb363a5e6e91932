//! Reading the outputs of a `.drv` file.
//!
//! A derivation file starts with the list of its outputs (Nix 2.26.3,
//! `src/libstore/derivations.cc`, `Derivation::unparse`):
//!
//! ```text
//! Derive([("dev","/nix/store/…-x-dev","",""),("out","/nix/store/…-x","","")],…
//! ```
//!
//! or, with dynamic derivations, `DrvWithVersion("xp-dyn-drv",[(…` instead of
//! `Derive([(…`. Nothing behind that list is looked at.

use crate::{ParseStorePathError, StoreDir, StorePath};

/// One output of a derivation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// Its name: `out`, `dev`.
    pub name: String,
    /// Its path; `None` when only a build tells it (a floating
    /// content-addressed, a deferred or an impure output).
    pub path: Option<StorePath>,
}

/// A text that is not a derivation file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DerivationError {
    /// It does not have the expected shape.
    #[error("not a derivation: expected {expected} at byte {at}")]
    Shape {
        /// What should have been there.
        expected: &'static str,
        /// Where it should have been.
        at: usize,
    },
    /// An output's path is not a store path of this store.
    #[error("the derivation's output is not a store path")]
    Path(#[from] ParseStorePathError),
}

/// The outputs named at the start of a derivation file: one or more, since Nix makes no derivation
/// without any (2.26.3, `src/libexpr/primops.cc`, `derivationStrictInternal`).
///
/// ```
/// use queue_core::{StoreDir, derivation};
/// let store = StoreDir::new("/s").unwrap();
/// let text = r#"Derive([("out","/s/v3ygr25lms4hdmxwa8h14sjv6km1l8cz-x","","")],[],…"#;
/// let outputs = derivation::outputs(text.as_bytes(), &store).unwrap();
/// assert_eq!(outputs[0].name, "out");
/// assert!(outputs[0].path.is_some());
/// ```
///
/// # Errors
///
/// When the text is not a derivation file, or names paths of another store.
pub fn outputs(text: &[u8], store: &StoreDir) -> Result<Vec<Output>, DerivationError> {
    let mut reader = Reader { text, at: 0 };
    if reader.take("DrvWithVersion(").is_ok() {
        reader.string()?;
        reader.take(",[")?;
    } else {
        reader.take("Derive([")?;
    }
    let mut outputs = vec![reader.output(store)?];
    while reader.take("]").is_err() {
        reader.take(",")?;
        outputs.push(reader.output(store)?);
    }
    Ok(outputs)
}

struct Reader<'t> {
    text: &'t [u8],
    at: usize,
}

impl Reader<'_> {
    fn output(&mut self, store: &StoreDir) -> Result<Output, DerivationError> {
        self.take("(")?;
        let name = self.string()?;
        self.take(",")?;
        let path = self.string()?;
        self.take(",")?;
        self.string()?;
        self.take(",")?;
        self.string()?;
        self.take(")")?;
        let path = if path.is_empty() {
            None
        } else {
            Some(store.parse(&path)?)
        };
        Ok(Output { name, path })
    }

    fn take(&mut self, expected: &'static str) -> Result<(), DerivationError> {
        if !self.text[self.at..].starts_with(expected.as_bytes()) {
            return Err(self.expected(expected));
        }
        self.at += expected.len();
        Ok(())
    }

    /// A quoted string with `\"`, `\\`, `\n`, `\r`, `\t`.
    fn string(&mut self) -> Result<String, DerivationError> {
        self.take("\"")?;
        let mut bytes = Vec::new();
        loop {
            match self.byte()? {
                b'"' => break,
                b'\\' => bytes.push(match self.byte()? {
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b't' => b'\t',
                    other => other,
                }),
                other => bytes.push(other),
            }
        }
        String::from_utf8(bytes).map_err(|_| self.expected("a string in UTF-8"))
    }

    fn byte(&mut self) -> Result<u8, DerivationError> {
        let byte = self
            .text
            .get(self.at)
            .ok_or_else(|| self.expected("the end of a string"))?;
        self.at += 1;
        Ok(*byte)
    }

    fn expected(&self, expected: &'static str) -> DerivationError {
        DerivationError::Shape {
            expected,
            at: self.at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const DIGITS: &str = "v3ygr25lms4hdmxwa8h14sjv6km1l8cz";

    fn store() -> StoreDir {
        StoreDir::new("/s").unwrap()
    }

    fn escape(text: &str) -> String {
        text.replace('\\', "\\\\")
            .replace('"', "\\\"")
            .replace('\n', "\\n")
            .replace('\t', "\\t")
            .replace('\r', "\\r")
    }

    proptest! {
        #[test]
        fn every_output_is_read_back(
            wanted in proptest::collection::vec((".*", proptest::option::of("[a-z][a-z.-]{0,9}"), ".*"), 1..5)
        ) {
            let list: Vec<_> = wanted.iter().map(|(name, path, hash)| {
                let path = path.as_ref().map_or(String::new(), |p| format!("/s/{DIGITS}-{p}"));
                format!("(\"{}\",\"{path}\",\"{}\",\"\")", escape(name), escape(hash))
            }).collect();
            let text = format!("Derive([{}],[],[],\"x\",\"/bin/sh\",[],[])", list.join(","));
            let read = outputs(text.as_bytes(), &store()).unwrap();
            let read: Vec<_> = read.into_iter().map(|o| (o.name, o.path.map(|p| p.name().to_owned()))).collect();
            let wanted: Vec<_> = wanted.into_iter().map(|(name, path, _)| (name, path)).collect();
            prop_assert_eq!(read, wanted);
        }

        #[test]
        fn no_bytes_make_it_panic(bytes: Vec<u8>, cut in 0usize..60) {
            let _ = outputs(&bytes, &store());
            let text = format!("Derive([(\"out\",\"/s/{DIGITS}-x\",\"\",\"\")],[");
            let mut damaged = text.as_bytes()[..cut.min(text.len())].to_vec();
            damaged.extend(bytes);
            let _ = outputs(&damaged, &store());
        }
    }

    #[test]
    fn a_floating_output_has_no_path() {
        let text = br#"Derive([("out","","r:sha256","")],[],"#;
        let read = outputs(text, &store()).unwrap();
        assert_eq!(
            read,
            [Output {
                name: "out".into(),
                path: None
            }]
        );
    }

    #[test]
    fn a_derivation_with_a_version_is_read() {
        let text =
            format!("DrvWithVersion(\"xp-dyn-drv\",[(\"out\",\"/s/{DIGITS}-x\",\"\",\"\")],[");
        assert_eq!(outputs(text.as_bytes(), &store()).unwrap().len(), 1);
    }

    #[test]
    fn an_output_of_another_store_is_refused() {
        let text = format!("Derive([(\"out\",\"/other/{DIGITS}-x\",\"\",\"\")],[");
        assert!(matches!(
            outputs(text.as_bytes(), &store()),
            Err(DerivationError::Path(_))
        ));
    }

    #[test]
    fn without_outputs_it_is_none() {
        let error = outputs(b"Derive([],[],[]", &store()).unwrap_err();
        assert_eq!(error.to_string(), "not a derivation: expected ( at byte 8");
    }

    #[test]
    fn what_is_missing_is_said_with_its_place() {
        let error = outputs(b"Derive([(\"out\"", &store()).unwrap_err();
        assert_eq!(error.to_string(), "not a derivation: expected , at byte 14");
    }
}
