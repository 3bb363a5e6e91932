//! What may stand at the cursor: from the commands and options, and from the queues as they are now.

use std::collections::BTreeSet;

use camino::Utf8Path;
use clap::{Arg, Command, FromArgMatches};
use nix_post_build_push_config::{Config, Environment, Inputs, Need, Overrides, resolve};

use super::entries;
use super::place::{Kind, Place, Wanted, is_given_by, is_repeatable, options};
use super::{Answer, Candidate};
use crate::cli::{self, NAME, SettingArgs};
use crate::session::destination;

/// The options that decide which queues there are and what is known of them. All of them are taken
/// as they are given; a value of another one may be half typed, or wrong.
const DECIDE: [&str; 5] = [
    "config-file",
    "queue",
    "queue-dir",
    "destination",
    "destination-file",
];

/// The variable that picks queues.
const QUEUE_VARIABLE: &str = "NIX_POST_BUILD_PUSH_QUEUE";

/// What may stand at a place. Relative paths on the line are below `cwd`.
pub(super) fn answer(all: &Command, place: &Place<'_>, current: &str, cwd: &Utf8Path) -> Answer {
    match &place.wanted {
        Wanted::Nothing => Answer::Nothing,
        Wanted::Commands(above) => beginning_with(current, commands(above.unwrap_or(all))),
        Wanted::Options => beginning_with(current, unused_options(all, place)),
        Wanted::Value(arg, beginning) => {
            let typed = current.strip_prefix(beginning.as_str()).unwrap_or_default();
            let whole = |value: Candidate| Candidate {
                word: format!("{beginning}{}", value.word),
                ..value
            };
            match values(all, place, arg, typed, cwd) {
                Answer::Words(values) => Answer::Words(values.into_iter().map(whole).collect()),
                other => other,
            }
        }
    }
}

fn values(all: &Command, place: &Place<'_>, arg: &Arg, typed: &str, cwd: &Utf8Path) -> Answer {
    match Kind::of(arg) {
        Kind::File => Answer::Files(Vec::new()),
        Kind::Path if is_about_entries(place) => {
            Answer::Files(queued(all, place, typed, cwd, entries::as_path))
        }
        Kind::Path => Answer::Files(Vec::new()),
        Kind::Directory => Answer::Directories,
        Kind::Entry if is_ruled_out(place, arg) => Answer::Nothing,
        // Some of them replace what is typed.
        Kind::Entry => Answer::Words(queued(all, place, typed, cwd, entries::as_entry)),
        Kind::Queue => beginning_with(typed, queues(all, place, cwd)),
        Kind::Command => beginning_with(typed, commands(explained(all, place))),
        Kind::Other if arg.get_possible_values().is_empty() => Answer::Nothing,
        Kind::Other => beginning_with(typed, possible(arg)),
    }
}

fn beginning_with(typed: &str, mut words: Vec<Candidate>) -> Answer {
    words.retain(|candidate| candidate.word.starts_with(typed));
    Answer::Words(words)
}

fn commands(above: &Command) -> Vec<Candidate> {
    let shown = above.get_subcommands().filter(|below| !below.is_hide_set());
    let commands = shown.map(|below| candidate(below.get_name(), below.get_about()));
    commands.collect()
}

/// What `help` is about by now.
fn explained<'c>(all: &'c Command, place: &Place<'_>) -> &'c Command {
    let names = place.split.words.iter().skip(1);
    names.fold(all, |above, name| {
        above.find_subcommand(name).unwrap_or(above)
    })
}

/// The options that may still be given.
fn unused_options(all: &Command, place: &Place<'_>) -> Vec<Candidate> {
    let given = &place.split.options;
    let is_given = |arg: &Arg| given.iter().any(|option| is_given_by(arg, name_of(option)));
    let left = options(all, place.called).filter(|arg| is_repeatable(arg) || !is_given(arg));
    let longs = left.filter_map(|arg| {
        let long = arg.get_long()?;
        Some(candidate(&format!("--{long}"), arg.get_help()))
    });
    let help = "Explain the program or this command".into();
    longs.chain([candidate("--help", Some(&help))]).collect()
}

fn name_of(option: &str) -> &str {
    option.split_once('=').map_or(option, |(name, _)| name)
}

/// Whether an option that is given goes with no operand.
fn is_ruled_out(place: &Place<'_>, operand: &Arg) -> bool {
    let Some(called) = place.called else {
        return false;
    };
    let given = |arg: &&Arg| {
        place
            .split
            .options
            .iter()
            .any(|option| is_given_by(arg, option))
    };
    called
        .get_arguments()
        .filter(|arg| !arg.is_positional())
        .filter(given)
        .any(|arg| {
            let against = called.get_arg_conflicts_with(arg);
            against.iter().any(|it| it.get_id() == operand.get_id())
        })
}

fn possible(arg: &Arg) -> Vec<Candidate> {
    let values = arg.get_possible_values();
    let shown = values.iter().filter(|value| !value.is_hide_set());
    shown
        .map(|value| candidate(value.get_name(), value.get_help()))
        .collect()
}

fn candidate(word: &str, help: Option<&clap::builder::StyledStr>) -> Candidate {
    let help = help.map(ToString::to_string).unwrap_or_default();
    Candidate {
        word: word.to_owned(),
        meaning: help.lines().next().unwrap_or_default().to_owned(),
    }
}

/// All queues of the configuration that are not picked yet. One that is disabled may be picked.
fn queues(all: &Command, place: &Place<'_>, cwd: &Utf8Path) -> Vec<Candidate> {
    let Some(mut overrides) = overrides(all, place, cwd) else {
        return Vec::new();
    };
    let picked: BTreeSet<_> = std::mem::take(&mut overrides.queues).into_iter().collect();
    let variables = std::env::vars_os().filter(|(name, _)| name != QUEUE_VARIABLE);
    let config = configuration(&overrides, &Environment::new(variables));
    let left = config
        .queues
        .iter()
        .filter(|queue| !picked.contains(&queue.name));
    left.map(|queue| {
        let whereto = destination(queue).unwrap_or_default();
        let meaning = match queue.enable.value {
            true => whereto,
            false => format!("(disabled) {whereto}"),
        };
        Candidate {
            word: queue.name.clone(),
            meaning,
        }
    })
    .collect()
}

/// Whether the paths of a command are mostly those that are queued. What is given to the others is
/// not queued yet.
fn is_about_entries(place: &Place<'_>) -> bool {
    place
        .called
        .is_some_and(|called| called.get_name() == "closure")
}

fn queued(
    all: &Command,
    place: &Place<'_>,
    typed: &str,
    cwd: &Utf8Path,
    word: entries::Word,
) -> Vec<Candidate> {
    let Some(overrides) = overrides(all, place, cwd) else {
        return Vec::new();
    };
    let config = configuration(&overrides, &Environment::new(std::env::vars_os()));
    let named = place
        .split
        .words
        .iter()
        .chain(place.split.paths.iter().flatten());
    let named: BTreeSet<_> = named.map(String::as_str).collect();
    let called = place.called.map_or("", Command::get_name);
    entries::offered(&config, called, &named, |path, store| {
        word(path, store, typed)
    })
}

/// The settings that the line decides; `None` if they contradict each other.
fn overrides(all: &Command, place: &Place<'_>, cwd: &Utf8Path) -> Option<Overrides> {
    let mut line = vec![NAME.to_owned(), "list".to_owned()];
    let mut options = place.split.options.iter();
    while let Some(option) = options.next() {
        let long = name_of(option).strip_prefix("--");
        if !long.is_some_and(|long| DECIDE.contains(&long)) {
            continue;
        }
        line.push(option.clone());
        if !option.contains('=') {
            // Without a value it is the option at the cursor.
            match options.next() {
                Some(value) => line.push(value.clone()),
                None => drop(line.pop()),
            }
        }
    }
    let mut command = cli::with_one_subcommand(all, "list")?;
    let matches = command.try_get_matches_from_mut(line).ok()?;
    let settings = SettingArgs::from_arg_matches(&matches).ok()?;
    Some(settings.overrides(cwd, &[]))
}

/// All that can be known of it; what is wrong with it is no matter here.
fn configuration(overrides: &Overrides, environment: &Environment) -> Config {
    let inputs = Inputs {
        overrides,
        environment,
        uid: rustix::process::geteuid().as_raw(),
        need: Need::Enqueue,
    };
    resolve(&inputs).config
}
