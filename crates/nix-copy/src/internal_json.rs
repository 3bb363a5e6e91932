//! Lines of `--log-format internal-json`.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::message::plain;

// Of `ActivityType` and `ResultType` in `src/libutil/logging.hh`, the same in 2.8.0, 2.26.3 and
// 2.34.8 (there `src/libutil/include/nix/util/logging.hh`).

/// The activity that copies one path.
const COPY_PATH: u64 = 100;
/// The result that names a corrupted path.
const CORRUPTED_PATH: u64 = 103;
/// How far an activity is.
pub(crate) const PROGRESS: u64 = 105;

/// What one line of standard error says.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Line {
    /// A message of Nix; level 0 is an error, 1 a warning.
    Message { level: i64, text: String },
    /// Nix began something; the text may be empty. `copied` is the store path that
    /// is copied, if that is what it is.
    Start {
        id: u64,
        text: String,
        copied: Option<String>,
    },
    /// Nix ended something.
    Stop { id: u64 },
    /// Something that was begun came to `state`. Nix 2.8.0 and 2.26.3 repeat
    /// the same state ten times a second while nothing moves.
    Result { id: u64, kind: u64, state: String },
    /// A store path differs from what was registered (`resCorruptedPath`).
    Corrupted { id: u64, path: String },
    /// Printed by something else: `ssh`, the remote side.
    Other(String),
}

#[derive(Deserialize)]
struct Raw<'a> {
    #[serde(borrow)]
    action: Cow<'a, str>,
    #[serde(default)]
    id: u64,
    #[serde(default)]
    level: i64,
    #[serde(default, borrow)]
    msg: Cow<'a, str>,
    #[serde(default, borrow)]
    text: Cow<'a, str>,
    #[serde(default, rename = "type")]
    kind: u64,
    /// As it stands there: Nix tells the state of each copy some twenty times.
    #[serde(default, borrow)]
    fields: Option<&'a RawValue>,
}

/// Tolerant: what is not understood is [`Line::Other`].
pub(crate) fn parse(line: &str) -> Line {
    line.strip_prefix("@nix ")
        .and_then(|json| serde_json::from_str::<Raw<'_>>(json).ok())
        .and_then(understand)
        .unwrap_or_else(|| Line::Other(plain(line)))
}

fn understand(raw: Raw<'_>) -> Option<Line> {
    let fields = raw.fields.map_or("null", RawValue::get);
    Some(match &*raw.action {
        "msg" => Line::Message {
            level: raw.level,
            text: plain(&raw.msg),
        },
        "start" => Line::Start {
            id: raw.id,
            text: plain(&raw.text),
            copied: (raw.kind == COPY_PATH)
                .then(|| first_text(fields))
                .flatten(),
        },
        "stop" => Line::Stop { id: raw.id },
        "result" if raw.kind == CORRUPTED_PATH => Line::Corrupted {
            id: raw.id,
            path: first_text(fields)?,
        },
        "result" => Line::Result {
            id: raw.id,
            kind: raw.kind,
            state: fields.to_owned(),
        },
        _ => return None,
    })
}

fn first_text(fields: &str) -> Option<String> {
    let fields: serde_json::Value = serde_json::from_str(fields).ok()?;
    Some(fields.get(0)?.as_str()?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_of_nix_are_understood() {
        let line = r#"@nix {"action":"msg","column":null,"level":0,"msg":"\u001b[31;1merror:\u001b[0m no","raw_msg":"no"}"#;
        let wanted = Line::Message {
            level: 0,
            text: "error: no".to_owned(),
        };
        assert_eq!(parse(line), wanted);
    }

    #[test]
    fn lines_of_other_shapes_are_tolerated() {
        for text in [
            "ssh: connect to host",
            "@nix {",
            "@nix []",
            r#"@nix {"action":"new","id":1}"#,
        ] {
            assert_eq!(parse(text), Line::Other(text.to_owned()));
        }
    }
}
