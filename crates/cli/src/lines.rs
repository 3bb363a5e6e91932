//! Lines for people: coloured where that is wanted, broken where they do not fit.

use std::fmt::Write;

use crate::terminal::Escaped;

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
    /// harmless first. `width` is the number of columns, where there is one; a word that is longer
    /// stays whole, since it may be a path to be copied.
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
            let long = word.chars().count();
            let blank = usize::from(place > 0);
            let fits = width.is_none_or(|width| *column + blank + long <= width);
            // Nothing is won where the line has nothing on it yet.
            if fits || *column <= self.hang {
                text.push_str(&" ".repeat(blank));
                *column += blank + long;
            } else {
                let _ = write!(text, "\n{}", " ".repeat(self.hang));
                *column = self.hang + long;
            }
            text.push_str(word);
        }
        text
    }
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
    fn what_does_not_fit_goes_on_below_and_a_long_word_stays_whole() {
        let text = line("one two three four").printed(false, Some(17));
        assert_eq!(text, "  name: one two\n    three four");
        let text = line("a /nix/store/abcdefgh-long b").printed(false, Some(12));
        assert_eq!(text, "  name: a\n    /nix/store/abcdefgh-long\n    b");
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
        fn no_line_is_wider_than_the_terminal_but_for_a_single_word(
            words in proptest::collection::vec("[a-z]{1,9}", 1..20), width in 8..80usize,
        ) {
            let text = line(&words.join(" ")).printed(false, Some(width));
            for line in text.lines() {
                let single = line.trim_start().split(' ').count() == 1 || line.starts_with("  name:");
                prop_assert!(line.chars().count() <= width || single, "{line:?}");
            }
            let joined = text.split_whitespace().skip(1).collect::<Vec<_>>().join(" ");
            prop_assert_eq!(joined, words.join(" "));
        }
    }
}
