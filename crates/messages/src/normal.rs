//! Literals and lines of the page in one form, and how one is found in the other.

/// What stands for each placeholder.
const GAP: char = '…';

/// What may stand at the ends of a text without being a part of it: where a message goes on with a
/// name or a cause, another literal brings it.
const ENDS: &[char] = &[
    GAP, ' ', '\n', ':', ';', ',', '.', '`', '\'', '"', '(', ')', '{', '}',
];

/// A text with gaps in it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pattern {
    /// As it would stand on the page.
    pub shown: String,
    /// What stands between the gaps.
    parts: Vec<String>,
    /// Whether it is found inside of words too.
    anywhere: bool,
}

impl Pattern {
    /// Of a literal; in a `format`, each placeholder is a gap.
    #[must_use]
    pub fn of(literal: &str, format: bool) -> Self {
        let text = if format {
            gaps(literal)
        } else {
            literal.to_owned()
        };
        Self::new(plain(&text), false)
    }

    /// Of parts that are looked for in the words of another program, in this order.
    #[must_use]
    pub fn of_parts(parts: &[String]) -> Self {
        Self::new(plain(&parts.join(&GAP.to_string())), true)
    }

    fn new(shown: String, anywhere: bool) -> Self {
        let trimmed = shown.trim_matches(ENDS);
        let parts: Vec<_> = trimmed
            .split(GAP)
            .map(str::trim)
            .filter(|part| !part.is_empty())
            .collect();
        // Single words, with whatever between them, would be found in many a text.
        let is_found_by_its_words = anywhere || parts.iter().any(|part| part.contains(' '));
        let parts = match is_found_by_its_words {
            true => parts.into_iter().map(str::to_owned).collect(),
            false if parts.is_empty() => Vec::new(),
            false => vec![trimmed.to_owned()],
        };
        Self {
            parts,
            shown,
            anywhere,
        }
    }

    /// Whether it has two words or more.
    #[must_use]
    pub fn is_prose(&self) -> bool {
        let has_letter = |word: &&str| word.chars().any(char::is_alphabetic);
        self.shown.split_whitespace().filter(has_letter).count() > 1
    }

    /// Whether there is anything to look for.
    #[must_use]
    pub fn has_letters(&self) -> bool {
        self.shown.chars().any(char::is_alphabetic)
    }

    /// Where its parts stand in `text`: the first place that has them all, in their order.
    #[must_use]
    pub fn find(&self, text: &str, from: usize) -> Option<Vec<(usize, usize)>> {
        let mut found: Vec<(usize, usize)> = Vec::new();
        let mut at = from;
        for part in &self.parts {
            let start = self.find_part(part, text, at)?;
            at = start + part.len();
            found.push((start, at));
        }
        (!found.is_empty()).then_some(found)
    }

    fn find_part(&self, part: &str, text: &str, from: usize) -> Option<usize> {
        let is_whole = |start: usize| self.anywhere || whole(text, start, start + part.len());
        let mut starts = text
            .get(from..)?
            .match_indices(part)
            .map(|(at, _)| from + at);
        starts.find(|start| is_whole(*start))
    }
}

/// Whether no word goes on at either end.
fn whole(text: &str, start: usize, end: usize) -> bool {
    let goes_on = |before: Option<char>, after: Option<char>| {
        before.is_some_and(char::is_alphanumeric) && after.is_some_and(char::is_alphanumeric)
    };
    let (before, inside, after) = (&text[..start], &text[start..end], &text[end..]);
    !goes_on(before.chars().next_back(), inside.chars().next())
        && !goes_on(inside.chars().next_back(), after.chars().next())
}

/// A format string with a gap for each placeholder.
fn gaps(format: &str) -> String {
    let mut text = String::new();
    let mut rest = format.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '{' | '}' if rest.peek() == Some(&c) => {
                rest.next();
                text.push(c);
            }
            '{' => {
                rest.by_ref().find(|c| *c == '}');
                text.push(GAP);
            }
            _ => text.push(c),
        }
    }
    text
}

/// Blanks are one each, and gaps with nothing but blanks between them one.
pub(crate) fn plain(text: &str) -> String {
    let mut plain = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for doubled in ["……", "… …"] {
        while plain.contains(doubled) {
            plain = plain.replace(doubled, "…");
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_in(literal: &str, text: &str) -> bool {
        Pattern::of(literal, true).find(&plain(text), 0).is_some()
    }

    #[test]
    fn a_placeholder_stands_for_whatever_the_page_has_there() {
        assert!(is_in(
            "{a}: failed to copy {b} to {c:?}",
            "…: failed to copy … to …"
        ));
        assert!(is_in(
            "not {what}, allowed are {}",
            "not a closure type, allowed are …"
        ));
        assert!(!is_in("failed to copy {b} to {c}", "failed to copy …"));
    }

    #[test]
    fn where_all_words_stand_alone_the_gaps_are_looked_for_too() {
        assert!(is_in("{a} parked {b} after {c}", "…: … parked … after …"));
        assert!(!is_in(
            "{a} parked {b} after {c}",
            "…: parked the day after"
        ));
    }

    #[test]
    fn words_are_found_as_wholes() {
        assert!(is_in("is not a size", "… is not a size"));
        assert!(!is_in("is not a size", "this not a sizeable"));
        let needle = Pattern::of_parts(&["ould not connect".into(), "error 30".into()]);
        assert!(needle.find("Could not connect: error 301", 0).is_some());
    }

    #[test]
    fn braces_that_are_doubled_are_braces() {
        assert_eq!(Pattern::of("a {{ b {c} }}", true).shown, "a { b … }");
    }
}
