//! What Nix says of itself, for who looks at how it is set up: a file for each subject.

mod roots;
mod settings;
mod signatures;
mod trust;

use queue_core::PortError;

use crate::{Nix, queries};

pub use settings::NixSettings;
pub use signatures::SignedPath;
pub(crate) use trust::trusted;
#[cfg(test)]
pub(crate) use {
    roots::links as root_links, settings::parse as settings, signatures::parse as signatures,
    trust::parse as trust,
};

/// Asks a Nix about itself. It changes nothing; but where Nix lists its roots, it takes away those in
/// `gcroots/auto` that lead nowhere, as it always does.
pub struct NixInspector {
    nix: Nix,
}

impl NixInspector {
    /// Asks this Nix.
    #[must_use]
    pub fn new(nix: Nix) -> Self {
        Self { nix }
    }

    /// What it calls itself: `nix (Nix) 2.26.3`.
    ///
    /// # Errors
    ///
    /// If there is none, or it cannot run.
    pub fn version(&self) -> Result<String, PortError> {
        let answer = queries::version(&self.nix);
        let version = answer.map_err(|error| error.into_port("ask for the version of", "nix"))?;
        Ok(version.trim().to_owned())
    }
}
