//! The manual page.

use std::io;

use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use super::{settings, texts};
use crate::cli;
use crate::error::CommandError;
use crate::exit_codes::{self, Exit};

/// The manual page, in roff.
///
/// # Errors
///
/// Never in fact: it is written to memory.
pub(crate) fn man_page() -> Result<String, CommandError> {
    let page = render().map_err(|error| {
        CommandError::new(Exit::Bug, "failed to write the manual").caused_by(&error)
    })?;
    Ok(String::from_utf8_lossy(&page).into_owned())
}

fn render() -> io::Result<Vec<u8>> {
    let mut page = Vec::new();
    let command = cli::command();
    let man = Man::new(command.clone());
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    let mut synopsis = Roff::default();
    synopsis
        .control("SH", ["SYNOPSIS"])
        .text([roman(texts::USAGE)]);
    synopsis.to_writer(&mut page)?;
    man.render_description_section(&mut page)?;
    let mut more = Roff::default();
    for text in [texts::GRAMMAR, texts::PRECEDENCE] {
        more.control("PP", []).text([roman(text)]);
    }
    commands(&command, &mut more);
    more.to_writer(&mut page)?;
    man.render_options_section(&mut page)?;
    rest().to_writer(&mut page)?;
    Ok(page)
}

fn commands(command: &clap::Command, roff: &mut Roff) {
    roff.control("SH", ["COMMANDS"]);
    for below in command.get_subcommands() {
        let names = std::iter::once(below.get_name()).chain(below.get_visible_aliases());
        let names: Vec<_> = names.collect();
        let about = below
            .get_long_about()
            .or(below.get_about())
            .map(ToString::to_string);
        entry(roff, &names.join(", "), &about.unwrap_or_default());
    }
}

fn entry(roff: &mut Roff, name: &str, meaning: &str) {
    roff.control("TP", []).text([bold(name)]);
    for (number, line) in meaning.split("\n\n").enumerate() {
        if number > 0 {
            roff.control("IP", []);
        }
        roff.text([roman(line)]);
    }
}

fn rest() -> Roff {
    let mut roff = Roff::default();
    roff.control("SH", ["ENVIRONMENT"]);
    roff.text([roman(
        "Every setting has a variable, NIX_POST_BUILD_PUSH_ and its key. Others:",
    )]);
    entries(&mut roff, texts::VARIABLES);
    configuration(&mut roff);
    roff.control("SH", ["FILES"]);
    entries(&mut roff, texts::FILES);
    roff.control("SH", ["EXIT STATUS"]);
    for (code, meaning) in exit_codes::ALL {
        entry(&mut roff, &code.to_string(), meaning);
    }
    examples(&mut roff);
    roff
}

fn entries(roff: &mut Roff, entries: &[(&str, &str)]) {
    for (name, meaning) in entries {
        entry(roff, name, meaning);
    }
}

fn configuration(roff: &mut Roff) {
    roff.control("SH", ["CONFIGURATION"])
        .text([roman(texts::CONFIG_FILE)]);
    for &(title, settings) in settings::TABLES {
        roff.control("SS", [title]);
        for setting in settings {
            let name = format!("{} (default: {})", setting.key, setting.default);
            entry(roff, &name, setting.meaning);
        }
    }
}

fn examples(roff: &mut Roff) {
    roff.control("SH", ["EXAMPLES"]).control("nf", []);
    let examples = [
        texts::AFTER_HELP,
        texts::ENQUEUE_EXAMPLES,
        texts::PUSH_EXAMPLES,
    ];
    let lines = examples.iter().flat_map(|text| text.lines());
    for line in lines.filter(|line| line.starts_with("  ")) {
        roff.text([roman(line)]);
    }
    roff.control("fi", []);
}
