//! The contents of the local store, compared by Nix with what was registered.

use std::collections::{BTreeMap, BTreeSet};

use queue_core::{
    Damage, PortError, Splitter, StoreContents, StorePath, UploadError, UploadErrorKind,
};

use crate::brings::Brings;
use crate::call::{Call, CallError};
use crate::chunks::calls;
use crate::copy_args::Objects;
use crate::queries::{self, unique};
use crate::store_verify::{self, Verdict};
use crate::supervise::Timeouts;
use crate::{ClosureType, Nix};

/// How many objects a hint names, and the queue remembers.
const NAMED: usize = 10;

/// How much of what entries bring along is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContentsScope {
    /// The entries themselves, or what goes in their place: with the closure
    /// type `source` their derivations, with `cache` both. Of what they bring
    /// along only other entries of the queue, and what is known as damaged
    /// already: other damage there goes.
    Entries,
    /// All that goes with them: nothing damaged goes.
    Closure,
}

/// [`StoreContents`] that asks `nix store verify --no-trust`.
///
/// One process for each kind of object (derivations and others) in a thousand
/// entries, beside those that the closure type costs. Only where there is
/// damage it asks more: which objects cannot be read, which entries bring them
/// along. Where something else is queued, or damage is known from before, the
/// scope `Entries` asks once more as well (`nix-store --query --requisites`; with
/// the closure types `source` and `cache` for derivers too), and compares what the
/// entries would bring along of that.
#[derive(Debug, Clone)]
pub struct NixStoreContents {
    nix: Nix,
    closure_type: ClosureType,
    scope: ContentsScope,
    timeouts: Timeouts,
}

/// The damaged objects, each with what is wrong with it.
type Bad = BTreeMap<StorePath, String>;

/// The other entries of the queue, and what was found damaged before.
type Others = BTreeSet<StorePath>;

impl NixStoreContents {
    /// For entries that are copied with this closure type. The timeouts hold for
    /// each comparison; the `Cancel` of `nix` ends it.
    #[must_use]
    pub fn new(
        nix: Nix,
        closure_type: ClosureType,
        scope: ContentsScope,
        timeouts: Timeouts,
    ) -> Self {
        Self {
            nix,
            closure_type,
            scope,
            timeouts,
        }
    }

    /// With a path that is not valid Nix may answer nothing at all, for none of
    /// the others either.
    fn compare_valid(
        &self,
        entries: &[StorePath],
        others: &Others,
    ) -> Result<Vec<Damage>, CallError> {
        let error = match self.compare(entries, others) {
            Err(error @ CallError::Failed { .. }) => error,
            answer => return answer,
        };
        let all: Vec<_> = entries.iter().chain(others).cloned().collect();
        let gone: BTreeSet<_> = match queries::invalid(&self.nix, &all) {
            Ok(gone) if !gone.is_empty() => gone.into_iter().collect(),
            // A store that cannot answer that either has failed for one reason.
            _ => return Err(error),
        };
        let valid = entries.iter().filter(|path| !gone.contains(path));
        self.compare(&valid.cloned().collect::<Vec<_>>(), &(others - &gone))
    }

    fn compare(&self, entries: &[StorePath], others: &Others) -> Result<Vec<Damage>, CallError> {
        let mut paths = match self.scope {
            ContentsScope::Entries => self.flat(entries, others)?,
            ContentsScope::Closure => self.brings().to_copy(entries)?.paths,
        };
        paths.sort_by_key(StorePath::is_derivation);
        let bad = self.bad(&paths)?;
        if bad.is_empty() {
            return Ok(Vec::new());
        }
        self.who_brings(&bad, entries)
    }

    fn brings(&self) -> Brings<'_> {
        Brings {
            nix: &self.nix,
            closure_type: self.closure_type,
        }
    }

    /// What the entries themselves come to, and what they bring along of what
    /// others do.
    fn flat(&self, entries: &[StorePath], others: &Others) -> Result<Vec<StorePath>, CallError> {
        let mut paths = self.own(entries)?;
        if !others.is_empty() && self.brings_references() {
            let all = queries::requisites(&self.nix, &self.brings().to_copy(entries)?.paths)?;
            let mut looked_at = others.clone();
            looked_at.extend(self.own(&others.iter().cloned().collect::<Vec<_>>())?);
            paths.extend(all.into_iter().filter(|path| looked_at.contains(path)));
        }
        Ok(unique(paths))
    }

    /// What the entries themselves come to.
    fn own(&self, entries: &[StorePath]) -> Result<Vec<StorePath>, CallError> {
        let each = self.brings().expected(entries)?;
        Ok(each.into_iter().flat_map(|(_, paths)| paths).collect())
    }

    fn is_recursive(&self) -> bool {
        self.scope == ContentsScope::Closure && self.brings_references()
    }

    /// Whether an entry brings along what it refers to, compared or not.
    fn brings_references(&self) -> bool {
        self.closure_type != ClosureType::Bare
    }

    /// The damaged objects among the paths, and what they refer to if that goes
    /// as well.
    fn bad(&self, paths: &[StorePath]) -> Result<Bad, CallError> {
        let Verdict { modified, unclear } = self.compare_paths(paths, self.is_recursive())?;
        let mut bad = Bad::new();
        note_modified(&mut bad, modified);
        if unclear.is_some() {
            let objects = match self.is_recursive() {
                true => queries::requisites(&self.nix, paths)?,
                false => paths.to_vec(),
            };
            self.find_one_by_one(objects, &mut bad)?;
        }
        Ok(bad)
    }

    /// Halves until each object that is bad stands alone. One that is
    /// not valid is not damaged: the copy will tell of it.
    fn find_one_by_one(&self, mut objects: Vec<StorePath>, bad: &mut Bad) -> Result<(), CallError> {
        let gone = queries::invalid(&self.nix, &objects)?;
        objects.retain(|path| !bad.contains_key(path) && !gone.contains(path));
        objects.sort_by_key(StorePath::is_derivation);
        let mut splitter = Splitter::new(objects);
        while let Some(part) = splitter.next() {
            let Verdict { modified, unclear } = self.compare_each(&part)?;
            note_modified(bad, modified);
            let Some(reason) = unclear else { continue };
            if is_everybodys(&reason) {
                return Err(CallError::NotUnderstood {
                    program: "nix",
                    what: reason,
                });
            }
            if let Some(culprit) = splitter.split(part) {
                bad.insert(culprit, format!("cannot be read: {reason}"));
            }
        }
        Ok(())
    }

    fn compare_paths(&self, paths: &[StorePath], recursive: bool) -> Result<Verdict, CallError> {
        let call = Call {
            timeouts: &self.timeouts,
            ..Call::query(&self.nix, "nix")
        };
        let mut all = Verdict::default();
        for (objects, paths) in calls(&self.nix, paths) {
            let found = match store_verify::compare(&call, objects, recursive, &paths) {
                // Perhaps for one of them (2.8.0): each is asked about then.
                Err(error @ CallError::Failed { .. }) if objects == Objects::Derivations => {
                    Verdict {
                        unclear: Some(error.to_string()),
                        ..Verdict::default()
                    }
                }
                answer => answer?,
            };
            all.add(found);
        }
        Ok(all)
    }

    /// Such that no damage to one spoils the answer about another one.
    fn compare_each(&self, paths: &[StorePath]) -> Result<Verdict, CallError> {
        let (derivations, outputs): (Vec<_>, Vec<_>) =
            paths.iter().cloned().partition(StorePath::is_derivation);
        let mut all = self.compare_paths(&outputs, false)?;
        let call = Call {
            timeouts: &self.timeouts,
            ..Call::query(&self.nix, "nix-store")
        };
        for (_, paths) in calls(&self.nix, &derivations) {
            all.add(store_verify::compare_derivations(&call, &paths)?);
        }
        Ok(all)
    }

    /// The entries that are damaged or bring damage along.
    fn who_brings(&self, bad: &Bad, entries: &[StorePath]) -> Result<Vec<Damage>, CallError> {
        let holders = bad
            .keys()
            .map(|object| Ok((object, self.holders(object)?)))
            .collect::<Result<Vec<_>, CallError>>()?;
        let mut found = Vec::new();
        for (entry, own) in self.brings().expected(entries)? {
            let paths = self.with_outputs(&own)?;
            let hit = |(_, holders): &&(_, BTreeSet<StorePath>)| {
                paths.iter().any(|path| holders.contains(path))
            };
            let objects = holders.iter().filter(hit).map(|(object, _)| *object);
            let mut objects: Vec<_> = objects.collect();
            objects.sort_by_key(|object| !own.contains(object));
            found.extend(self.damage(entry, &objects, bad));
        }
        Ok(found)
    }

    /// The object, and what refers to it to any depth if it goes with that.
    fn holders(&self, object: &StorePath) -> Result<BTreeSet<StorePath>, CallError> {
        let mut holders = BTreeSet::from([object.clone()]);
        if self.brings_references() {
            holders.extend(queries::referrers(&self.nix, object)?);
        }
        Ok(holders)
    }

    /// With `cache` the outputs of all derivations go as well.
    fn with_outputs(&self, own: &[StorePath]) -> Result<Vec<StorePath>, CallError> {
        let mut paths = own.to_vec();
        let derivations: Vec<_> = own
            .iter()
            .filter(|path| path.is_derivation())
            .cloned()
            .collect();
        if self.closure_type == ClosureType::Cache {
            paths.extend(queries::requisites_with_outputs(&self.nix, &derivations)?);
        }
        Ok(paths)
    }

    fn damage(&self, entry: StorePath, objects: &[&StorePath], bad: &Bad) -> Option<Damage> {
        let first = *objects.first()?;
        let full = |object: &StorePath| self.nix.store_dir().join(object).into_string();
        let tell = |object: &StorePath| format!("{} {}", full(object), bad[object]);
        let more = match objects.len() - 1 {
            0 => String::new(),
            more => format!(" (and {more} more)"),
        };
        let named = objects.iter().take(NAMED).copied();
        let paths: Vec<String> = named.clone().map(full).collect();
        let hint = format!(
            "as root, and not through a daemon: `nix-store --repair-path {}`, which fetches \
             it anew, or builds it if it is an output, but not in a cache that got it damaged before",
            paths.join(" ")
        );
        let details: Vec<String> = objects.iter().skip(1).map(|path| tell(path)).collect();
        Some(Damage {
            entry,
            objects: named.cloned().collect(),
            error: UploadError {
                hint: Some(hint),
                details: details.join("\n"),
                ..UploadError::new(UploadErrorKind::Paths, tell(first) + &more)
            },
        })
    }
}

fn note_modified(bad: &mut Bad, modified: Vec<StorePath>) {
    let reason = "differs from what was registered";
    bad.extend(modified.into_iter().map(|path| (path, reason.to_owned())));
}

/// Too little of something that all reading needs.
fn is_everybodys(reason: &str) -> bool {
    ["Too many open files", "Cannot allocate memory"]
        .iter()
        .any(|lack| reason.contains(lack))
}

impl StoreContents for NixStoreContents {
    fn damaged(&self, entries: &[StorePath], others: &Others) -> Result<Vec<Damage>, PortError> {
        let none = Others::new();
        let others = match self.scope {
            ContentsScope::Entries => others,
            // They are among what is compared.
            ContentsScope::Closure => &none,
        };
        let object = format!("{} entries", entries.len());
        self.compare_valid(entries, others)
            .map_err(|error| error.into_port("compare with what the store registered", object))
    }
}

#[cfg(test)]
mod tests;
