//! What a page is put together of.

use clap::Arg;
use clap_mangen::Man;
use clap_mangen::roff::{Inline, Roff, bold, italic, roman};

use super::tidy::tidied;
use crate::error::CommandError;
use crate::exit_codes::Exit;

/// When the pages were last revised. One that a build made up would be another one each time.
const REVISED: &str = "2026-11-27";

/// A page that is being written.
pub(super) struct Page {
    name: String,
    section: &'static str,
    roff: Roff,
    /// Nothing stands below the last heading yet.
    is_begun: bool,
}

impl Page {
    /// With its name and what it is about.
    pub(super) fn new(name: &str, section: &'static str, about: &str) -> Self {
        let mut page = Self {
            name: name.to_owned(),
            section,
            roff: Roff::default(),
            is_begun: true,
        };
        page.section("NAME");
        // What apropos(1) reads: no font in it.
        page.roff.text([roman(format!("{name} - {about}"))]);
        page.is_begun = false;
        page
    }

    pub(super) fn section(&mut self, title: &str) {
        self.roff.control("SH", [title]);
        self.is_begun = true;
    }

    pub(super) fn subsection(&mut self, title: &str) {
        self.roff.control("SS", [title]);
        self.is_begun = true;
    }

    /// Paragraphs, with a blank line between them and code between backticks.
    pub(super) fn text(&mut self, text: &str) {
        for paragraph in text.split("\n\n") {
            self.begin_paragraph();
            self.roff.text(inlines(paragraph));
        }
    }

    /// A heading begins one by itself.
    fn begin_paragraph(&mut self) {
        if !std::mem::take(&mut self.is_begun) {
            self.roff.control("PP", []);
        }
    }

    /// How something is called: what is to be replaced stands in capitals.
    pub(super) fn usage(&mut self, usage: &str) {
        let words = usage.split(' ').enumerate();
        let words = words.flat_map(|(number, word)| {
            let blank = (number > 0).then(|| roman(" "));
            blank.into_iter().chain(usage_word(word))
        });
        self.roff.text(words.collect::<Vec<_>>());
    }

    /// Terms, separated by commas, and what they mean.
    pub(super) fn entry(&mut self, term: &str, meaning: &str) {
        self.tagged(term.split(", ").map(|name| vec![bold(name)]), meaning);
    }

    /// An argument of a command line and what it means.
    pub(super) fn argument(&mut self, arg: &Arg, meaning: &str) {
        self.tagged([names(arg)], meaning);
    }

    fn tagged(&mut self, terms: impl IntoIterator<Item = Vec<Inline>>, meaning: &str) {
        for (number, term) in terms.into_iter().enumerate() {
            let request = if number == 0 { "TP" } else { "TQ" };
            self.roff.control(request, []).text(term);
        }
        self.is_begun = false;
        for (number, paragraph) in meaning.split("\n\n").enumerate() {
            if number > 0 {
                self.roff.control("IP", []);
            }
            self.roff.text(inlines(paragraph));
        }
    }

    /// Lines that stay as they are, indented.
    pub(super) fn code<L: AsRef<str>>(&mut self, lines: impl IntoIterator<Item = L>) {
        self.begin_paragraph();
        self.roff.control("RS", ["4"]).control("nf", []);
        for line in lines {
            // An empty line of source is bad style.
            match line.as_ref() {
                "" => self.roff.control("sp", []),
                line => self.roff.text([roman(line)]),
            };
        }
        self.roff.control("fi", []).control("RE", []);
    }

    /// Other pages, by name and section.
    pub(super) fn see_also(&mut self, pages: &[(&str, &str)]) {
        self.section("SEE ALSO");
        for (number, (name, section)) in pages.iter().enumerate() {
            let comma = if number + 1 < pages.len() { "," } else { "" };
            self.roff
                .text([bold(*name), roman(format!("({section}){comma}"))]);
        }
    }

    /// Its source.
    ///
    /// # Errors
    ///
    /// Never in fact: it is written to memory.
    pub(super) fn finish(self) -> Result<String, CommandError> {
        let mut text = Vec::new();
        let title = Man::new(crate::cli::command())
            .title(self.name.to_uppercase())
            .section(self.section)
            .date(REVISED)
            .manual(match self.section {
                "1" => "User Commands",
                _ => "File Formats",
            });
        title
            .render_title(&mut text)
            .and_then(|()| self.roff.to_writer(&mut text))
            .map_err(|error| {
                CommandError::new(Exit::Bug, "failed to write the manual").caused_by(&error)
            })?;
        let text = String::from_utf8_lossy(&text);
        // The writer begins each part with the definition of an apostrophe.
        let mut seen = false;
        let is_first = |line: &&str| {
            !line.starts_with(".ie ") && !line.starts_with(".el ") || {
                let keep = !seen;
                seen = seen || line.starts_with(".el ");
                keep
            }
        };
        let lines: Vec<_> = text.lines().filter(is_first).collect();
        Ok(tidied(&lines.join("\n")))
    }
}

/// Code between backticks is bold.
fn inlines(text: &str) -> Vec<Inline> {
    let text = text.replace('\n', " ");
    let parts = text.split('`').enumerate();
    let parts = parts.filter(|(_, part)| !part.is_empty());
    parts
        .map(|(number, part)| match number % 2 {
            0 => roman(part),
            _ => bold(part.trim()),
        })
        .collect()
}

/// Names are bold, what is to be replaced is in italics.
fn usage_word(word: &str) -> Vec<Inline> {
    let is_name = |c: char| c.is_alphanumeric() || c == '-';
    let mut parts = Vec::new();
    let mut rest = word;
    while let Some(first) = rest.chars().next() {
        let end = rest.find(|c| is_name(c) != is_name(first));
        let (part, behind) = rest.split_at(end.unwrap_or(rest.len()));
        parts.push(match is_name(first) {
            true if part.chars().any(char::is_lowercase) || part.starts_with('-') => bold(part),
            true => italic(part),
            false => roman(part),
        });
        rest = behind;
    }
    parts
}

/// An argument's names and the name of its value.
fn names(arg: &Arg) -> Vec<Inline> {
    let short = arg.get_short().map(|short| format!("-{short}"));
    let long = arg.get_long().map(|long| format!("--{long}"));
    let mut names = Vec::new();
    for name in short.into_iter().chain(long) {
        if !names.is_empty() {
            names.push(roman(", "));
        }
        names.push(bold(name));
    }
    if arg.is_positional() || arg.get_action().takes_values() {
        if !names.is_empty() {
            names.push(roman(" "));
        }
        names.push(italic(super::super::markdown::value_name(arg)));
    }
    names
}
