//! nix-post-build-push-hook(1): the program that Nix runs.

use super::page::Page;
use super::{CONFIGURATION, HOOK};
use crate::cli::NAME;
use crate::error::CommandError;

const ABOUT: &str = "queue what Nix has built";

const DESCRIPTION: &str = "\
Nix runs this program after each build, and waits for it: it is set as `post-build-hook` in \
`nix.conf`(5). It adds the new store paths to every enabled queue of the configuration, and holds \
them against the garbage collector. It copies nothing, and starts no process as a rule. What it \
accepted is on the disk when it ends.

It finds its configuration as `nix-post-build-push`(1) does, in the environment of whatever builds: \
that of the Nix daemon where there is one.

It is silent when all is well. What went wrong is written to standard error, which Nix shows to who \
builds. It waits ten seconds at most, for a garbage collector and for Nix together.

It takes no arguments but `--help` and `--version`.";

const VARIABLES: &[(&str, &str)] = &[
    (
        "OUT_PATHS",
        "The store paths that were built, separated by blanks. Set by Nix.",
    ),
    (
        "DRV_PATH",
        "The derivation that they were built from. It is queued as well where the closure type is \
         `source` or `cache`. Set by Nix.",
    ),
    (
        "NIX_POST_BUILD_PUSH_ON_ERROR",
        "As `on-error` in the configuration: `ignore` or `fail`.",
    ),
];

const EXIT_STATUS: &[(&str, &str)] = &[
    (
        "0",
        "All was queued; or something was not, and `on-error` is `ignore`, as it is by default: a \
         build never fails for it.",
    ),
    (
        "1",
        "Something was not queued, and `on-error` is `fail`: Nix fails the build.",
    ),
    ("2", "It was called with an argument that it does not know."),
];

pub(super) fn page() -> Result<String, CommandError> {
    let mut page = Page::new(HOOK, "1", ABOUT);
    page.section("SYNOPSIS");
    page.usage(HOOK);
    page.section("DESCRIPTION");
    page.text(DESCRIPTION);
    page.section("ENVIRONMENT");
    page.text("Besides those of `nix-post-build-push`(1):");
    VARIABLES
        .iter()
        .for_each(|(name, what)| page.entry(name, what));
    page.section("EXIT STATUS");
    EXIT_STATUS
        .iter()
        .for_each(|(code, what)| page.entry(code, what));
    page.section("EXAMPLES");
    page.text("In nix.conf, with its full path:");
    page.code(["post-build-hook = /usr/local/bin/nix-post-build-push-hook"]);
    page.text("For one build:");
    page.code([
        "nix-build --option post-build-hook \\",
        "    /usr/local/bin/nix-post-build-push-hook",
    ]);
    page.see_also(&[(NAME, "1"), (CONFIGURATION, "5"), ("nix.conf", "5")]);
    page.finish()
}
