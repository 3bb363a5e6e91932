//! What entries bring along: the objects that go with them, by closure type.

use std::collections::BTreeSet;

use queue_core::{StorePath, UploadWarning};

use crate::call::CallError;
use crate::chunks::calls;
use crate::queries::{self, unique};
use crate::{ClosureType, Nix};

/// Asks the local store what goes with entries of one closure type.
pub(crate) struct Brings<'a> {
    pub(crate) nix: &'a Nix,
    pub(crate) closure_type: ClosureType,
}

/// What `nix copy` is told to copy for a list of entries, and what the user
/// should know about it.
#[derive(Default)]
pub(crate) struct ToCopy {
    pub(crate) paths: Vec<StorePath>,
    pub(crate) warnings: Vec<UploadWarning>,
}

impl Brings<'_> {
    /// The paths whose closures are to be copied; for `bare`, themselves.
    pub(crate) fn to_copy(&self, paths: &[StorePath]) -> Result<ToCopy, CallError> {
        match self.closure_type {
            ClosureType::Bare => self.bare(paths),
            ClosureType::Binary => Ok(ToCopy {
                paths: unique(paths.to_vec()),
                ..ToCopy::default()
            }),
            ClosureType::Source => self.source(paths),
            ClosureType::Cache => {
                let mut all = self.source(paths)?;
                let derivations = only_derivations(&all.paths);
                all.paths
                    .extend(queries::requisites_with_outputs(self.nix, &derivations)?);
                all.paths = unique(all.paths);
                Ok(all)
            }
        }
    }

    /// In one call Nix sorts them itself; over several, references have to go
    /// first. A derivation may refer to an output (a source that was built, by
    /// import from derivation say) and an output to a derivation, so neither
    /// kind as a whole goes before the other: the outputs go first, and before
    /// them only the derivations that they refer to.
    fn bare(&self, paths: &[StorePath]) -> Result<ToCopy, CallError> {
        let mut paths = unique(paths.to_vec());
        if calls(self.nix, &paths).count() > 1 {
            let queued: BTreeSet<StorePath> = paths.iter().cloned().collect();
            let derivations = only_derivations(&paths);
            paths.retain(|path| !path.is_derivation());
            let mut sorted = queries::requisites(self.nix, &paths)?;
            sorted.extend(queries::requisites(self.nix, &derivations)?);
            sorted.retain(|path| queued.contains(path));
            paths = unique(sorted);
        }
        Ok(ToCopy {
            paths,
            ..ToCopy::default()
        })
    }

    fn source(&self, paths: &[StorePath]) -> Result<ToCopy, CallError> {
        let mut found = ToCopy::default();
        for (path, deriver) in queries::derivers(self.nix, paths)? {
            if deriver.is_none() {
                found.warnings.push(UploadWarning {
                    path: path.clone(),
                    message: "has no valid deriver, its own closure was copied".to_owned(),
                });
            }
            found.paths.push(deriver.unwrap_or(path));
        }
        found.paths = unique(found.paths);
        Ok(found)
    }

    /// For each entry what itself comes to: the paths that the destination has
    /// once the entry arrived, but for what those refer to.
    pub(crate) fn expected(
        &self,
        entries: &[StorePath],
    ) -> Result<Vec<(StorePath, Vec<StorePath>)>, CallError> {
        let itself = |path: &StorePath| (path.clone(), vec![path.clone()]);
        let with_output = match self.closure_type {
            ClosureType::Bare | ClosureType::Binary => {
                return Ok(entries.iter().map(itself).collect());
            }
            ClosureType::Source => false,
            ClosureType::Cache => true,
        };
        let derivers = queries::derivers(self.nix, entries)?;
        let expected = derivers.into_iter().map(|(path, deriver)| {
            let output = (with_output || deriver.is_none()).then(|| path.clone());
            (path, deriver.into_iter().chain(output).collect())
        });
        Ok(expected.collect())
    }
}

fn only_derivations(paths: &[StorePath]) -> Vec<StorePath> {
    let derivations = paths.iter().filter(|path| path.is_derivation());
    derivations.cloned().collect()
}
