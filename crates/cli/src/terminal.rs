//! Printing what came from outside: a file's name must not move the cursor.

use std::fmt::{self, Write};
use std::io;

/// Shows a text with its control characters, and those that turn the direction of writing,
/// escaped.
///
/// ```
/// use nix_post_build_push::terminal::Escaped;
/// assert_eq!(Escaped("a\u{1b}[2J").to_string(), r"a\u{1b}[2J");
/// ```
#[derive(Debug)]
pub struct Escaped<T>(pub T);

impl<T: fmt::Display> fmt::Display for Escaped<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(Escaper(f), "{}", self.0)
    }
}

struct Escaper<'f, 'a>(&'f mut fmt::Formatter<'a>);

impl Write for Escaper<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.chars().try_for_each(|c| match is_harmful(c) {
            true => write!(self.0, "{}", c.escape_default()),
            false => self.0.write_char(c),
        })
    }
}

/// Whether a text has anything in it that [`Escaped`] escapes.
#[must_use]
pub(crate) fn has_harm(text: &str) -> bool {
    text.contains(is_harmful)
}

fn is_harmful(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A text in JSON with everything harmful in its strings as JSON's own escapes. JSON itself
/// demands that only below U+0020, and a terminal obeys U+009B as well.
#[must_use]
pub(crate) fn escaped_json(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for c in json.chars() {
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
    fn escaped_json_means_the_same() {
        let text = "a\x1b[2J\n\u{9b}\u{7f}\u{202e}é\"";
        let json = serde_json::to_string_pretty(&[text]).unwrap();
        let escaped = escaped_json(&json);
        assert!(!escaped.contains(['\x1b', '\u{9b}', '\u{7f}', '\u{202e}']));
        let back: Vec<String> = serde_json::from_str(&escaped).unwrap();
        assert_eq!(back, [text]);
    }
}
