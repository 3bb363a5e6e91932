//! How to copy.

use std::fmt;
use std::num::NonZeroUsize;
use std::time::Duration;

use crate::destination::Place;
use crate::supervise::Timeouts;
use crate::{ClosureType, Destination, Exposure};

/// How to copy.
pub struct UploadOptions {
    /// Where to.
    pub destination: Destination,
    /// What an entry brings along.
    pub closure_type: ClosureType,
    /// Whether the destination checks signatures. Binary caches never do.
    pub check_sigs: bool,
    /// Whether the destination fetches from its own substituters what it can.
    /// Only remote stores (`ssh-ng://`, `ssh://`) do: for a destination that
    /// this very process opens, substitution is off.
    pub substitute_on_destination: bool,
    /// Further options of `nix copy`; they win over those made from the fields
    /// above, but `keep-going` stays off: with it a failed copy looks like one
    /// that succeeded. Questions to the destination get them too, without
    /// those that only copying knows. Where they hold secrets, the redaction of
    /// the destination has to hide those as well.
    pub nix_opts: Vec<String>,
    /// How many `nix copy` run at once for one upload. With one, or fewer than four
    /// paths, or [`ClosureType::Bare`], an upload is one copy.
    pub jobs: NonZeroUsize,
    /// For each call of Nix that talks to the destination. One upload may need
    /// several, each of which has all of this time.
    pub timeouts: Timeouts,
}

impl UploadOptions {
    /// Copies closures, lets the destination check signatures, has no timeouts; one
    /// copy at a time.
    #[must_use]
    pub fn new(destination: Destination) -> Self {
        Self {
            destination,
            closure_type: ClosureType::default(),
            check_sigs: true,
            substitute_on_destination: false,
            nix_opts: Vec::new(),
            jobs: NonZeroUsize::MIN,
            timeouts: Timeouts {
                total: None,
                stall: None,
                grace: Duration::from_secs(10),
            },
        }
    }

    /// Whether a secret in the destination's URI will stand on Nix's command
    /// line, and why.
    #[must_use]
    pub fn exposure(&self) -> Option<Exposure> {
        match self.place() {
            Place::Argument(_) if !self.destination.has_secret() => None,
            Place::Argument(_) if self.names_a_store() => Some(Exposure::Options),
            Place::Argument(_) => Some(Exposure::Comment),
            Place::Setting(_) => None,
        }
    }

    /// Where Nix finds the destination's URI. On the command line where an
    /// option names a store as well, since it would win over the environment.
    pub(crate) fn place(&self) -> Place<'_> {
        match self.names_a_store() {
            true => Place::Argument(self.destination.uri()),
            false => self.destination.place(),
        }
    }

    fn names_a_store(&self) -> bool {
        let mut options = self.nix_opts.iter().map(String::as_str);
        options.any(|word| matches!(word, "--store" | "--to" | "--from" | "store"))
    }
}

impl fmt::Debug for UploadOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nix_opts = self.destination.redact(&self.nix_opts.join(" "));
        f.debug_struct("UploadOptions")
            .field("destination", &self.destination)
            .field("closure_type", &self.closure_type)
            .field("check_sigs", &self.check_sigs)
            .field("substitute_on_destination", &self.substitute_on_destination)
            .field("nix_opts", &nix_opts)
            .field("jobs", &self.jobs)
            .field("timeouts", &self.timeouts)
            .finish()
    }
}
