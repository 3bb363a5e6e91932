//! Which paths a command works on.

use clap::Args;

/// Paths for `enqueue`, `push` and `closure`.
#[derive(Args)]
pub(crate) struct PathArgs {
    /// Store paths, out links, or paths inside store paths
    #[arg(value_name = "PATH")]
    pub paths: Vec<String>,
    /// Take the paths in the variable OUT_PATHS as well [default: only for enqueue and
    /// perform-upload]
    #[arg(long, overrides_with = "no_include_out_paths")]
    pub include_out_paths: bool,
    /// Leave OUT_PATHS alone
    #[arg(long, overrides_with = "include_out_paths", hide_short_help = true)]
    pub no_include_out_paths: bool,
}

/// Entries for `retry` and `drop`.
#[derive(Args)]
pub(crate) struct PickArgs {
    /// Store paths, their base names, or globs for base names
    #[arg(value_name = "ENTRY", required_unless_present = "all")]
    pub entries: Vec<String>,
    /// All entries
    #[arg(long, conflicts_with = "entries")]
    pub all: bool,
}

impl PathArgs {
    /// What the command line says about OUT_PATHS, if anything.
    #[must_use]
    pub(crate) fn takes_out_paths(&self) -> Option<bool> {
        match (self.include_out_paths, self.no_include_out_paths) {
            (true, _) => Some(true),
            (_, true) => Some(false),
            _ => None,
        }
    }
}
