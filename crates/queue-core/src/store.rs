//! The ports to the store: what is on its disk, what its database says.

use camino::Utf8Path;

use crate::{PortError, StoreDir, StorePath};

/// The store's files. Cheap: a look at the file system, no process.
pub trait StoreFiles {
    /// Whether a store object of that path exists. It may exist without being
    /// valid (a build under way, a left-over). A push asks [`StoreDatabase`] about
    /// what is absent here, and about the rest only when an upload failed.
    ///
    /// # Errors
    ///
    /// When the file system cannot answer; an absent path is `Ok(false)`.
    fn is_present(&self, path: &StorePath) -> Result<bool, PortError>;
}

/// The store's database. May cost a process: asked only when there is reason.
pub trait StoreDatabase {
    /// Those of `paths` that are not valid, in their order.
    ///
    /// # Errors
    ///
    /// When the store cannot be asked. Then nothing is known to be invalid.
    fn invalid(&self, paths: &[StorePath]) -> Result<Vec<StorePath>, PortError>;
}

impl StoreFiles for StoreDir {
    fn is_present(&self, path: &StorePath) -> Result<bool, PortError> {
        let full = self.join(path);
        exists(&full).map_err(|error| PortError::new("look for the store path", full, error))
    }
}

/// A dangling symlink exists: store objects may be symlinks to anything.
fn exists(path: &Utf8Path) -> std::io::Result<bool> {
    match rustix::fs::lstat(path.as_str()) {
        Ok(_) => Ok(true),
        // Only "there is no such file" means absent; a permission or an I/O
        // error says nothing about the path.
        Err(rustix::io::Errno::NOENT) => Ok(false),
        Err(error) => Err(error.into()),
    }
}
