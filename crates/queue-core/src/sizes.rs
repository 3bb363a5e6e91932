//! The port to the sizes of store objects.

use crate::{PortError, StorePath};

/// A store object as its database has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreObject {
    /// Its path.
    pub path: StorePath,
    /// How large its NAR is, in bytes: about what it takes on the disk, where
    /// nothing is shared or compressed.
    pub nar_size: u64,
    /// What it refers to; itself may be among them.
    pub references: Vec<StorePath>,
}

/// Tells how large store objects are. May cost a process: asked only by a push
/// of a queue with a limit in bytes, and by who wants to see.
pub trait StoreSizes {
    /// `paths` and all they refer to, to any depth, each once. What is not
    /// valid is left out.
    ///
    /// # Errors
    ///
    /// When the store cannot be asked. Then nothing is known to be large.
    fn closure(&self, paths: &[StorePath]) -> Result<Vec<StoreObject>, PortError>;
}
