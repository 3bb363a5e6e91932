//! The port to what a push keeps between runs.

use crate::PortError;

/// The push's own state: one lock and one ledger per queue.
pub trait PushState {
    /// Takes the push lock, or gives `None` when another push holds it. Never
    /// waits. Producers do not take it.
    ///
    /// # Errors
    ///
    /// When the lock cannot be tried.
    fn try_lock(&self) -> Result<Option<Box<dyn PushLock + '_>>, PortError>;

    /// The text of the ledger, `None` when there is none yet.
    ///
    /// # Errors
    ///
    /// When it is there and cannot be read.
    fn load_ledger(&self) -> Result<Option<String>, PortError>;

    /// Replaces the ledger, atomically and durably. Called with the lock held.
    ///
    /// # Errors
    ///
    /// When the old text stays.
    fn save_ledger(&self, text: &str) -> Result<(), PortError>;
}

/// A held push lock; dropping it releases it. The system releases it as well
/// when the process dies.
pub trait PushLock {}
