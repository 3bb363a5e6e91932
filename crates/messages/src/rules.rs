//! What is no message, and what others say.

use crate::Literal;

/// What makes a message of its arguments, by the end of its path. What is given to them is a
/// message in listed places too, and if it is one word.
pub(crate) const MAKERS: &[&str] = &[
    "Message::new",
    "Message::of_queue",
    "CommandError::new",
    "CommandError::of_queue",
    "Refused::by_us",
    "Problem::new",
    "Problem::from_fault",
    "Fault::new",
    "PortError::new",
    "UploadError::new",
    "Stranger::new",
    "Finding::of",
    "Error::other",
];

/// Methods whose arguments are hints, or are compared with something.
pub(crate) const ASIDE_METHODS: &[&str] = &[
    "hint",
    "fix",
    "with_hint",
    "or_hint",
    "expect",
    "contains",
    "starts_with",
    "ends_with",
    "strip_prefix",
    "strip_suffix",
    "split_once",
    "split",
    "replace",
    "matches",
    "find",
    "join",
];

/// What is called with what to look for in the words of Nix, as its second argument: all these texts, in
/// this order. (`nix-copy/src/classify.rs` makes its table of them.)
pub(crate) const LOOKS_FOR: &str = "rule";

/// What makes something of its arguments that says that all is well.
pub(crate) const WELL: &[&str] = &["Finding::ok"];

/// Words of names: what has one of them says what to do.
pub(crate) const HINTS: &[&str] = &["hint", "hints", "fix"];

/// Methods that tell a message only to who asks for all of them.
pub(crate) const QUIET_METHODS: &[&str] = &["debug", "trace"];

/// Literals that are no messages.
#[derive(Debug, Clone, Copy)]
pub struct Other {
    /// A module, in one file or in several (`cli/src/manual`); a file; or a function or constant in
    /// it, behind `::`.
    pub place: &'static str,
    /// How they begin, where others in the same place are messages.
    pub begins: &'static str,
    /// Why.
    pub why: &'static str,
}

impl Other {
    /// Whether it is about this literal. What is given to a maker of messages is always one.
    #[must_use]
    pub fn is(&self, literal: &Literal) -> bool {
        let rest = literal.place.strip_prefix(self.place);
        let is_there = rest.is_some_and(|rest| {
            rest.is_empty() || ["::", ".rs::", "/"].iter().any(|end| rest.starts_with(end))
        });
        is_there && !literal.is_given() && literal.pattern.shown.starts_with(self.begins)
    }
}

const fn all(place: &'static str, why: &'static str) -> Other {
    Other {
        place,
        begins: "",
        why,
    }
}

const fn one(place: &'static str, begins: &'static str, why: &'static str) -> Other {
    Other { place, begins, why }
}

const DEBUG: &str = "said by `.debug()` alone";
const HELP: &str = "the help and the manual";
const HINT: &str = "a hint";
const OF_STATUS: &str = "a label or an amount of `status`, beside which its value stands";
const PART: &str = "what varies in a message, or the frame of all messages";
const FINE: &str = "what is as it should be";
const TOKEN: &str = "for a program, not for people";

/// Places whose literals are no messages, and why.
pub const OTHER: &[Other] = &[
    all("cli/src/doctor/bounded.rs::ASK", TOKEN),
    one("cli/src/doctor/credentials.rs", "a file that", PART),
    one("cli/src/doctor/credentials.rs", "can be read", FINE),
    all("cli/src/doctor/fixes.rs", HINT),
    all("cli/src/doctor/hook.rs::may_set", FINE),
    one("cli/src/doctor/destination.rs", "written by", PART),
    one("cli/src/doctor/nix.rs", "options and", PART),
    all("cli/src/doctor/service.rs::pushes", FINE),
    one("cli/src/doctor/signatures.rs", "the first", PART),
    all("cli/src/doctor/signed_copy.rs::tried", FINE),
    one("cli/src/doctor/timer.rs::next", "when", FINE),
    all("cli/src/doctor/text.rs", PART),
    all("nix-copy/src/response_body.rs::BEFORE", PART),
    one("nix-copy/src/inspect/settings.rs", "nix ", PART),
    one("nix-copy/src/inspect/signatures.rs", "nix ", PART),
    all(
        "cli/src/hook/tell.rs::entry",
        "for the journal, not for people",
    ),
    all("cli/src/subject.rs::KINDS", HELP),
    all("cli/src/commands/list/table.rs::HEAD", PART),
    all("cli/src/message.rs::whole", PART),
    all("cli/src/commands/push/observer.rs::batch", DEBUG),
    one(
        "cli/src/commands/push/waiting.rs::new",
        "… cannot be watched",
        DEBUG,
    ),
    one("cli/src/status/health", "`nix-post", HINT),
    one("cli/src/status/health", "mend ", HINT),
    one("cli/src/status/health", "retry", HINT),
    one("cli/src/status/health", "… asks", HINT),
    one("cli/src/status/health", "push --force", HINT),
    one("cli/src/status/health", "see that", HINT),
    one("cli/src/status/health", "… delivers", HINT),
    one("cli/src/status/health", "`enqueue` them", HINT),
    one("cli/src/status/health", "the messages", HINT),
    one("cli/src/status/health", "… lets", HINT),
    one("cli/src/status/health", "… writes", HINT),
    all("cli/src/status/metrics", "the help of a metric"),
    one("cli/src/status/text", "last ", OF_STATUS),
    one("cli/src/status/text", "(", OF_STATUS),
    one("cli/src/status/text", "…, now", OF_STATUS),
    one("cli/src/status/text", "…; then", HINT),
    all("cli/src/commands/status/watch.rs", OF_STATUS),
    one("config/src/section.rs::table_of", "a threshold", HINT),
    all("cli/src/completion/candidates.rs", HELP),
    all("cli/src/manual", HELP),
    all("cli/src/exit_codes.rs::ALL", HELP),
    all("cli/src/cli/settings.rs", HELP),
    all("cli/src/bin/nix-post-build-push-hook.rs::USAGE", HELP),
    all("cli/src/adapters/limits.rs::OPENED_BY", HINT),
    all("cli/src/adapters/timed_roots.rs::LATER", HINT),
    all("cli/src/adapters/upload.rs::SAME_STORE", HINT),
    one(
        "cli/src/commands/push/drain/arguments.rs::refuse_what_does_not_fit",
        "`",
        HINT,
    ),
    all("cli/src/commands/push/drain/words.rs::what_to_do", HINT),
    one(
        "cli/src/commands/push/observer.rs::waiting",
        "all is kept",
        HINT,
    ),
    all("cli/src/commands/push/summary.rs::again", HINT),
    one(
        "cli/src/hook/report.rs::outputs_unknown",
        "`DRV_PATH=",
        HINT,
    ),
    one("cli/src/program.rs::read_arguments", "only `push`", HINT),
    one("cli/src/session.rs::warn_of_exposure", "write `", HINT),
    one(
        "cli/src/session.rs::warn_of_exposure",
        "leave the option",
        HINT,
    ),
    all("cli/src/commands/config.rs::check", PART),
    all("cli/src/logging/text.rs::format_event", PART),
    one("config/src/destination.rs::fmt", "the URI in", PART),
    all("nix-copy/src/path_info.rs::not_understood", PART),
    one("nix-copy/src/queries.rs::store", "nix show-config", PART),
    all("nix-copy/src/sizes.rs::ask", PART),
    all("config/src/copy_options.rs::DESTINATION", HINT),
    all("config/src/copy_options.rs::PRINTS", HINT),
    all("config/src/copy_options.rs::NOTHING", HINT),
    all("config/src/copy_options.rs::SOURCE", HINT),
    all("config/src/copy_options.rs::BARE", HINT),
    all("config/src/copy_options.rs::REFUSED", HINT),
    all("config/src/destination.rs::CONTENT", HINT),
    all("config/src/key.rs::STORE_URIS", HINT),
    all("config/src/trusted_file.rs::command", HINT),
    all("config/src/value.rs::SECRET_FILE", HINT),
    all("nix-copy/src/credibility.rs::notices_an_end", TOKEN),
    all("nix-copy/src/roots.rs::DERIVATION", TOKEN),
    all("queue-core/src/fs_queue_directory/mod.rs::ITS_OWN", HINT),
    one(
        "queue-core/src/fs_queue_directory/entries.rs::owned_by",
        "`chown",
        HINT,
    ),
    one(
        "queue-core/src/fs_queue_directory/entries.rs::new",
        "it is left alone",
        HINT,
    ),
    all("queue-core/src/local_gc.rs::STATE_DIRECTORY", HINT),
    all("queue-core/src/room/judge.rs::rm_all_command", HINT),
    one("queue-core/src/way.rs::no_directory", "mv ", HINT),
    all("queue-core/src/way.rs::WHY_AS_WRITTEN", HINT),
    all("queue-core/src/way.rs::NOT_OURS", HINT),
    all("queue-core/src/way.rs::NOT_OURS_TO_MAKE", HINT),
];

/// What the page has in the words of others, and whose they are.
pub const FOREIGN: &[(&str, &str)] = &[
    ("duplicate key", TOML),
    ("string values must be quoted, expected", TOML),
    ("key with no value, expected", TOML),
    ("missing comma between array elements, expected", TOML),
    ("extra …, expected nothing", TOML),
    ("unclosed array, expected", TOML),
    ("unclosed table, expected", TOML),
    ("unclosed inline table, expected", TOML),
    ("unquoted keys cannot be empty, expected", TOML),
    ("invalid …, expected", TOML),
    ("unexpected …, expected", TOML),
    ("unexpected argument '…' found", CLAP),
    ("unrecognized subcommand", CLAP),
    ("the following required arguments were not provided", CLAP),
    ("invalid value '…' for '…", CLAP),
    ("a value is required for '…' but none was supplied", CLAP),
    ("the argument '…' cannot be used with", CLAP),
    ("the argument '…' cannot be used multiple times", CLAP),
    ("error parsing glob", "globset"),
    ("invalid filter directive", "tracing-subscriber"),
    (
        "invalid utf-8 sequence of … bytes from index",
        "the standard library",
    ),
    ("(os error", SYSTEM),
    ("Operation not permitted", SYSTEM),
    ("No such file or directory", SYSTEM),
    ("Too many open files in system", SYSTEM),
    ("Resource temporarily unavailable", SYSTEM),
    ("Exec format error", SYSTEM),
    ("path '…' does not exist", NIX),
    ("download of '…' was interrupted", NIX),
    ("unable to download '…': HTTP error", NIX),
];

const TOML: &str = "toml, about the configuration file";
const CLAP: &str = "clap, about the command line";
const SYSTEM: &str = "the system, as the cause of something of ours";
const NIX: &str = "nix";
