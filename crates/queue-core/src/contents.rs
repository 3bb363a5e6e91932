//! The port that compares store objects with what the store registered.

use std::collections::BTreeSet;

use crate::{PortError, StorePath, UploadError};

/// An entry that must not be copied as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// The entry.
    pub entry: StorePath,
    /// What is damaged: of the entry itself, or objects that go with it. At
    /// least one, and no more than somebody wants to read; those of the entry
    /// itself first. The ledger keeps them as long as the entry is queued
    /// and no later question finds it sound.
    pub objects: Vec<StorePath>,
    /// What is wrong with the first of them, naming it, and how to mend it.
    pub error: UploadError,
}

/// The contents of the store. Costs reading them: asked only when the push is
/// given one ([`Push::contents`](crate::Push::contents)).
///
/// Some destinations take whatever they are sent. What is found here never
/// reaches them.
pub trait StoreContents {
    /// Those of `entries` that hold, or bring along, an object that differs
    /// from what the store registered, or that cannot be read. How much of what
    /// they bring along is looked at is the implementation's affair, but for
    /// `others`: the other entries of the queue (or what is copied in their
    /// place), and objects for which entries were held back before, and still
    /// are. An entry that would bring one of them along is damaged unless that
    /// turns out to be sound. Those that no entry brings along need no look.
    ///
    /// An entry that is not among them counts as sound, so an implementation must
    /// not answer when any part of the question failed. What is no longer valid,
    /// of `entries` or `others`, is none of its concern: it says nothing about it.
    ///
    /// # Errors
    ///
    /// When it cannot be found out. None of `entries` is copied then; the push
    /// asks again about parts of them. The one for which it cannot be found out
    /// alone fails by itself, if it can be found out for others.
    fn damaged(
        &self,
        entries: &[StorePath],
        others: &BTreeSet<StorePath>,
    ) -> Result<Vec<Damage>, PortError>;
}
