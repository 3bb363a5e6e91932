//! Printing what came from outside: a file's name must not move the cursor, and a URI that stands
//! where none was expected must not show its password.

use std::borrow::Cow;
use std::fmt::{self, Write};
use std::io;

use nix_post_build_push_config::redact_uris;

/// Shows a text with its control characters, and those that turn the direction of writing,
/// escaped, and without what is secret in URIs.
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
        redact_uris(&text)
            .chars()
            .try_for_each(|c| match is_harmful(c) {
                true => write!(f, "{}", c.escape_default()),
                false => f.write_char(c),
            })
    }
}

/// Whether a text has anything in it that [`Escaped`] escapes.
#[cfg(test)]
pub(crate) fn has_harm(text: &str) -> bool {
    text.contains(is_harmful)
}

fn is_harmful(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

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
            // Everything harmful has four digits at most.
            c if is_harmful(c) => text.push_str(&format!("\\u{:04x}", u32::from(c))),
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
        io::stderr().write_all(text.as_bytes())?;
        Ok(line.len())
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
