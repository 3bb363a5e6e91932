//! The manual pages, in roff: of each program one, and one of the configuration file. `clap_mangen`
//! and its writer make them of the commands as clap knows them and of the texts that CLI.md has too.

mod configuration;
mod hook;
mod page;
mod program;
mod tidy;

use clap::ValueEnum;

use crate::cli::NAME;
use crate::error::CommandError;

/// The name of the hook, and of its page.
const HOOK: &str = "nix-post-build-push-hook";
/// The name of the page on the configuration file.
const CONFIGURATION: &str = "nix-post-build-push.toml";

/// A page of the manual.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ManPage {
    /// The program and its commands
    #[value(name = NAME)]
    Program,
    /// The program that Nix runs after a build
    #[value(name = HOOK)]
    Hook,
    /// The configuration file
    #[value(name = CONFIGURATION)]
    Configuration,
}

impl ManPage {
    /// What it is called.
    #[must_use]
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Program => NAME,
            Self::Hook => HOOK,
            Self::Configuration => CONFIGURATION,
        }
    }

    /// Its source.
    ///
    /// # Errors
    ///
    /// Never in fact: it is written to memory.
    pub(crate) fn source(self) -> Result<String, CommandError> {
        match self {
            Self::Program => program::page(),
            Self::Hook => hook::page(),
            Self::Configuration => configuration::page(),
        }
    }
}
