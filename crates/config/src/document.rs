//! A configuration file as far as it could be parsed.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::ops::Range;

use camino::Utf8PathBuf;
use toml::de::{DeTable, Error};

use crate::key::{self, EXAMPLES, HEALTH_KEYS, LIMIT_KEYS, QUEUE_KEYS, TABLES};
use crate::lines::Lines;
use crate::problem::{Location, Problem, Problems};
use crate::section::Section;
use crate::suggest;

/// A parsed file, its syntax errors left out and remembered.
pub(crate) struct Document<'t> {
    path: Utf8PathBuf,
    lines: Lines<'t>,
    root: DeTable<'t>,
    /// Lines with a syntax error, and its message.
    errors: BTreeMap<usize, Problem>,
}

impl<'t> Document<'t> {
    /// Parses a text. `spare` keeps a copy of it if some lines have to be left out.
    pub(crate) fn parse(path: Utf8PathBuf, text: &'t str, spare: &'t OnceCell<String>) -> Self {
        let (mut root, mut errors) = DeTable::parse_recoverable(text);
        if errors.iter().any(ends_parsing) {
            let (mended, all) = leave_out(text.to_owned(), errors);
            root = DeTable::parse_recoverable(spare.get_or_init(|| mended)).0;
            errors = all;
        }
        let (root, lines) = (root.into_inner(), Lines::new(text));
        let mut document = Self {
            path,
            lines,
            root,
            errors: BTreeMap::new(),
        };
        document.note(errors);
        document
    }

    /// Keeps the first error of each line: the others mostly follow from it.
    fn note(&mut self, mut errors: Vec<Error>) {
        errors.sort_by_key(start);
        for error in errors {
            let location = self.location(start(&error));
            let line = location.line;
            let problem = Problem::new(error.message()).at(Some(location));
            let problem = problem.hint(match error.message() {
                "duplicate key" => "it is there already: leave out one of them".to_owned(),
                _ => self.hint_for(line),
            });
            self.errors.entry(line).or_insert(problem);
        }
    }

    /// How a line is written that says what this one seems to say.
    fn hint_for(&self, line: usize) -> String {
        let text = self.lines.text_of(line).trim_start();
        let known = |(name, _): &&(&str, &str)| {
            let behind = text.strip_prefix(name);
            behind.is_some_and(|behind| {
                !behind.starts_with(|c: char| c.is_alphanumeric() || c == '-')
            })
        };
        match EXAMPLES.iter().find(known) {
            _ if text.starts_with('[') => "write for example: [queues.main]".to_owned(),
            Some((name, example)) => key::hint_in_file(name, example),
            None => "write one `KEY = VALUE` a line, each key once, texts in quotes".to_owned(),
        }
    }

    /// The top-level table of this name; empty if there is none.
    pub(crate) fn section(&self, name: &'static str, problems: &mut Problems) -> Section<'_> {
        let root = Section::new(self, String::new(), None, &self.root, None);
        root.table(name, format!("[{name}]"), None, problems)
            .unwrap_or_else(|| Section::empty(self, format!("[{name}]")))
    }

    /// Reports the syntax errors, and top-level keys that nobody knows.
    pub(crate) fn check(&self, problems: &mut Problems) {
        for problem in self.errors.values() {
            problems.push(problem.clone());
        }
        for (name, key) in self.root.keys().map(|key| (key.get_ref(), key)) {
            if !TABLES.contains(&&**name) && !self.is_damaged(key.span()) {
                let hint = match &**name {
                    name if LIMIT_KEYS.contains(&name) => {
                        "it is a limit of a queue: write it below [queues.default.limits]"
                            .to_owned()
                    }
                    name if HEALTH_KEYS.contains(&name) => {
                        "it is a threshold of `status`: write it below [queues.default.health]"
                            .to_owned()
                    }
                    name if QUEUE_KEYS.contains(&name) => {
                        "it belongs to a queue: write it below [queues.default]".to_owned()
                    }
                    name => suggest::hint(name, TABLES),
                };
                let message = format!("unknown key `{}` at the top", name.escape_debug());
                let location = self.location(key.span().start);
                problems.push(Problem::new(message).at(Some(location)).hint(hint));
            }
        }
    }

    pub(crate) fn location(&self, offset: usize) -> Location {
        let (line, column) = self.lines.position(offset);
        Location {
            file: self.path.clone(),
            line,
            column,
        }
    }

    /// Whether a syntax error lies in the lines of this span, so that what the parser made of
    /// them is a guess.
    pub(crate) fn is_damaged(&self, span: Range<usize>) -> bool {
        let first = self.lines.line(span.start);
        // What stands for a value that is missing may seem to lie before its key.
        let last = self.lines.line(span.end).max(first);
        self.errors.range(first..=last).next().is_some()
    }

    /// Whether a line that could not be parsed speaks of this word, in the table that begins
    /// at a line.
    pub(crate) fn hides(&self, word: &str, begin: usize) -> bool {
        let is_header = |line: &usize| self.lines.text_of(*line).trim_start().starts_with('[');
        let errors = self.errors.keys().filter(|line| **line > begin);
        errors
            .take_while(|line| !(begin + 1..=**line).any(|line| is_header(&line)))
            .any(|line| self.lines.text_of(*line).contains(word))
    }
}

fn start(error: &Error) -> usize {
    error.span().map_or(0, |span| span.start)
}

/// After a key without `=` the parser (toml 1.2) reads on and yet drops all that follows.
fn ends_parsing(error: &Error) -> bool {
    let message = error.message();
    message.starts_with("key with no value") || message.starts_with("missing value for key")
}

/// Blanks the lines at which the parser would give up, which leaves every other byte at its
/// place, and adds the errors that were hidden behind them.
fn leave_out(mut text: String, mut errors: Vec<Error>) -> (String, Vec<Error>) {
    let mut all = Vec::new();
    // Each round blanks a line; the bound is for a file that is no configuration at all.
    for _ in 0..100 {
        let Some(at) = errors.iter().find(|error| ends_parsing(error)).map(start) else {
            break;
        };
        all.append(&mut errors);
        let from = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
        let to = text[at..]
            .find('\n')
            .map_or(text.len(), |newline| at + newline);
        text.replace_range(from..to, &" ".repeat(to - from));
        errors = DeTable::parse_recoverable(&text).1;
    }
    all.append(&mut errors);
    (text, all)
}
