//! Lines of `--log-format internal-json`.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::message::plain;

// Of `ActivityType` and `ResultType` in `src/libutil/logging.hh`, the same in 2.8.0, 2.26.3 and
// 2.34.8 (there `src/libutil/include/nix/util/logging.hh`).

/// The activity that copies one path.
const COPY_PATH: u64 = 100;
/// A file that is sent, or fetched.
const FILE_TRANSFER: u64 = 101;
/// The activity that copies all paths of a call. Each call begins another one too, without a text,
/// which is none (2.8.0 to 2.34.8).
const COPY_PATHS: u64 = 103;
/// The result that names a corrupted path.
const CORRUPTED_PATH: u64 = 103;
/// How far an activity is.
pub(crate) const PROGRESS: u64 = 105;
/// How much there will be of an activity of some type.
pub(crate) const SET_EXPECTED: u64 = 106;

/// What Nix began, as far as it matters.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) enum What {
    /// To copy so many paths: what the destination lacks.
    Copy { paths: u64 },
    /// To copy this store path.
    Path(String),
    /// To send a NAR.
    Upload,
    #[default]
    Other,
}

/// What one line of standard error says.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Line {
    /// A message of Nix; level 0 is an error, 1 a warning.
    Message { level: i64, text: String },
    /// Nix began something; the text may be empty.
    Start { id: u64, text: String, what: What },
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
            what: begun(raw.kind, &raw.text, fields),
            text: plain(&raw.text),
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

fn begun(kind: u64, text: &str, fields: &str) -> What {
    match kind {
        COPY_PATH => first_text(fields).map_or(What::Other, What::Path),
        // 2.8.0 tells the number nowhere else.
        COPY_PATHS => number_of_paths(text).map_or(What::Other, |paths| What::Copy { paths }),
        // What describes a NAR goes as well, and is some hundred bytes.
        FILE_TRANSFER if text.starts_with("uploading ") && text.contains("/nar/") => What::Upload,
        _ => What::Other,
    }
}

/// `copying 4 paths`
fn number_of_paths(text: &str) -> Option<u64> {
    let number = text.strip_prefix("copying ")?.strip_suffix(" paths")?;
    number.parse().ok()
}

/// The first numbers of a state: `[40,120,0,0]`.
pub(crate) fn two_numbers(state: &str) -> Option<(u64, u64)> {
    let mut numbers = state.strip_prefix('[')?.trim_end_matches(']').split(',');
    let mut number = || numbers.next()?.trim().parse().ok();
    Some((number()?, number()?))
}

/// How many bytes of store paths will be copied: `[100,9000640]`.
pub(crate) fn expected_bytes(state: &str) -> Option<u64> {
    let (kind, number) = two_numbers(state)?;
    (kind == COPY_PATH).then_some(number)
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

    fn begun_by(kind: u64, text: &str) -> What {
        let line = format!(
            r#"@nix {{"action":"start","fields":["/s/a"],"id":1,"text":"{text}","type":{kind}}}"#
        );
        match parse(&line) {
            Line::Start { what, .. } => what,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_nix_begins_is_told_apart() {
        assert_eq!(begun_by(100, "copying path"), What::Path("/s/a".to_owned()));
        assert_eq!(begun_by(103, "copying 12 paths"), What::Copy { paths: 12 });
        assert_eq!(begun_by(103, ""), What::Other);
        assert_eq!(begun_by(103, "copying -1 paths"), What::Other);
        assert_eq!(
            begun_by(101, "uploading 'http://h/nar/x.nar'"),
            What::Upload
        );
        assert_eq!(
            begun_by(101, "downloading 'http://h/x.narinfo'"),
            What::Other
        );
    }

    #[test]
    fn numbers_of_a_state_are_read_or_it_has_none() {
        assert_eq!(two_numbers("[40,120,0,0]"), Some((40, 120)));
        assert_eq!(expected_bytes("[100,9000640]"), Some(9_000_640));
        assert_eq!(expected_bytes("[101,9000640]"), None);
        for state in [
            "",
            "[",
            "[]",
            "[1",
            "[-1,2]",
            "[1.5,2]",
            "{}",
            "[99999999999999999999,1]",
        ] {
            assert_eq!(two_numbers(state), None, "{state}");
        }
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
