//! What is wanted at the cursor, by the grammar of the command line.

use clap::{Arg, ArgAction, Command};

use crate::args::{OwnOptions, Split};

/// Where the cursor stands.
pub(super) struct Place<'c> {
    /// The command that is called, if it is known by now.
    pub(super) called: Option<&'c Command>,
    /// What stands before the cursor.
    pub(super) split: Split,
    /// What may stand there.
    pub(super) wanted: Wanted<'c>,
}

/// What may stand at the cursor.
#[derive(Debug)]
pub(super) enum Wanted<'c> {
    /// A command of these; `None`: of the program.
    Commands(Option<&'c Command>),
    /// An option.
    Options,
    /// A value of this argument, behind this beginning of the word.
    Value(&'c Arg, String),
    /// What only Nix knows, or nothing.
    Nothing,
}

/// In place of the word at the cursor: no argument can be it.
const CURSOR: &str = "\0";

/// Finds out what is wanted, from the words before the cursor and the one at it.
pub(super) fn find<'c>(
    command: &'c Command,
    own: &OwnOptions,
    before: &[String],
    current: &str,
) -> Place<'c> {
    let line = before.iter().cloned();
    let mut split = Split::new(line.chain([CURSOR.to_owned()]), own);
    let option = split.options.pop_if(|last| last == CURSOR);
    let word = split.words.pop_if(|last| last == CURSOR);
    let path = split.paths.as_mut().and_then(|paths| paths.pop());
    let (called, operands) = called(command, &split.words);
    let wanted = if option.is_some() {
        let last = split.options.last().map_or("", String::as_str);
        value_of(command, called, last, "")
    } else if let (Some(_), Some(called)) = (&path, called) {
        let before = split.paths.iter().flatten().count();
        operand(called, operands + before)
    } else if path.is_some() {
        Wanted::Nothing
    } else if current.starts_with('-') {
        option_or_value(command, called, current)
    } else if word.is_none() {
        Wanted::Nothing
    } else {
        command_or_operand(called, operands)
    };
    Place {
        called,
        split,
        wanted,
    }
}

/// The command that these words call, and how many of them are its operands.
fn called<'c>(all: &'c Command, words: &[String]) -> (Option<&'c Command>, usize) {
    let mut called = None;
    let mut left = words.len();
    for word in words {
        match called.unwrap_or(all).find_subcommand(word) {
            Some(below) => (called, left) = (Some(below), left - 1),
            None => break,
        }
    }
    (called, left)
}

fn command_or_operand(called: Option<&Command>, operands: usize) -> Wanted<'_> {
    match called {
        // A word that is no command: clap will say so.
        None if operands > 0 => Wanted::Nothing,
        None => Wanted::Commands(None),
        Some(called) if called.has_subcommands() && operands == 0 => Wanted::Commands(Some(called)),
        Some(called) => operand(called, operands),
    }
}

/// The operand of this number.
fn operand(called: &Command, number: usize) -> Wanted<'_> {
    let mut last = None;
    for (at, arg) in called.get_positionals().enumerate() {
        if at == number {
            return Wanted::Value(arg, String::new());
        }
        last = Some(arg);
    }
    match last.filter(|arg| is_repeatable(arg)) {
        Some(arg) => Wanted::Value(arg, String::new()),
        None => Wanted::Nothing,
    }
}

fn option_or_value<'c>(all: &'c Command, called: Option<&'c Command>, current: &str) -> Wanted<'c> {
    match current.split_once('=') {
        Some((option, _)) => value_of(all, called, option, &format!("{option}=")),
        None => Wanted::Options,
    }
}

fn value_of<'c>(
    all: &'c Command,
    called: Option<&'c Command>,
    option: &str,
    beginning: &str,
) -> Wanted<'c> {
    let found = options(all, called).find(|arg| is_given_by(arg, option));
    match found.filter(|arg| arg.get_action().takes_values()) {
        Some(arg) => Wanted::Value(arg, beginning.to_owned()),
        None => Wanted::Nothing,
    }
}

/// Whether this is what gives an argument: `--long`, or `-s`, the last of a cluster.
pub(super) fn is_given_by(arg: &Arg, option: &str) -> bool {
    match option.strip_prefix("--") {
        Some(long) => {
            let aliases = arg.get_all_aliases().into_iter().flatten();
            arg.get_long()
                .into_iter()
                .chain(aliases)
                .any(|known| known == long)
        }
        None => arg.get_short().is_some_and(|short| option.ends_with(short)),
    }
}

/// The options of a command, then those of every command.
pub(super) fn options<'c>(
    all: &'c Command,
    called: Option<&'c Command>,
) -> impl Iterator<Item = &'c Arg> {
    let own = called.into_iter().flat_map(Command::get_arguments);
    let options = own.chain(all.get_arguments());
    options.filter(|arg| !arg.is_positional() && !arg.is_hide_set())
}

/// Whether an argument may stand on a line more than once.
pub(super) fn is_repeatable(arg: &Arg) -> bool {
    let takes_many = arg
        .get_num_args()
        .is_some_and(|range| range.max_values() > 1);
    takes_many || matches!(arg.get_action(), ArgAction::Append | ArgAction::Count)
}

/// What the values of an argument are. The name that its value has in the help says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A queue of the configuration.
    Queue,
    /// An entry of a queue.
    Entry,
    /// A command of the program.
    Command,
    /// A file.
    File,
    /// A store path, or a file that leads to one.
    Path,
    /// A directory.
    Directory,
    /// Words that clap knows, or what nobody can guess.
    Other,
}

impl Kind {
    /// That of this argument.
    pub(super) fn of(arg: &Arg) -> Self {
        let names = arg.get_value_names().unwrap_or_default();
        let id = arg.get_id().as_str().to_uppercase();
        match names.first().map_or(id.as_str(), |name| name.as_str()) {
            "NAME" => Self::Queue,
            "ENTRY" => Self::Entry,
            "COMMAND" => Self::Command,
            "FILE" => Self::File,
            "PATH" => Self::Path,
            "DIR" => Self::Directory,
            _ => Self::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is wanted behind these words, in words.
    fn wanted(line: &str) -> String {
        let all = crate::cli::unbuilt_command();
        let own = OwnOptions::of(&all);
        let mut words: Vec<_> = line.split(' ').map(str::to_owned).collect();
        let current = words.pop().unwrap_or_default();
        match find(&all, &own, &words, &current).wanted {
            Wanted::Commands(above) => format!("commands of {:?}", above.map(Command::get_name)),
            Wanted::Options => "options".to_owned(),
            Wanted::Value(arg, beginning) => format!("{:?} {beginning}", Kind::of(arg)),
            Wanted::Nothing => "nothing".to_owned(),
        }
    }

    #[test]
    fn what_is_wanted_follows_from_the_grammar() {
        for (line, expected) in [
            ("", "commands of None"),
            ("dr", "commands of None"),
            ("--queue main ", "commands of None"),
            ("config ", "commands of Some(\"config\")"),
            ("config --queue a sh", "commands of Some(\"config\")"),
            ("-", "options"),
            ("drop --q", "options"),
            ("drop --queue ", "Queue "),
            ("drop --queue=", "Queue --queue="),
            ("--config-file ", "File "),
            ("--queue-dir /", "Directory "),
            ("push --deadline ", "Other "),
            ("drop ", "Entry "),
            ("drop a b", "Entry "),
            ("drop -- a ", "Entry "),
            ("retry --queue main x", "Entry "),
            ("push ", "Path "),
            ("push --refresh --queue ", "Queue "),
            ("push --refresh --option x -- ", "Path "),
            ("push --refresh --v", "options"),
            ("push --refresh ", "nothing"),
            ("help con", "Command "),
            ("completions ", "Other "),
            ("list ", "nothing"),
            ("no-such-command ", "nothing"),
            ("-- ", "nothing"),
            ("show-closure ", "Path "),
            ("--all=", "nothing"),
        ] {
            assert_eq!(wanted(line), expected, "`{line}`");
        }
    }

    #[test]
    fn of_every_value_it_is_known_what_may_be_offered() {
        fn check(command: &Command) {
            let all = command.get_arguments();
            let all = all.filter(|arg| !arg.is_hide_set());
            for arg in all.filter(|arg| arg.is_positional() || arg.get_action().takes_values()) {
                let free = ["URI", "DURATION", "SECONDS", "NUMBER"];
                let name = arg.get_value_names().and_then(|names| names.first());
                let is_free = name.is_some_and(|name| free.contains(&name.as_str()));
                assert!(
                    is_free
                        || Kind::of(arg) != Kind::Other
                        || !arg.get_possible_values().is_empty(),
                    "what completes `{}` of `{}`? see `Kind`",
                    arg.get_id(),
                    command.get_name()
                );
            }
            command.get_subcommands().for_each(check);
        }
        check(&crate::cli::unbuilt_command());
    }
}
