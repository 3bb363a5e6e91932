//! Lines for people: coloured where that is wanted, broken where they do not fit.

use std::fmt::Write;

use crate::terminal::Escaped;

/// In fewer columns no word is broken.
const NARROW: usize = 10;

/// How a part of a line looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    Plain,
    Bold,
    Faint,
    Good,
    Warning,
    Bad,
}

impl Style {
    /// As the terminal has it: ECMA-48, select graphic rendition.
    fn code(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Bold => "1",
            Self::Faint => "2",
            Self::Good => "1;32",
            Self::Warning => "1;33",
            Self::Bad => "1;31",
        }
    }
}

/// One line, and where it goes on if it is broken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Line {
    parts: Vec<(Style, String)>,
    hang: usize,
}

impl Line {
    /// An empty one, which goes on behind so many blanks.
    pub(crate) fn hanging(hang: usize) -> Self {
        Self {
            parts: Vec::new(),
            hang,
        }
    }

    /// Adds a part.
    #[must_use]
    pub(crate) fn and(mut self, style: Style, text: impl Into<String>) -> Self {
        self.parts.push((style, text.into()));
        self
    }

    /// The text to print, without a line end behind the last line. What came from outside is made
    /// harmless first. `width` is the number of columns, where there is one: what is longer is broken
    /// between words, and within a word that is longer than a line.
    pub(crate) fn printed(&self, colours: bool, width: Option<usize>) -> String {
        let mut text = String::new();
        let mut column = 0;
        for (style, part) in &self.parts {
            let part = Escaped(part).to_string();
            let broken = self.broken(&part, &mut column, width);
            match style.code() {
                "" => text.push_str(&broken),
                _ if !colours => text.push_str(&broken),
                code => {
                    let _ = write!(text, "\x1b[{code}m{broken}\x1b[0m");
                }
            }
        }
        text
    }

    /// The part with line ends where words would go beyond the width.
    fn broken(&self, part: &str, column: &mut usize, width: Option<usize>) -> String {
        let mut text = String::new();
        for (place, word) in part.split(' ').enumerate() {
            let blank = usize::from(place > 0);
            let long = word.chars().count();
            let fits = width.is_none_or(|width| *column + blank + long <= width);
            // Nothing is won where the line has nothing on it yet.
            if fits || *column <= self.hang {
                text.push_str(&" ".repeat(blank));
                *column += blank;
            } else {
                self.go_on_below(&mut text, column);
            }
            self.put(word, &mut text, column, width);
        }
        text
    }

    /// A word, in pieces where it is longer than what is left of the line.
    fn put(&self, word: &str, text: &mut String, column: &mut usize, width: Option<usize>) {
        let mut rest = word;
        if let Some(width) = width.filter(|width| *width >= self.hang + NARROW) {
            while let Some(end) = end_of_piece(rest, width.saturating_sub(*column)) {
                let (piece, behind) = rest.split_at(end);
                text.push_str(piece);
                self.go_on_below(text, column);
                rest = behind;
            }
        }
        text.push_str(rest);
        *column += rest.chars().count();
    }

    fn go_on_below(&self, text: &mut String, column: &mut usize) {
        let _ = write!(text, "\n{}", " ".repeat(self.hang));
        *column = self.hang;
    }
}

/// Where a word that does not fit into so many columns is best broken: behind the last `/` or `-` that
/// fits, as paths have them. `None` if it fits.
fn end_of_piece(word: &str, columns: usize) -> Option<usize> {
    let (end, _) = word.char_indices().nth(columns)?;
    let separator = word[..end].rfind(['/', '-']).map(|at| at + 1);
    Some(separator.unwrap_or(end))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn line(text: &str) -> Line {
        Line::hanging(4)
            .and(Style::Bold, "  name: ")
            .and(Style::Plain, text)
    }

    #[test]
    fn what_does_not_fit_goes_on_below_also_within_a_long_word() {
        let text = line("one two three four").printed(false, Some(17));
        assert_eq!(text, "  name: one two\n    three four");
        let text = line("a /nix/store/abcdefgh-long b").printed(false, Some(18));
        assert_eq!(text, "  name: a\n    /nix/store/\n    abcdefgh-long\n    b");
        let text = line("abcdefghijklmnop").printed(false, Some(14));
        assert_eq!(text, "  name: \n    abcdefghij\n    klmnop");
    }

    #[test]
    fn nothing_is_broken_in_a_pipe_and_no_word_where_there_is_no_room() {
        let text = "/nix/store/abcdefgh-long b";
        assert_eq!(line(text).printed(false, None), format!("  name: {text}"));
        let narrow = "  name: \n    /nix/store/abcdefgh-long\n    b";
        assert_eq!(line(text).printed(false, Some(12)), narrow);
    }

    #[test]
    fn colours_are_put_around_what_was_made_harmless() {
        assert_eq!(
            line("x\x1b[2J").printed(true, None),
            "\x1b[1m  name: \x1b[0mx\\u{1b}[2J"
        );
        assert_eq!(line("x\n").printed(false, None), "  name: x\\n");
    }

    proptest! {
        #[test]
        fn no_line_is_wider_than_the_terminal_and_nothing_is_lost(
            words in proptest::collection::vec("[a-z/é-]{1,30}", 1..20), width in 14..80usize,
        ) {
            let text = line(&words.join(" ")).printed(false, Some(width));
            for line in text.lines() {
                prop_assert!(line.chars().count() <= width, "{line:?}");
            }
            let without_blanks: String = text.split_whitespace().collect();
            prop_assert_eq!(without_blanks, format!("name:{}", words.concat()));
        }
    }
}
