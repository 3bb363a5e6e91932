//! How each shell tells its line, and how it wants to be answered.

use std::str::FromStr;

use super::words::{Line, joined, unquoted, with_home};
use super::{Answer, Candidate};

/// A shell whose script asks this program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shell {
    Bash,
    Zsh,
    Fish,
}

impl FromStr for Shell {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        match name {
            "bash" => Ok(Self::Bash),
            "zsh" => Ok(Self::Zsh),
            "fish" => Ok(Self::Fish),
            _ => Err(()),
        }
    }
}

impl Shell {
    /// The line that a script tells of; `None` if it is none.
    ///
    /// bash: the line up to the cursor, then its pieces. zsh and fish: the words up to the one at the
    /// cursor. They are as they stand on the line, but for those of fish before the last.
    pub(super) fn line(self, told: &[&str], home: Option<&str>) -> Option<Line> {
        let (raw, replaced) = match self {
            Self::Bash => {
                let (line, pieces) = told.split_first()?;
                let (words, replaced) = joined(line, pieces);
                (words, Some(replaced))
            }
            Self::Zsh | Self::Fish => (told.iter().map(ToString::to_string).collect(), None),
        };
        let (raw_current, before) = raw.get(1..)?.split_last()?;
        let before = before.iter().map(|word| match self {
            Self::Fish => with_home(word.clone(), home),
            Self::Bash | Self::Zsh => with_home(unquoted(word).0, home),
        });
        let (current, is_quoted) = unquoted(raw_current);
        let kept = replaced.and_then(|replaced| raw_current.strip_suffix(replaced.as_str()));
        Some(Line {
            before: before.collect(),
            kept: kept.map(|kept| unquoted(kept).0).unwrap_or_default(),
            current,
            is_quoted,
        })
    }

    /// The text of an answer.
    pub(super) fn text(self, answer: &Answer, line: &Line) -> String {
        let begin = |candidate: &Candidate| candidate.word.starts_with(&line.current);
        let (kind, words) = match answer {
            Answer::Files(besides) => ("files", &besides[..]),
            Answer::Directories => ("directories", &[][..]),
            Answer::Nothing => ("nothing", &[][..]),
            Answer::Words(words) if words.iter().all(begin) => ("values", &words[..]),
            Answer::Words(words) => ("replace", &words[..]),
        };
        let mut text = format!("{kind}\n");
        for candidate in words {
            let is_file = kind == "files";
            if let Some(candidate) = self.candidate(candidate, line, is_file) {
                text.push_str(&candidate);
                text.push('\n');
            }
        }
        text
    }

    /// A line of the answer. What a terminal would not take as it is, is not offered: nothing of
    /// ours has such a name.
    fn candidate(self, candidate: &Candidate, line: &Line, is_file: bool) -> Option<String> {
        let Candidate { word, meaning } = candidate;
        if crate::terminal::Escaped(word).to_string() != *word {
            return None;
        }
        let meaning = crate::terminal::Escaped(meaning).to_string();
        match self {
            // Names of files it quotes by itself.
            Self::Bash if is_file => word.strip_prefix(&line.kept).map(str::to_owned),
            Self::Bash => bash(word.strip_prefix(&line.kept)?, line.is_quoted),
            Self::Zsh if meaning.is_empty() => Some(zsh(word)),
            Self::Zsh => Some(format!("{}:{}", zsh(word), meaning.replace('\\', "\\\\"))),
            Self::Fish => Some(format!("{word}\t{meaning}")),
        }
    }
}

/// bash puts it on the line as it is.
fn bash(word: &str, is_quoted: bool) -> Option<String> {
    let is_plain = |c: char| c.is_alphanumeric() || "/_.+-=:,@%".contains(c);
    if is_quoted {
        let ends_the_quote = |c: char| "'\"\\$`!".contains(c);
        return (!word.contains(ends_the_quote)).then(|| word.to_owned());
    }
    let mut text = String::with_capacity(word.len());
    for c in word.chars() {
        if !is_plain(c) {
            text.push('\\');
        }
        text.push(c);
    }
    Some(text)
}

/// `_describe` takes what stands before the first colon, and quotes it.
fn zsh(word: &str) -> String {
    word.replace('\\', "\\\\").replace(':', "\\:")
}

/// Every shell is told anything, and makes a text of a candidate that may be anything.
#[cfg(test)]
pub(crate) fn answer_to_anything(text: &str) {
    for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
        let told: Vec<_> = text.split('\n').collect();
        let Some(line) = shell.line(&told, Some("/home")) else {
            continue;
        };
        let candidate = Candidate {
            word: text.to_owned(),
            meaning: text.to_owned(),
        };
        let answer = shell.text(&Answer::Words(vec![candidate]), &line);
        assert!(!answer.replace(['\n', '\t'], "").contains(char::is_control));
        assert!(answer.lines().count() <= 2, "{answer:?}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(word: &str, meaning: &str) -> Candidate {
        Candidate {
            word: word.to_owned(),
            meaning: meaning.to_owned(),
        }
    }

    fn candidate(word: &str, meaning: &str) -> Answer {
        Answer::Words(vec![one(word, meaning)])
    }

    fn line(shell: Shell, told: &[&str]) -> Line {
        shell.line(told, Some("/home/me")).unwrap()
    }

    #[test]
    fn bash_is_given_what_it_replaces_quoted_for_where_it_stands() {
        for (told, word, offered) in [
            (
                &["x --queue=", "x", "--queue", "="][..],
                "--queue=main",
                "main",
            ),
            (&["x a", "x", "a"], "a?=b c", r"a\?=b\ c"),
            (&["x 'a", "x", "'a"], "a?b", "a?b"),
        ] {
            let line = line(Shell::Bash, told);
            let text = Shell::Bash.text(&candidate(word, "what"), &line);
            assert_eq!(text, format!("values\n{offered}\n"));
        }
    }

    #[test]
    fn bash_quotes_what_is_offered_beside_files_by_itself() {
        let line = line(Shell::Bash, &["x /", "x", "/"]);
        let text = Shell::Bash.text(&Answer::Files(vec![one("/a?b", "")]), &line);
        assert_eq!(text, "files\n/a?b\n");
    }

    #[test]
    fn nothing_is_offered_that_would_end_the_quotes_in_which_it_stands() {
        let line = line(Shell::Bash, &["x \"a", "x", "\"a"]);
        assert_eq!(Shell::Bash.text(&candidate("a$b", ""), &line), "values\n");
    }

    #[test]
    fn a_word_that_does_not_begin_with_what_is_typed_replaces_it() {
        for (shell, told) in [
            (Shell::Bash, &["x he", "x", "he"][..]),
            (Shell::Zsh, &["x", "he"]),
            (Shell::Fish, &["x", "he"]),
        ] {
            let text = shell.text(&candidate("abc-hello", ""), &line(shell, told));
            assert!(text.starts_with("replace\nabc-hello"), "{text}");
        }
    }

    #[test]
    fn zsh_and_fish_are_given_the_meaning_as_well() {
        let line = line(Shell::Zsh, &["x", ""]);
        let answer = candidate("a:b", "c:d\n\u{1b}[2J");
        let zsh = Shell::Zsh.text(&answer, &line);
        assert_eq!(zsh, "values\na\\:b:c:d\\\\n\\\\u{1b}[2J\n");
        let fish = Shell::Fish.text(&answer, &line);
        assert_eq!(fish, "values\na:b\tc:d\\n\\u{1b}[2J\n");
    }

    #[test]
    fn what_moves_the_cursor_is_not_offered() {
        for shell in [Shell::Zsh, Shell::Fish] {
            let line = line(shell, &["x", ""]);
            assert_eq!(shell.text(&candidate("a\u{1b}b", ""), &line), "values\n");
        }
    }

    #[test]
    fn words_before_the_cursor_are_read_as_the_shell_would() {
        let zsh = line(Shell::Zsh, &["x", "~/c.toml", r"a\ b", "'q"]);
        assert_eq!(zsh.before, ["/home/me/c.toml", "a b"]);
        assert_eq!((zsh.current.as_str(), zsh.is_quoted), ("q", true));
        let fish = line(Shell::Fish, &["x", r"a\ b", ""]);
        assert_eq!(fish.before, [r"a\ b"]);
    }
}
