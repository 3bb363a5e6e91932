//! Texts measured by the columns that they take on a terminal.

use console::{measure_text_width, truncate_str};

/// How many columns a text takes; colours take none.
pub(super) fn columns(text: &str) -> usize {
    measure_text_width(text)
}

/// A text that takes no more than so many columns; its end is cut where it has to be.
pub(super) fn fitting(text: &str, most: usize) -> String {
    match most {
        0 => String::new(),
        _ => truncate_str(text, most, "…").into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_characters_take_two_columns_and_are_never_cut_in_half() {
        assert_eq!(columns("漢字"), 4);
        assert_eq!(columns("e\u{301}"), 1);
        assert_eq!(columns("\x1b[36mab\x1b[0m"), 2);
        assert_eq!(fitting("漢字かな", 5), "漢字…");
        assert_eq!(fitting("漢字かな", 4), "漢…");
        assert_eq!(fitting("abc", 3), "abc");
        assert_eq!(fitting("abcd", 3), "ab…");
        assert_eq!(fitting("abcd", 0), "");
    }
}
