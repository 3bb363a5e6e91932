//! From what Nix prints to one readable line.

use crate::response_body::{self, BEFORE};

/// Longest message, in characters; the rest is in the details.
const MAX_LEN: usize = 600;

/// The text without escape sequences and control characters; newlines stay.
pub(crate) fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\x1b' => skip_escape(&mut rest),
            '\n' => out.push('\n'),
            '\r' => {}
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// `ESC [ … letter` and `ESC ] … BEL`; else one character.
fn skip_escape(rest: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    let end: fn(char) -> bool = match rest.peek() {
        Some('[') => |c| ('@'..='~').contains(&c),
        Some(']') => |c| c == '\x07' || c == '\\',
        _ => |_| true,
    };
    let introduced = matches!(rest.peek(), Some('[' | ']'));
    if introduced {
        rest.next();
    }
    for c in rest.by_ref() {
        if end(c) || c == '\n' {
            break;
        }
    }
}

/// One line of the innermost error of a (plain) error text: Nix writes its
/// traces first, each error below its context, the cause last.
///
/// 2.34.8 writes `error:`, then `… while uploading …`, then `error: cause`;
/// 2.8.0 writes all in one line, with `error:` in the middle of it. Of what a
/// server sent with its answer, which may be a whole page, a line is told.
pub(crate) fn one_line(error: &str) -> String {
    let (error, body) = response_body::split(error);
    let lines: Vec<&str> = error.lines().map(str::trim).collect();
    let is_error = |line: &&str| {
        line.strip_prefix("error:")
            .is_some_and(|rest| !rest.is_empty())
    };
    let first = lines.iter().rposition(is_error).unwrap_or(0);
    let told = lines[first.min(lines.len())..]
        .iter()
        .filter(|line| !is_noise(line));
    let words: Vec<&str> = told.flat_map(|line| line.split_whitespace()).collect();
    let joined = words.join(" ");
    let text = joined.strip_prefix("error: ").unwrap_or(&joined);
    let text = text.replace(": error: ", ": ");
    match body.and_then(response_body::first_line) {
        Some(said) => shorten(format!("{text} {BEFORE} {said}").trim()),
        None => shorten(&text),
    }
}

fn is_noise(line: &str) -> bool {
    line.starts_with("(use '--show-trace'") || line.starts_with("Try 'nix")
}

fn shorten(text: &str) -> String {
    match text.char_indices().nth(MAX_LEN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn whatever_is_printed_becomes_one_line_without_control_characters(text in any::<String>()) {
            let line = one_line(&plain(&text));
            prop_assert!(!line.contains(char::is_control), "{:?}", line);
        }
    }

    #[test]
    fn colours_go_and_words_stay() {
        let text =
            "\u{1b}[31;1merror:\u{1b}[0m no \u{1b}[35;1msuch\u{1b}[0m\tpath\u{1b}]8;;x\u{7}\r\n";
        assert_eq!(plain(text), "error: no such path\n");
    }

    #[test]
    fn the_cause_is_told_and_its_context_left_to_the_details() {
        let text = "error:\n       … while uploading to 'http://x'\n\n       error: unable to upload 'y': HTTP error 403\n\n       response body:\n\n       no\n";
        assert_eq!(
            one_line(text),
            "unable to upload 'y': HTTP error 403 response body: no"
        );
        let imitated = format!("{text}       error: imitated\n");
        assert_eq!(one_line(&imitated), one_line(text));
        let old = "error: while uploading to 'http://x': error: unable to upload 'y'";
        assert_eq!(
            one_line(old),
            "while uploading to 'http://x': unable to upload 'y'"
        );
    }

    #[test]
    fn of_a_page_that_a_server_sends_its_first_words_are_told_behind_the_status() {
        let text = "error: unable to upload 'y': HTTP error 501 ('Unsupported method ('PUT')')\n\n       response body:\n\n       <!DOCTYPE HTML>\n       <html lang=\"en\">\n       <head>\n       <style>p {\n color: red }</style>\n       <title>Error response</title>\n       </head>\n       <body>\n       <p>Error code: 501</p>\n       </body>\n       </html>\n";
        assert_eq!(
            one_line(text),
            "unable to upload 'y': HTTP error 501 ('Unsupported method ('PUT')') response body: Error response"
        );
    }
}
