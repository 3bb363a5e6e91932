//! The page of messages.

use crate::normal::plain;

/// A message as the page has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The text.
    pub text: String,
    /// The line of the page.
    pub line: usize,
}

/// The messages of a page: the points of its lists that are nothing but code.
#[must_use]
pub fn entries(page: &str) -> Vec<Entry> {
    let numbered = page.lines().zip(1..);
    let code = |(line, number): (&str, usize)| {
        let text = code(line.strip_prefix("- ")?)?;
        Some(Entry {
            text: plain(text),
            line: number,
        })
    };
    numbered.filter_map(code).collect()
}

/// The lines at which a list of messages ends and no answer follows.
#[must_use]
pub fn unanswered(page: &str) -> Vec<usize> {
    let is_message = |line: &str| !entries(line).is_empty();
    let is_answer = |line: &&str| !line.starts_with('#') && !is_message(line);
    let lines: Vec<&str> = page.lines().collect();
    let ends = lines.iter().enumerate().filter(|(at, line)| {
        let next = lines.get(at + 1).copied().unwrap_or_default();
        is_message(line) && !is_message(next)
    });
    let has_answer = |at: usize| {
        lines[at + 1..]
            .iter()
            .find(|line| !line.is_empty())
            .is_some_and(is_answer)
    };
    ends.filter(|(at, _)| !has_answer(*at))
        .map(|(at, _)| at + 1)
        .collect()
}

/// What stands in a code span that is all there is; two backticks enclose what has some itself.
fn code(text: &str) -> Option<&str> {
    let within = |ends: &str| text.strip_prefix(ends)?.strip_suffix(ends);
    match within("``") {
        Some(inner) => Some(inner.trim()),
        None => within("`").filter(|inner| !inner.contains('`')),
    }
}

/// The line for a message.
#[must_use]
pub fn line_for(text: &str) -> String {
    match text.contains('`') {
        true => format!("- `` {text} ``"),
        false => format!("- `{text}`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_for_a_message_is_read_as_that_message() {
        for text in ["…: failed", "unknown key `…` in …"] {
            let read = entries(&format!("text\n\n{}\n- `code` and words\n", line_for(text)));
            assert_eq!(
                read,
                [Entry {
                    text: text.to_owned(),
                    line: 3
                }]
            );
        }
    }

    #[test]
    fn messages_without_an_answer_are_told() {
        let page = "- `a b`\n\nDo this.\n\n- `c d`\n- `e f`\n\n## More\n\n- `g h`\n\n- `i j`";
        assert_eq!(unanswered(page), [6, 10, 12]);
    }
}
