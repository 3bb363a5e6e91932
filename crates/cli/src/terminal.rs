//! Printing what came from outside: a file's name must not move the cursor, and a URI that stands
//! where none was expected must not show its password.

use std::borrow::Cow;
use std::fmt;
use std::io;
use std::ops::RangeInclusive;

use nix_post_build_push_config::redact_uris;

use crate::progress::above;

/// Whether what is written there is coloured: on a terminal that can (`TERM=dumb` is one that cannot), and
/// never with a NO_COLOR that is not empty (no-color.org).
#[must_use]
pub(crate) fn wants_colours(stream: &impl io::IsTerminal) -> bool {
    let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    wanted && stream.is_terminal() && !is_dumb()
}

/// Whether the terminal only prints.
pub(crate) fn is_dumb() -> bool {
    std::env::var_os("TERM").is_some_and(|term| term == "dumb")
}

/// How many columns and rows a terminal has; `None` for what is none, or does not say.
#[must_use]
pub(crate) fn size(stream: &(impl io::IsTerminal + std::os::fd::AsFd)) -> Option<(usize, usize)> {
    let size = stream
        .is_terminal()
        .then(|| rustix::termios::tcgetwinsize(stream))?;
    let (columns, rows) = size.ok().map(|size| (size.ws_col, size.ws_row))?;
    (columns > 0 && rows > 0).then(|| (columns.into(), rows.into()))
}

/// How many columns a terminal has; `None` for what is none.
#[must_use]
pub(crate) fn width(stream: &(impl io::IsTerminal + std::os::fd::AsFd)) -> Option<usize> {
    let size = stream
        .is_terminal()
        .then(|| rustix::termios::tcgetwinsize(stream))?;
    let columns = size.ok().map(|size| usize::from(size.ws_col));
    columns.filter(|columns| *columns > 0)
}

/// Shows a text with its control characters, and those that are not seen or turn the direction of
/// writing, escaped, and without what is secret in URIs.
///
/// ```
/// use nix_post_build_push::terminal::Escaped;
/// assert_eq!(Escaped("a\u{1b}[2J").to_string(), r"a\u{1b}[2J");
/// assert_eq!(Escaped("s3://me:pa55word@b").to_string(), "s3://***@b");
/// ```
#[derive(Debug)]
pub struct Escaped<T>(pub T);

impl<T: fmt::Display> fmt::Display for Escaped<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.0.to_string();
        let text = redact_uris(&text);
        let mut rest = &*text;
        while let Some((at, c)) = rest.char_indices().find(|(_, c)| is_harmful(*c)) {
            write!(f, "{}{}", &rest[..at], c.escape_default())?;
            rest = &rest[at + c.len_utf8()..];
        }
        f.write_str(rest)
    }
}

/// Whether a text has anything in it that [`Escaped`] escapes.
#[cfg(test)]
pub(crate) fn has_harm(text: &str) -> bool {
    text.contains(is_harmful)
}

/// Control characters, and what makes a text look other than it is.
fn is_harmful(c: char) -> bool {
    c.is_control() || !c.is_ascii() && MISLEADING.iter().any(|range| range.contains(&c))
}

/// What turns the direction of writing (Bidi_Control in Unicode's PropList.txt: U+061C, U+200E,
/// U+200F, U+202A to U+202E, U+2066 to U+2069) or is not seen, so that two names look the same: all
/// that has Default_Ignorable_Code_Point in DerivedCoreProperties.txt, which the former has as well
/// (Unicode 14.0; unassigned ones included). Besides, what ends a line or a paragraph (Zl, Zp), and
/// of Cf what hides a text behind another (interlinear annotations). The rest of Cf is seen.
const MISLEADING: [RangeInclusive<char>; 19] = [
    '\u{ad}'..='\u{ad}',
    '\u{34f}'..='\u{34f}',
    '\u{61c}'..='\u{61c}',
    '\u{115f}'..='\u{1160}',
    '\u{17b4}'..='\u{17b5}',
    '\u{180b}'..='\u{180f}',
    '\u{200b}'..='\u{200f}',
    '\u{2028}'..='\u{2029}',
    '\u{202a}'..='\u{202e}',
    '\u{2060}'..='\u{206f}',
    '\u{3164}'..='\u{3164}',
    '\u{fe00}'..='\u{fe0f}',
    '\u{feff}'..='\u{feff}',
    '\u{ffa0}'..='\u{ffa0}',
    '\u{fff0}'..='\u{fff8}',
    '\u{fff9}'..='\u{fffb}',
    '\u{1bca0}'..='\u{1bca3}',
    '\u{1d173}'..='\u{1d17a}',
    '\u{e0000}'..='\u{e0fff}',
];

/// A text in JSON, without what is secret in the URIs in its strings, and with everything harmful
/// in them as JSON's own escapes. JSON itself demands that only below U+0020, and a terminal obeys
/// U+009B as well.
#[must_use]
pub(crate) fn escaped_json(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for c in redacted_json(json).chars() {
        match c {
            // Between values, or at the end: in a string it is escaped already.
            '\n' => text.push(c),
            c if is_harmful(c) => {
                let mut units = [0; 2];
                let units = c.encode_utf16(&mut units).iter();
                text.extend(units.map(|unit| format!("\\u{unit:04x}")));
            }
            c => text.push(c),
        }
    }
    text
}

fn redacted_json(json: &str) -> Cow<'_, str> {
    if !json.contains(":/") {
        return Cow::Borrowed(json);
    }
    let mut text = String::with_capacity(json.len());
    let mut rest = json;
    while let Some(begin) = rest.find('"') {
        text.push_str(&rest[..begin]);
        let (string, behind) = rest[begin..].split_at(string_length(&rest[begin..]));
        text.push_str(&redacted_string(string));
        rest = behind;
    }
    text.push_str(rest);
    Cow::Owned(text)
}

/// The length of the string with which this text begins, quotes included.
fn string_length(text: &str) -> usize {
    let mut is_escaped = false;
    let end = text.bytes().skip(1).position(|byte| {
        let ends = byte == b'"' && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        ends
    });
    end.map_or(text.len(), |end| end + 2)
}

fn redacted_string(string: &str) -> Cow<'_, str> {
    let text: Option<String> = serde_json::from_str(string).ok();
    let shown = text.as_deref().map(redact_uris);
    match shown {
        Some(Cow::Owned(shown)) => serde_json::Value::from(shown).to_string().into(),
        _ => string.into(),
    }
}

/// Writes lines of JSON, escaped, to standard error. A line comes in one write.
pub(crate) struct JsonStderr;

impl io::Write for JsonStderr {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let text = escaped_json(&String::from_utf8_lossy(line));
        above(|| io::stderr().write_all(text.as_bytes()))?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

/// Writes messages of whole lines, each in one write, to standard error.
pub(crate) struct TextStderr;

impl io::Write for TextStderr {
    fn write(&mut self, lines: &[u8]) -> io::Result<usize> {
        above(|| io::stderr().write_all(lines))?;
        Ok(lines.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_moves_the_cursor_is_escaped_and_the_rest_stays() {
        let text = "a\x1b[2Jb\nc\u{202e}d/é\u{9b}";
        assert_eq!(
            Escaped(text).to_string(),
            "a\\u{1b}[2Jb\\nc\\u{202e}d/é\\u{9b}"
        );
    }

    /// Bidi_Control, each.
    const BIDI: &str = "\u{61c}\u{200e}\u{200f}\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}\
                        \u{2066}\u{2067}\u{2068}\u{2069}";

    #[test]
    fn each_character_that_misleads_is_escaped_in_text_and_in_json_and_means_the_same_there() {
        let listed = MISLEADING.iter().cloned().flatten();
        for c in listed.chain(BIDI.chars()) {
            let text = format!("a{c}b");
            let number = format!("{:x}", u32::from(c));
            assert_eq!(Escaped(&text).to_string(), format!("a\\u{{{number}}}b"));
            let json = escaped_json(&serde_json::to_string(&text).unwrap());
            assert!(json.is_ascii(), "{number}: {json}");
            assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
        }
    }

    #[test]
    fn what_is_seen_stays_as_it_is() {
        for text in [
            "é漢字 عربى עברית",
            "\u{600}\u{6dd}\u{110bd}",
            "a\u{a0}b\u{3000}c",
            "…–",
        ] {
            assert_eq!(Escaped(text).to_string(), text);
        }
    }

    #[test]
    fn what_is_secret_in_a_uri_shows_neither_in_text_nor_in_a_string_of_json() {
        for (text, shown) in [
            ("no file /x/https:/me:pw@h", "no file /x/https:/***@h"),
            (
                "`s3://b?token=pw`:\"s3://me:\\p\"w@b\"",
                "`s3://b?token=***",
            ),
            (
                "/nix/store/0-foo@1.2.service",
                "/nix/store/0-foo@1.2.service",
            ),
        ] {
            let told = Escaped(text).to_string();
            assert!(told.starts_with(shown) && !told.contains("pw"), "{told}");
            let fields = [("a\\", "b://c:\"d"), (text, "1@2")];
            let json = serde_json::to_string(&fields).unwrap();
            let back: Vec<[String; 2]> = serde_json::from_str(&escaped_json(&json)).unwrap();
            assert_eq!(back[0], ["a\\", "b://c:\"d"]);
            assert_eq!(back[1], [redact_uris(text).as_ref(), "1@2"]);
        }
    }

    #[test]
    fn escaped_json_means_the_same() {
        let text = "a\x1b[2J\n\u{9b}\u{7f}\u{202e}é\"";
        let json = serde_json::to_string_pretty(&[text]).unwrap();
        let escaped = escaped_json(&json);
        assert!(!escaped.contains(['\x1b', '\u{9b}', '\u{7f}', '\u{202e}']));
        let back: Vec<String> = serde_json::from_str(&escaped).unwrap();
        assert_eq!(back, [text]);
    }
}
