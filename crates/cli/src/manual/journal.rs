//! What the journal can be asked for.

use crate::subject::KINDS;

pub(super) const INTRODUCTION: &str = "\
Where standard error goes to the journal, as in a service of systemd, messages are written there as \
entries with fields of their own (`--log-format auto`, the default, or `journald`). `MESSAGE` holds all of a message, its \
causes and hints included. The hook writes its errors and warnings there as well, as \
`SYSLOG_IDENTIFIER=nix-post-build-push-hook`. `--log-format json` has the same fields in small \
letters, without `NPBP_`.

How the push of a queue ended is an entry with the word of `push --json` and its numbers; the line on \
standard output is left out where that goes to the journal too. That a path was delivered is told for \
each path with `-v` only: it is one entry a path, a push may deliver 100,000, and the journal drops what \
comes too fast (`RateLimitBurst` in journald.conf(5)). A service does as with `-v` if \
`NIX_POST_BUILD_PUSH_LOG=debug` is in its environment. When a path was queued is not told.";

/// The priority there, the word before the message elsewhere, and what they mean.
pub(super) const PRIORITIES: &[(&str, &str, &str)] = &[
    (
        "3",
        "error",
        "Somebody is needed: a path is parked, or a limit refused or dropped it; or what was asked for \
         was not done, and nothing does it later by itself (a wrong setting, no Nix, an upload of given \
         paths), or `push --until-empty` left something.",
    ),
    (
        "4",
        "warning",
        "All is kept and tried again by itself: a path failed, a destination does not answer. Or \
         something is strange and nothing is lost by it, but for a path that is no longer valid.",
    ),
    (
        "6",
        "info",
        "What was done: how far a push is, and how it ended.",
    ),
    (
        "7",
        "debug",
        "What `-v` adds: each path that was delivered, and more.",
    ),
];

const FIELDS: &[(&str, &str)] = &[
    ("NPBP_QUEUE", "The queue's name."),
    ("NPBP_STORE_PATH", "The store path, in full."),
    ("NPBP_DESTINATION", "The destination, without secrets."),
    (
        "NPBP_ATTEMPT",
        "How often the path failed, this time included.",
    ),
    (
        "NPBP_OUTCOME",
        "How the push of a queue ended, in the journal alone: the word that `outcome` is with \
         `push --json`.",
    ),
    ("NPBP_UPLOADED", "Beside it: how many paths were copied."),
    ("NPBP_FAILED", "How many failed."),
    (
        "NPBP_INVALID",
        "How many were no longer valid, and left the queue.",
    ),
    ("NPBP_DROPPED", "How many a limit dropped undelivered."),
    ("NPBP_BACKING_OFF", "How many wait for their next try."),
    ("NPBP_PARKED", "How many are given up until `retry`."),
    ("NPBP_LEFT", "How many are left in the queue."),
    ("NPBP_CAUSES", "Why, a line each."),
    ("NPBP_HINTS", "What to do about it, a line each."),
    ("NPBP_DETAILS", "What another program said, in lines."),
];

/// The fields and what they mean.
pub(super) fn fields() -> Vec<(String, String)> {
    let kinds = KINDS.map(|(word, meaning)| format!("`{word}` ({meaning})"));
    let kind = format!("What sort of error: {}.", kinds.join(", "));
    let fields = FIELDS.iter();
    let mut fields: Vec<_> = fields
        .map(|(name, meaning)| ((*name).to_owned(), (*meaning).to_owned()))
        .collect();
    fields.insert(4, ("NPBP_ERROR_KIND".to_owned(), kind));
    fields
}

/// What each is for, and the command.
pub(super) const EXAMPLES: &[(&str, &str)] = &[
    (
        "what needs somebody, since yesterday",
        "journalctl -t nix-post-build-push -p err --since yesterday",
    ),
    (
        "what went wrong today, what is tried again included",
        "journalctl -t nix-post-build-push -p warning --since today",
    ),
    (
        "when the destination did not answer",
        "journalctl NPBP_QUEUE=main NPBP_ERROR_KIND=unavailable",
    ),
    (
        "how each push of a queue ended that went to its end",
        "journalctl NPBP_QUEUE=main NPBP_OUTCOME=finished",
    ),
    (
        "one path: what went wrong; with -v, that it was delivered too",
        "journalctl NPBP_STORE_PATH=/nix/store/…-hello-2.12",
    ),
    (
        "what could not be queued",
        "journalctl -t nix-post-build-push-hook",
    ),
    (
        "what a path failed of, with all fields",
        "journalctl -t nix-post-build-push -o verbose NPBP_ATTEMPT=1",
    ),
];

/// The commands, each below what it is for.
pub(super) fn examples() -> Vec<String> {
    let examples = EXAMPLES.iter();
    examples
        .flat_map(|(what, command)| [format!("# {what}"), (*command).to_owned()])
        .collect()
}
