//! What a server sent with an answer that is an error, as Nix repeats it: a word, or a whole page.

/// What Nix writes before it (2.8.0 to 2.34.8).
pub(crate) const BEFORE: &str = "response body:";

/// Longest line that is told, in characters.
const MAX_LEN: usize = 200;

/// The text of an error before what a server sent, and that.
pub(crate) fn split(error: &str) -> (&str, Option<&str>) {
    match error.split_once(BEFORE) {
        Some((error, body)) => (error, Some(body)),
        None => (error, None),
    }
}

/// Its first line with any text on it, without markup.
pub(crate) fn first_line(body: &str) -> Option<String> {
    let text = match body.trim_start().starts_with('<') {
        true => without_markup(body),
        false => body.to_owned(),
    };
    let line = text.lines().map(str::trim).find(|line| !line.is_empty())?;
    let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
    Some(match line.char_indices().nth(MAX_LEN) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    })
}

/// Of HTML and XML what is to be read: a blank for each tag, nothing for a style, a script or a comment.
fn without_markup(page: &str) -> String {
    let mut text = String::new();
    let mut rest = page;
    while let Some((before, tag)) = rest.split_once('<') {
        text.push_str(before);
        text.push(' ');
        let end = end_of_markup(tag);
        rest = tag.split_once(end).map_or("", |(_, behind)| behind);
    }
    text + rest
}

/// What ends what a tag begins; the tag comes without its bracket.
fn end_of_markup(tag: &str) -> &'static str {
    let is = |name: &str| {
        let begun = tag.get(..name.len());
        begun.is_some_and(|begun| begun.eq_ignore_ascii_case(name))
    };
    match () {
        () if is("!--") => "-->",
        () if is("style") => "</style>",
        () if is("script") => "</script>",
        () => ">",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn is_told(body: &str, line: &str) {
        assert_eq!(first_line(body).as_deref(), Some(line), "{body}");
    }

    #[test]
    fn what_a_body_says_is_told_in_one_line_without_markup() {
        is_told("\n\n  no\n  really not\n", "no");
        is_told("a < b and c > d", "a < b and c > d");
        is_told(
            "<html>\n<head><title>413 Request Entity Too Large</title></head>\n<body>\n<hr>nginx",
            "413 Request Entity Too Large",
        );
        is_told(
            "<?xml version=\"1.0\"?>\n<Error><Code>AccessDenied</Code><Message>Access  Denied</Message></Error>",
            "AccessDenied Access Denied",
        );
        is_told("<!-- <b>\n--><script>x > y\n</script>text", "text");
    }

    #[test]
    fn a_body_without_text_is_not_told() {
        for body in [
            "",
            "\n\n",
            "<html>\n<body></body></html>",
            "<html",
            "<STYLE>p",
        ] {
            assert_eq!(first_line(body), None, "{body}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_sent_is_one_short_line(body in any::<String>(), tags in "[<>!a-z/\n -]{0,40}") {
            for body in [body, tags] {
                let line = first_line(&body).unwrap_or_default();
                prop_assert!(line.chars().count() <= MAX_LEN + 1 && !line.contains('\n'));
            }
        }
    }
}
