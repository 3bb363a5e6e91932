//! Words of a command line as they stand in it: with quotes, and cut into pieces by bash.

/// A line up to the cursor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// The words before the one at the cursor, without the program's name.
    pub(super) before: Vec<String>,
    /// The word at the cursor, as far as it stands before it.
    pub(super) current: String,
    /// How much of it the shell leaves as it is: what is offered begins behind that.
    pub(super) kept: String,
    /// Whether the cursor stands within quotes.
    pub(super) is_quoted: bool,
}

/// A word without its quotes and backslashes, as bash and zsh read it, and whether a quote is still
/// open. A quote may be: somebody is about to type the rest. Variables stay as they are.
pub(super) fn unquoted(raw: &str) -> (String, bool) {
    let mut word = String::with_capacity(raw.len());
    let mut quote = None;
    let mut chars = raw.chars();
    while let Some(c) = chars.next() {
        match (c, quote) {
            ('\\', None) => word.extend(chars.next()),
            ('\\', Some('"')) => match chars.next() {
                Some(c @ ('"' | '\\' | '$' | '`')) => word.push(c),
                other => word.extend([c].into_iter().chain(other)),
            },
            ('\'' | '"', None) => quote = Some(c),
            (c, Some(open)) if c == open => quote = None,
            (c, _) => word.push(c),
        }
    }
    (word, quote.is_some())
}

/// A word with the home directory in place of a leading `~/`.
pub(super) fn with_home(word: String, home: Option<&str>) -> String {
    match (word.strip_prefix("~/"), home) {
        (Some(below), Some(home)) => format!("{home}/{below}"),
        _ => word,
    }
}

/// The words of a line that bash cut at the characters of `COMP_WORDBREAKS` as well (`=` and `:`
/// among them): pieces with nothing in between belong together. With them the last piece, which is
/// all that bash replaces.
pub(super) fn joined(line: &str, pieces: &[&str]) -> (Vec<String>, String) {
    let mut words: Vec<String> = Vec::new();
    let mut rest = line;
    let mut last = "";
    for (number, piece) in pieces.iter().enumerate() {
        let trimmed = rest.trim_start();
        let begins = words.is_empty() || trimmed.len() < rest.len();
        // The last one goes on behind the cursor. One that is not there was put there by bash.
        let is_last = number + 1 == pieces.len();
        let here = match trimmed.starts_with(piece) && !is_last {
            true => *piece,
            false if piece.starts_with(trimmed) => trimmed,
            false => *piece,
        };
        rest = trimmed.strip_prefix(here).unwrap_or_default();
        match words.last_mut() {
            Some(word) if !begins => word.push_str(here),
            _ => words.push(here.to_owned()),
        }
        last = here;
    }
    // What cut the word is no part of what is replaced.
    let is_a_break = !last.is_empty() && last.chars().all(|c| "=:".contains(c));
    let last = if is_a_break { "" } else { last };
    (words, last.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn quotes_and_backslashes_are_taken_away_and_an_open_quote_is_told() {
        for (raw, word, is_open) in [
            (r"a\ b", "a b", false),
            (r"'a b'c", "a bc", false),
            (r"'a b", "a b", true),
            (r#""a\"b\c"#, r#"a"b\c"#, true),
            (r"a\", "a", false),
            ("", "", false),
        ] {
            assert_eq!(unquoted(raw), (word.to_owned(), is_open), "{raw}");
        }
    }

    #[test]
    fn a_leading_tilde_is_the_home_directory() {
        assert_eq!(with_home("~/a".into(), Some("/h")), "/h/a");
        assert_eq!(with_home("~/a".into(), None), "~/a");
        assert_eq!(with_home("a~/".into(), Some("/h")), "a~/");
    }

    #[track_caller]
    fn joins(line: &str, pieces: &[&str], words: &[&str], last: &str) {
        let (found, replaced) = joined(line, pieces);
        assert_eq!((found, replaced.as_str()), (owned(words), last));
    }

    fn owned(words: &[&str]) -> Vec<String> {
        words.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn pieces_with_nothing_between_them_are_one_word() {
        joins(
            "x --queue=ma",
            &["x", "--queue", "=", "ma"],
            &["x", "--queue=ma"],
            "ma",
        );
        joins("x --queue=", &["x", "--queue", "="], &["x", "--queue="], "");
        joins(
            "x a:b c",
            &["x", "a", ":", "b", "c"],
            &["x", "a:b", "c"],
            "c",
        );
        joins("x  a ", &["x", "a", ""], &["x", "a", ""], "");
    }

    #[test]
    fn what_stands_behind_the_cursor_does_not_count() {
        joins("x dr", &["x", "drop"], &["x", "dr"], "dr");
        joins("x ", &["x", "drop"], &["x", ""], "");
    }

    proptest! {
        #[test]
        fn what_is_quoted_for_a_shell_is_read_back(word in ".{0,20}") {
            prop_assert_eq!(unquoted(&ownership::quoted(&word)), (word, false));
        }

        #[test]
        fn no_line_and_no_pieces_do_harm(line in ".{0,20}", pieces in proptest::collection::vec("[=: a]{0,3}", 0..6)) {
            let pieces: Vec<_> = pieces.iter().map(String::as_str).collect();
            joined(&line, &pieces);
        }
    }
}
