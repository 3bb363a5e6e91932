//! Whether the page has what the programs say, and they say what it has.

use std::collections::BTreeSet;

use crate::Pattern;
use crate::collect::{Literal, Role};
use crate::page::{Entry, line_for};
use crate::rules::Other;

/// What is no message in these places, and what others say.
#[derive(Debug, Clone, Copy)]
pub struct Rules<'a> {
    /// See [`rules::OTHER`](crate::rules::OTHER).
    pub other: &'a [Other],
    /// See [`rules::FOREIGN`](crate::rules::FOREIGN).
    pub foreign: &'a [(&'a str, &'a str)],
}

/// The literals that the page lacks: for each its place, the line to add, and what else can be done.
#[must_use]
pub fn missing(literals: &[Literal], page: &[Entry], rules: Rules<'_>) -> Vec<String> {
    let lacking = wanted(literals, rules).filter(|literal| !has(page, &literal.pattern));
    lacking.map(tell).collect()
}

/// What is to be on the page.
fn wanted<'a>(literals: &'a [Literal], rules: Rules<'a>) -> impl Iterator<Item = &'a Literal> {
    let is_other = |literal: &Literal| rules.other.iter().any(|other| other.is(literal));
    literals
        .iter()
        .filter(move |literal| may_be_shown(literal) && !is_other(literal))
}

fn may_be_shown(literal: &Literal) -> bool {
    match literal.role {
        Role::Message | Role::OfNix => literal.pattern.has_letters(),
        Role::Text => literal.pattern.is_prose(),
        Role::Aside => false,
    }
}

fn has(page: &[Entry], pattern: &Pattern) -> bool {
    page.iter()
        .any(|entry| pattern.find(&entry.text, 0).is_some())
}

fn tell(literal: &Literal) -> String {
    let Literal {
        pattern, place, at, ..
    } = literal;
    format!(
        "crates/{at}: docs/troubleshooting.md lacks this line, in the group with its answer:\n{}\n\
         (not a message? list {place} in OTHER of crates/messages/src/rules.rs; a hint? say `hint` in its name)",
        line_for(&pattern.shown)
    )
}

/// The lines of the page that nothing says any more.
#[must_use]
pub fn stale(literals: &[Literal], page: &[Entry], rules: Rules<'_>) -> Vec<String> {
    let said = |of_nix: bool| {
        let own = literals
            .iter()
            .filter(move |literal| (literal.role == Role::OfNix) == of_nix);
        let own = own.filter(|literal| literal.role != Role::Aside);
        own.map(|literal| literal.pattern.clone())
            .filter(Pattern::has_letters)
            .collect::<Vec<_>>()
    };
    let of_nix = said(true);
    let mut ours = said(false);
    ours.extend(
        rules
            .foreign
            .iter()
            .map(|(text, _)| Pattern::of(text, false)),
    );
    ours.sort();
    ours.dedup();
    let tell = |entry: &Entry| {
        // Nix says more around what is looked for.
        let is_nixs = of_nix
            .iter()
            .any(|pattern| pattern.find(&entry.text, 0).is_some());
        let first = unsaid(&entry.text, &ours).filter(|_| !is_nixs)?;
        let words: String = entry.text[first..].chars().take(40).collect();
        Some(format!(
            "docs/troubleshooting.md:{}: nothing says `{words}`: {}",
            entry.line, entry.text
        ))
    };
    page.iter().filter_map(tell).collect()
}

/// Where the first letter of a text is that no pattern has.
fn unsaid(text: &str, patterns: &[Pattern]) -> Option<usize> {
    let mut said = vec![false; text.len()];
    for pattern in patterns {
        let mut from = 0;
        while let Some(parts) = pattern.find(text, from) {
            for (start, end) in &parts {
                said[*start..*end].fill(true);
            }
            from = parts.first().map_or(text.len(), |(_, end)| *end);
        }
    }
    let mut letters = text.char_indices().filter(|(_, c)| c.is_alphabetic());
    letters.find(|(at, _)| !said[*at]).map(|(at, _)| at)
}

/// The rules that no literal and no line of the page needs, or that only repeat one before them.
#[must_use]
pub fn idle(literals: &[Literal], page: &[Entry], rules: Rules<'_>) -> Vec<String> {
    let hidden = literals
        .iter()
        .filter(|literal| may_be_shown(literal) && !has(page, &literal.pattern));
    let first = |literal: &Literal| rules.other.iter().position(|other| other.is(literal));
    let needed: BTreeSet<usize> = hidden.filter_map(first).collect();
    let places = rules.other.iter().enumerate();
    let places = places.filter(|(number, _)| !needed.contains(number));
    let places = places.map(|(_, other)| format!("OTHER: {} {:?}", other.place, other.begins));
    let unused = |(text, _): &&(&str, &str)| !has(page, &Pattern::of(text, false));
    let foreign = rules
        .foreign
        .iter()
        .filter(unused)
        .map(|(text, _)| format!("FOREIGN: {text}"));
    places.chain(foreign).collect()
}
