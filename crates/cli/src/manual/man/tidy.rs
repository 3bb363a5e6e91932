//! Roff as it should be: each character is what it looks like, and no line is long.

/// The longest line of source that mandoc finds to be in good style.
const LONGEST: usize = 80;

/// The same page. Filled text is broken into short lines; what roff would typeset as another
/// character (a quote for a backtick, a small tilde) is named; the source is ASCII.
pub(super) fn tidied(page: &str) -> String {
    let mut is_filled = true;
    let mut tidy = String::with_capacity(page.len() * 2);
    for line in page.lines() {
        match line {
            ".nf" => is_filled = false,
            ".fi" => is_filled = true,
            _ => {}
        }
        let text = named(line);
        match is_filled && !line.starts_with('.') {
            true => broken(&text, &mut tidy),
            false => tidy.push_str(&text),
        }
        tidy.push('\n');
    }
    tidy
}

/// groff_char(7): what is typeset as something else, unless it is named.
fn named(line: &str) -> String {
    let mut text = String::with_capacity(line.len());
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            // The writer doubles a backslash, which roff takes for one only when it reads it once.
            '\\' if chars.next_if_eq(&'\\').is_some() => text.push_str("\\(rs"),
            '`' => text.push_str("\\(ga"),
            '~' => text.push_str("\\(ti"),
            '^' => text.push_str("\\(ha"),
            c if c.is_ascii() => text.push(c),
            c => text.push_str(&format!("\\[u{:04X}]", u32::from(c))),
        }
    }
    text
}

fn broken(text: &str, lines: &mut String) {
    let mut length = 0;
    for (number, word) in text.split(' ').filter(|word| !word.is_empty()).enumerate() {
        if number > 0 {
            let fits = length + 1 + word.len() <= LONGEST;
            lines.push(if fits { ' ' } else { '\n' });
            length = if fits { length + 1 } else { 0 };
        }
        // At the beginning of a line these would begin a request.
        if length == 0 && number > 0 && word.starts_with(['.', '\'']) {
            lines.push_str("\\&");
            length += 2;
        }
        lines.push_str(word);
        length += word.len();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_character_is_what_it_looks_like() {
        assert_eq!(
            tidied("`~^…\\\\n\\-"),
            "\\(ga\\(ti\\(ha\\[u2026]\\(rsn\\-\n"
        );
    }

    #[test]
    fn text_is_broken_into_short_lines_of_which_none_becomes_a_request() {
        let text = format!("{} .SH 'x", "a".repeat(77));
        let expected = format!("{}\n\\&.SH 'x\n", "a".repeat(77));
        assert_eq!(tidied(&text), expected);
    }

    #[test]
    fn what_is_not_filled_keeps_its_lines_and_blanks() {
        let page = format!(".nf\n{}  b\n.fi\n", "a  ".repeat(40));
        assert_eq!(tidied(&page), page);
    }
}
