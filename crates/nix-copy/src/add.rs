//! Adding to the store.

use queue_core::{PortError, StorePath};

use crate::Nix;
use crate::call::{Call, CallError};

/// Adds a file to the store, as a path that nothing refers to.
///
/// # Errors
///
/// If the store does not take it.
pub fn add_file(nix: &Nix, file: &str) -> Result<StorePath, PortError> {
    let words = ["--add", file].map(str::to_owned);
    Call::query(nix, "nix-store")
        .run(&words)
        .and_then(|text| {
            let path = nix.store_dir().parse(text.trim_end());
            path.map_err(|_| CallError::not_understood("nix-store", &text))
        })
        .map_err(|error| error.into_port("add to the store", file))
}
