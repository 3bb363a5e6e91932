//! The store's database, asked through `nix-store` and `nix path-info`.

use queue_core::{PortError, StoreDatabase, StoreObject, StorePath, StoreSizes};

use crate::{Nix, queries, sizes};

/// [`StoreDatabase`] that asks `nix-store --check-validity --print-invalid`,
/// and [`StoreSizes`] that asks `nix path-info`: the daemon's store or the local
/// one, as the environment says (`NIX_REMOTE`). One process per thousand paths;
/// for sizes one more where derivations are among them.
#[derive(Debug, Clone)]
pub struct NixStoreDatabase {
    nix: Nix,
}

impl NixStoreDatabase {
    /// Asks with this Nix.
    #[must_use]
    pub fn new(nix: Nix) -> Self {
        Self { nix }
    }

    /// The outputs of a derivation as far as the store knows them; for floating
    /// content-addressed outputs nobody else does.
    ///
    /// # Errors
    ///
    /// When the store cannot be asked, or does not have the derivation.
    pub fn outputs(&self, derivation: &StorePath) -> Result<Vec<StorePath>, PortError> {
        let path = self.nix.store_dir().join(derivation);
        queries::outputs(&self.nix, derivation)
            .map_err(|error| error.into_port("ask for the outputs of", path))
    }
}

impl StoreSizes for NixStoreDatabase {
    fn closure(&self, paths: &[StorePath]) -> Result<Vec<StoreObject>, PortError> {
        sizes::closure(&self.nix, paths)
            .map_err(|error| error.into_port("ask how large paths are in", self.nix.store_dir()))
    }
}

impl StoreDatabase for NixStoreDatabase {
    fn invalid(&self, paths: &[StorePath]) -> Result<Vec<StorePath>, PortError> {
        queries::invalid(&self.nix, paths)
            .map_err(|error| error.into_port("ask which paths are valid in", self.nix.store_dir()))
    }
}
