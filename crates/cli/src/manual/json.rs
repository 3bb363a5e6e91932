//! The fields that `--json` prints.

use crate::doctor;
use crate::status::schema;

/// One command's output: the command, what one object of its array is, and its fields with
/// their types and meanings.
type JsonDoc = (
    &'static str,
    &'static str,
    &'static [(&'static str, &'static str, &'static str)],
);

pub(super) const INTRODUCTION: &str = "\
Every command prints one array. Fields are always there; what is not known is `null`. Times are \
RFC 3339 in UTC, paths are full store paths. New fields may be added, and are no reason to \
refuse the output.";

/// The one whose findings have names.
const DOCTOR: &str = "doctor --json";

/// `status --json` is described by its schema.
const STATUS: (&str, &str) = ("status --json", "a queue");

/// What one command prints: an array of objects of a kind, and their fields, each with its type and
/// meaning.
pub(super) struct Document {
    pub command: &'static str,
    pub object: &'static str,
    pub fields: Vec<[String; 3]>,
    /// What is to be added.
    pub more: Option<&'static str>,
    /// What its field `id` may be, each with the verdict, the check and its meaning.
    pub ids: Vec<[&'static str; 4]>,
}

/// All of them. That of `status` comes out of its schema.
pub(super) fn documents() -> Vec<Document> {
    let written = |(command, object, fields): &JsonDoc| Document {
        command,
        object,
        fields: fields
            .iter()
            .map(|(field, kind, meaning)| [field, kind, meaning].map(|cell| (*cell).to_owned()))
            .collect(),
        more: None,
        ids: match *command {
            DOCTOR => doctor::ids().collect(),
            _ => Vec::new(),
        },
    };
    let mut all: Vec<_> = COMMANDS.iter().map(written).collect();
    let (command, object) = STATUS;
    let behind = all.iter().position(|doc| doc.command == "closure --json");
    let status = Document {
        command,
        object,
        fields: schema::fields(),
        more: Some(
            "Of a queue that cannot be looked at, or whose settings are not certain, the first three are \
             there, and nothing else. `status --json-schema` prints a JSON schema of this.",
        ),
        ids: Vec::new(),
    };
    all.insert(behind.map_or(0, |at| at + 1), status);
    all
}

const COMMANDS: &[JsonDoc] = &[
    (
        "list --json",
        "an entry, oldest first",
        &[
            ("queue", "string", "the queue's name"),
            ("path", "string", "the store path"),
            ("enqueued_at", "time", "when it was enqueued first"),
            ("state", "string", "`ready`, `backing-off` or `parked`"),
            ("rooted", "boolean or null", "whether a root holds it"),
            (
                "present",
                "boolean or null",
                "whether its store object is on disk",
            ),
            ("attempts", "number", "failures since the last success"),
            ("last_error", "string or null", "what the last one said"),
            (
                "hint",
                "string or null",
                "what to do about it, where that is known",
            ),
            (
                "next_try",
                "time or null",
                "when it is tried again, if it waits",
            ),
            ("parked_since", "time or null", "when it was given up"),
        ],
    ),
    (
        "closure --json",
        "a path that a push would copy",
        &[
            ("queue", "string", "the queue's name"),
            ("path", "string", "the store path"),
        ],
    ),
    (
        DOCTOR,
        "a line of the report",
        &[
            (
                "group",
                "string",
                "what it belongs to: `nix`, `hook`, `queue`, `destination`, `service`",
            ),
            ("check", "string", "what was looked at"),
            (
                "queue",
                "string or null",
                "the queue that it is about; null: all of them",
            ),
            (
                "verdict",
                "string",
                "`ok`, `unknown` (it could not be seen), `warning`, `fault`",
            ),
            (
                "id",
                "string or null",
                "a name for what is not well (below), which stays; null: all is well",
            ),
            ("text", "string", "what is so"),
            (
                "causes",
                "array",
                "of strings: why, from the outermost cause to the innermost",
            ),
            (
                "fix",
                "string or null",
                "what mends it: a command a line, or the change to make",
            ),
        ],
    ),
    (
        "push --json",
        "a queue",
        &[
            ("queue", "string", "its name"),
            (
                "destination",
                "string",
                "where it was pushed, without secrets",
            ),
            (
                "outcome",
                "string",
                "`finished`, `already-running`, `cancelled`, `backing-off` (not asked since it \
                 did not answer before), `unavailable`, `broken` (Nix cannot be run, or not compare \
                 contents), `out-of-time` (the deadline of `--until-empty` is over, or comes before the \
                 next try)",
            ),
            (
                "error",
                "string or null",
                "why it ended early; with `out-of-time` what the destination last said, if it did \
                 not answer",
            ),
            (
                "until",
                "time or null",
                "when the destination is asked again",
            ),
            ("uploaded", "array", "paths that are at the destination now"),
            (
                "invalid",
                "array",
                "paths that left the queue since they are no longer valid",
            ),
            (
                "dropped",
                "array",
                "paths that left the queue undelivered, since it was beyond a limit",
            ),
            (
                "closed",
                "string or null",
                "why nothing new is queued from now on, if a limit says so; where this push could not \
                 judge, what an earlier one found",
            ),
            (
                "failed",
                "array",
                "of objects: `path`, `error`, `attempts`, `next_try` (time; null: parked)",
            ),
            ("backing_off", "number", "entries not tried since they wait"),
            (
                "parked",
                "number",
                "entries not tried since they are parked",
            ),
            (
                "left",
                "number",
                "entries not tried since the push ended early",
            ),
            (
                "foreign",
                "number",
                "what else is in the queue's directory, not pushed and not removed; each has a warning",
            ),
            (
                "next_try",
                "time or null",
                "when a push would find something whose turn it is; null: never, or not known",
            ),
        ],
    ),
    (
        "push --dry-run --json",
        "a queue",
        &[
            ("queue", "string", "its name"),
            (
                "destination",
                "string",
                "where it would be pushed, without secrets",
            ),
            (
                "closure_type",
                "string",
                "what would be copied for each path",
            ),
            (
                "destination_until",
                "time or null",
                "the destination is not asked before",
            ),
            (
                "ready",
                "array",
                "paths that would be copied, in this order",
            ),
            ("backing_off", "array", "paths that wait after a failure"),
            ("parked", "array", "paths that were given up"),
            (
                "absent",
                "array",
                "paths without a store object on disk, of which no copy failed",
            ),
        ],
    ),
    (
        "config show --json",
        "a setting",
        &[
            (
                "section",
                "string",
                "its table: `nix`, `hook`, `queues.main`",
            ),
            ("key", "string", "its key"),
            ("value", "string", "its value as TOML, without secrets"),
            (
                "origin",
                "string",
                "`command line`, `variable NAME`, `FILE:LINE:COLUMN`, `default`, or several \
                 joined by ` + `",
            ),
        ],
    ),
];
