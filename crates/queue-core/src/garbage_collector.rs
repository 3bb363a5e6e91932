//! The port that lets roots be added while a garbage collector may run.

use crate::{PortError, StorePath};

/// The garbage collector, as somebody sees it who is about to add roots.
pub trait GarbageCollector {
    /// Opens a section in which entries and roots are made. Never waits for a
    /// collector.
    ///
    /// # Errors
    ///
    /// When it cannot be known whether a collector runs.
    fn enter(&self) -> Result<Box<dyn GcSection + '_>, PortError>;
}

/// A section; dropping it ends it.
pub trait GcSection {
    /// Called after the roots of `paths` are made: when it returns, no
    /// collector that missed those roots will newly decide to delete them.
    ///
    /// # Errors
    ///
    /// When a running collector did not acknowledge the paths.
    fn protect(&self, paths: &[StorePath]) -> Result<Protection, PortError>;
}

/// How sure a protection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protection {
    /// No collector ran between [`GarbageCollector::enter`] and now.
    NoCollector,
    /// One may have been running: a path may have been deleted before it was
    /// protected, so the caller looks whether it is still there.
    LookAgain,
}
