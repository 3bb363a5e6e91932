//! The port to the roots that hold queued paths.

use crate::{PortError, StorePath};

/// Registers the entries of one queue as garbage collector roots.
///
/// Safe to use from many processes at once.
pub trait GcRoots {
    /// Whether the collector will find this entry. Cheap: no process.
    ///
    /// # Errors
    ///
    /// When that cannot be seen.
    fn is_registered(&self, path: &StorePath) -> Result<bool, PortError>;

    /// Registers the entry, which exists. Idempotent. Durable after
    /// [`flush`](Self::flush). Alone it does not keep a collector at bay that
    /// is already past its search for roots: see
    /// [`GarbageCollector`](crate::GarbageCollector).
    ///
    /// # Errors
    ///
    /// When the entry is not held afterwards.
    fn register(&self, path: &StorePath) -> Result<(), PortError>;

    /// Takes the registration back. Idempotent; may be a no-op where the
    /// collector clears registrations of entries that are gone by itself.
    ///
    /// # Errors
    ///
    /// When the registration stays.
    fn unregister(&self, path: &StorePath) -> Result<(), PortError>;

    /// Makes what was registered so far durable.
    ///
    /// # Errors
    ///
    /// When the medium does not confirm it.
    fn flush(&self) -> Result<(), PortError>;
}

/// The roots of a queue directory below `<state-dir>/gcroots/`: the entries
/// themselves are roots, nothing is to be registered.
#[derive(Debug, Clone, Copy, Default)]
pub struct InsideGcRoots;

/// Holds nothing: for entries that nothing can hold, or that need not be held
/// since nothing collects garbage, or something else keeps it from them.
///
/// It says of each entry that it is registered, so that nobody tries in vain to
/// register it, or calls it not held where that is as it should be.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoRoots;

macro_rules! nothing_to_register {
    ($roots:ty) => {
        impl GcRoots for $roots {
            fn is_registered(&self, _: &StorePath) -> Result<bool, PortError> {
                Ok(true)
            }
            fn register(&self, _: &StorePath) -> Result<(), PortError> {
                Ok(())
            }
            fn unregister(&self, _: &StorePath) -> Result<(), PortError> {
                Ok(())
            }
            fn flush(&self) -> Result<(), PortError> {
                Ok(())
            }
        }
    };
}

nothing_to_register!(InsideGcRoots);
nothing_to_register!(NoRoots);
