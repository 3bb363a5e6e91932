//! nix-post-build-push(1): the commands.

use clap::{Arg, Command};

use super::page::Page;
use super::{CONFIGURATION, HOOK};
use crate::cli::{self, NAME};
use crate::error::CommandError;
use crate::exit_codes;
use crate::manual::markdown::{is_own, meaning, word};
use crate::manual::{journal, json, texts};

/// As it stands behind a name.
fn about() -> String {
    let mut chars = texts::ABOUT.chars();
    let first = chars.next().map(|first| first.to_ascii_lowercase());
    first.into_iter().chain(chars).collect()
}

pub(super) fn page() -> Result<String, CommandError> {
    let command = cli::command();
    let mut page = Page::new(NAME, "1", &about());
    page.section("SYNOPSIS");
    page.usage(texts::USAGE);
    page.section("DESCRIPTION");
    let about = texts::LONG_ABOUT.split_once("\n\n");
    page.text(about.map_or(texts::LONG_ABOUT, |(_, about)| about));
    page.text(texts::GRAMMAR);
    page.text(texts::PRECEDENCE);
    page.section("COMMANDS");
    command
        .get_subcommands()
        .for_each(|below| commands(&mut page, "", below));
    options(&mut page, &command);
    page.section("ENVIRONMENT");
    page.text(texts::SETTING_VARIABLES);
    texts::VARIABLES
        .iter()
        .for_each(|(name, what)| page.entry(name, what));
    page.section("FILES");
    texts::FILES
        .iter()
        .for_each(|(name, what)| page.entry(name, what));
    page.section("JOURNAL");
    page.text(journal::INTRODUCTION);
    for (priority, word, meaning) in journal::PRIORITIES {
        page.entry(&format!("PRIORITY={priority}, {word}"), meaning);
    }
    for (name, what) in journal::fields() {
        page.entry(&name, &what);
    }
    page.code(journal::examples());
    json_output(&mut page);
    page.section("EXIT STATUS");
    for (code, meaning) in exit_codes::ALL {
        page.entry(&code.to_string(), meaning);
    }
    page.text(texts::SEVERAL_EXIT_CODES);
    page.section("EXAMPLES");
    page.code(examples(texts::AFTER_HELP));
    page.see_also(&[
        (HOOK, "1"),
        (CONFIGURATION, "5"),
        ("nix3-copy", "1"),
        ("nix-store", "1"),
        ("nix.conf", "5"),
    ]);
    page.finish()
}

fn commands(page: &mut Page, above: &str, command: &Command) {
    if command.is_hide_set() {
        return;
    }
    let name = format!("{above}{}", command.get_name());
    if command.has_subcommands() {
        let above = format!("{name} ");
        let below = command.get_subcommands();
        return below.for_each(|below| commands(page, &above, below));
    }
    let own: Vec<_> = command.get_arguments().filter(|arg| is_own(arg)).collect();
    let operands = own.iter().filter(|arg| arg.is_positional());
    let operands: String = operands.map(|arg| word(arg)).collect();
    page.subsection(&format!("{name}{}", operands.replace('…', "...")));
    let about = command.get_long_about().or(command.get_about());
    page.text(&sentences(
        &about.map(ToString::to_string).unwrap_or_default(),
    ));
    let aliases: Vec<_> = command
        .get_visible_aliases()
        .map(|alias| format!("`{alias}`"))
        .collect();
    if !aliases.is_empty() {
        page.text(&format!("Also: {}.", aliases.join(", ")));
    }
    own.iter().for_each(|arg| argument(page, arg));
    if let Some(shown) = command.get_after_help() {
        page.code(examples(&shown.to_string()));
    }
}

fn argument(page: &mut Page, arg: &Arg) {
    page.argument(arg, &sentences(&meaning(arg)));
}

fn options(page: &mut Page, command: &Command) {
    page.section("OPTIONS");
    page.text("These may stand anywhere before `--`, with any command.");
    let shown: Vec<_> = command
        .get_arguments()
        .filter(|arg| !arg.is_hide_set())
        .collect();
    let mut headings: Vec<_> = shown.iter().map(|arg| arg.get_help_heading()).collect();
    headings.sort_by_key(|heading| heading.is_some());
    headings.dedup();
    let mut done = Vec::new();
    for heading in headings {
        if done.contains(&heading) {
            continue;
        }
        if let Some(title) = heading {
            page.subsection(title);
        }
        let below = shown.iter().filter(|arg| arg.get_help_heading() == heading);
        below.for_each(|arg| argument(page, arg));
        done.push(heading);
    }
    page.text(&format!(
        "What each setting means, and what it is by default, is in `{CONFIGURATION}`(5)."
    ));
}

fn json_output(page: &mut Page) {
    page.section("JSON OUTPUT");
    page.text(json::INTRODUCTION);
    for document in json::documents() {
        page.subsection(document.command);
        page.text(&format!("Each object is {}.", document.object));
        for [field, kind, meaning] in &document.fields {
            page.entry(field, &format!("({kind}) {meaning}"));
        }
        document.more.iter().for_each(|more| page.text(more));
        for [id, verdict, check, meaning] in document.ids {
            page.entry(id, &format!("({verdict}, {check}) {meaning}"));
        }
    }
}

/// Help texts are paragraphs of sentences, but for a first or last full stop.
fn sentences(text: &str) -> String {
    let paragraphs = text.split("\n\n").map(sentence);
    paragraphs.collect::<Vec<_>>().join("\n\n")
}

fn sentence(text: &str) -> String {
    let full_stop = if text.ends_with(['.', ':', ')', ']']) {
        ""
    } else {
        "."
    };
    format!("{text}{full_stop}")
}

/// The longest command that fits on a terminal of 80 columns, as it is indented.
const LONGEST: usize = 66;

/// The commands in a text with examples: its indented lines. A long one goes on in a next line.
fn examples(text: &str) -> Vec<String> {
    let commands = text.lines().filter_map(|line| line.strip_prefix("  "));
    commands.flat_map(continued).collect()
}

fn continued(command: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in command.split(' ') {
        let last = lines.len() - 1;
        let line = &mut lines[last];
        if line.is_empty() {
            line.push_str(word);
        } else if line.len() + 1 + word.len() <= LONGEST {
            line.push(' ');
            line.push_str(word);
        } else {
            line.push_str(" \\");
            lines.push(format!("    {word}"));
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_command_goes_on_in_a_next_line() {
        let word = "a".repeat(40);
        let text = format!("Examples:\n  x y\n  {word} {word} b");
        let expected = [
            "x y".to_owned(),
            format!("{word} \\"),
            format!("    {word} b"),
        ];
        assert_eq!(examples(&text), expected);
    }
}
