//! The push: empties a queue into a destination.

mod contents;
mod drain;
mod limits;
mod plan;
mod report;
mod run;
mod tally;
mod tend;
mod upload;

use crate::{
    Clock, GarbageCollector, PortError, PushState, Queue, StoreContents, StoreDatabase, StoreFiles,
    StoreSizes, Uploader,
};

pub use drain::{DrainEnd, DrainReport, DrainTime};
pub use plan::{EntryState, Plan, plan};
pub use report::{FailedEntry, NextTry, Outcome, PushEvent, PushObserver, PushOptions, PushReport};

/// Everything that a push works with.
#[derive(Clone, Copy)]
pub struct Push<'a> {
    /// The queue to empty.
    pub queue: Queue<'a>,
    /// Where an entry stands while it leaves the queue because its path is not
    /// valid: another directory, of the push's own, with roots of its own. Who
    /// builds and enqueues the path anew at that very moment finds the old
    /// entry and is content; so the path is held here until that is known. Who
    /// drops an entry removes it here as well: what a killed push left here
    /// comes back with the next one if its path is valid.
    pub leaving: Queue<'a>,
    /// Adds roots that are missing.
    pub collector: &'a dyn GarbageCollector,
    /// Sees what is on disk.
    pub files: &'a dyn StoreFiles,
    /// Says what is valid.
    pub database: &'a dyn StoreDatabase,
    /// Says what is how large; needed only where the queue has a limit in bytes.
    pub sizes: Option<&'a dyn StoreSizes>,
    /// Compares what is about to go with what the store registered; `None`:
    /// nothing is compared.
    pub contents: Option<&'a dyn StoreContents>,
    /// Copies.
    pub uploader: &'a dyn Uploader,
    /// Keeps the lock and the ledger.
    pub state: &'a dyn PushState,
    /// Tells the time.
    pub clock: &'a dyn Clock,
    /// Says whether to stop; asked between uploads.
    pub cancelled: &'a dyn Fn() -> bool,
}

impl Push<'_> {
    /// Runs one push to its end.
    ///
    /// An entry leaves the queue only when the uploader confirmed it (and the
    /// destination, if it is to be verified), when its store path is no longer
    /// valid, or when a limit of the queue says to drop it and it could not be
    /// delivered. One bad entry fails
    /// alone: a failed batch is split until the culprit stands by itself. A
    /// destination that does not answer is told apart first, and nobody else is
    /// blamed for it. What is damaged is parked before anything of it is copied,
    /// if contents are compared; what cannot be compared fails alone as well. What
    /// is enqueued while it uploads goes in the same push.
    ///
    /// # Errors
    ///
    /// Only when nothing could be done at all: the queue cannot be read, the
    /// lock cannot be tried. All else is in the report.
    pub fn run(
        &self,
        options: &PushOptions,
        observer: &mut dyn PushObserver,
    ) -> Result<PushReport, PortError> {
        run::run(self, options, observer, &|_| true)
    }

    /// Pushes until nothing is left that a push could copy: waits until it is
    /// the turn of what failed, or the destination's, and for another push to
    /// end. Does not wait for what is parked. What is enqueued meanwhile goes
    /// as well, also while the drain waits for nothing but
    /// [more](DrainTime::more).
    ///
    /// Of the limits that a push judges at its end, those that drop are judged
    /// when nothing is tried any more: what a later push could deliver stays.
    ///
    /// [`force`](PushOptions::force) holds for the first push that gets the
    /// lock. No clock is trusted to run evenly: whenever a wait is over, the
    /// queue and the ledger are looked at anew.
    ///
    /// # Errors
    ///
    /// As [`run`](Self::run), from the first push; later ones are problems in
    /// the report.
    pub fn drain(
        &self,
        options: &PushOptions,
        time: &dyn DrainTime,
        observer: &mut dyn PushObserver,
    ) -> Result<DrainReport, PortError> {
        drain::drain(self, options, time, observer)
    }
}
