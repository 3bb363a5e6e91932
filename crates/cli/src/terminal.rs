//! Printing what came from outside: a file's name must not move the cursor.

use std::fmt::{self, Write};

/// Shows a text with its control characters, and those that turn the direction of writing,
/// escaped.
pub(crate) struct Escaped<T>(pub T);

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

fn is_harmful(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
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
}
