//! Tells our own arguments from those that are for `nix`, before clap sees them.
//!
//! The rules, which are those of the earlier program:
//!
//! - An option that any of our commands has is ours, wherever it stands before `--`.
//! - From the first option behind the command that is not ours, everything else up to `--`
//!   belongs to `nix`: the option, its values, further options.
//! - Words before that are the command and its own arguments.
//! - Everything behind `--` is a path.
//!
//! Clap has no such mode: its `trailing_var_arg` would hand our own options to `nix` as well.

use std::collections::{BTreeSet, HashMap};

/// Our options, and which of them take a value.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct OwnOptions {
    longs: HashMap<String, bool>,
    shorts: HashMap<char, bool>,
    /// Those that may stand without their value.
    may_lack_value: BTreeSet<String>,
}

/// A command line, told apart.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Split {
    /// The command and its arguments.
    pub words: Vec<String>,
    /// Our own options with their values.
    pub options: Vec<String>,
    /// What is for `nix`.
    pub nix: Vec<String>,
    /// What stood behind `--`; `None` without a `--`.
    pub paths: Option<Vec<String>>,
}

impl OwnOptions {
    /// All options of a command and of those below it, hidden ones and aliases included, and those
    /// that clap adds when it builds the command.
    #[must_use]
    pub(crate) fn of(command: &clap::Command) -> Self {
        let mut own = Self::default();
        own.add(command);
        for (long, short) in [("help", 'h'), ("version", 'V')] {
            own.longs.insert(long.to_owned(), false);
            own.shorts.insert(short, false);
        }
        own
    }

    fn add(&mut self, command: &clap::Command) {
        for option in command
            .get_arguments()
            .filter(|argument| !argument.is_positional())
        {
            let takes_value = option.get_action().takes_values();
            let may_lack_value = option.get_num_args().is_some_and(|n| n.min_values() == 0);
            let longs = option.get_long().into_iter();
            for long in longs.chain(option.get_all_aliases().into_iter().flatten()) {
                if takes_value && may_lack_value {
                    self.may_lack_value.insert(long.to_owned());
                }
                self.longs.insert(long.to_owned(), takes_value);
            }
            let shorts = option.get_short().into_iter();
            for short in shorts.chain(option.get_all_short_aliases().into_iter().flatten()) {
                self.shorts.insert(short, takes_value);
            }
        }
        command.get_subcommands().for_each(|below| self.add(below));
    }

    /// Whether the argument is ours, and if so whether the next one is its value.
    fn recognise(&self, argument: &str) -> Option<Next> {
        if let Some(long) = argument.strip_prefix("--") {
            let (name, value) = long
                .split_once('=')
                .map_or((long, None), |(n, v)| (n, Some(v)));
            let takes_value = *self.longs.get(name)?;
            if value.is_none() && self.may_lack_value.contains(name) {
                return Some(Next::ValueOrOption);
            }
            return Some(Next::is_value(takes_value && value.is_none()));
        }
        self.recognise_shorts(argument.strip_prefix('-')?)
    }

    /// Several short options in one, the last of which may take the rest as its value.
    fn recognise_shorts(&self, cluster: &str) -> Option<Next> {
        let mut rest = cluster.chars();
        while let Some(short) = rest.next() {
            if *self.shorts.get(&short)? {
                return Some(Next::is_value(rest.as_str().is_empty()));
            }
        }
        Some(Next::Anything)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    Value,
    ValueOrOption,
    Anything,
}

impl Next {
    fn is_value(yes: bool) -> Self {
        if yes { Self::Value } else { Self::Anything }
    }
}

impl Split {
    /// Tells the arguments apart; without the program's name.
    #[must_use]
    pub(crate) fn new(arguments: impl IntoIterator<Item = String>, own: &OwnOptions) -> Self {
        let mut split = Self::default();
        let mut arguments = arguments.into_iter().peekable();
        while let Some(argument) = arguments.next() {
            if argument == "--" {
                split.paths = Some(arguments.collect());
                break;
            }
            match own.recognise(&argument).filter(|_| is_option(&argument)) {
                Some(next) => {
                    split.options.push(argument);
                    let value = match next {
                        Next::Value => arguments.next(),
                        Next::ValueOrOption => arguments.next_if(|next| !is_option(next)),
                        Next::Anything => None,
                    };
                    split.options.extend(value);
                }
                None => split.other(argument),
            }
        }
        split
    }

    fn other(&mut self, argument: String) {
        let has_command = !self.words.is_empty();
        if self.nix.is_empty() && !is_option(&argument) {
            self.words.push(argument);
        } else if has_command {
            self.nix.push(argument);
        } else {
            // Before the command nothing is for nix: clap says what is wrong with it.
            self.options.push(argument);
        }
    }

    /// The command's name, as it was given.
    #[must_use]
    pub(crate) fn command(&self) -> Option<&str> {
        self.words.first().map(String::as_str)
    }

    /// The arguments as clap gets them: options behind the command, so that their order and
    /// place does not matter, and without what is for `nix`.
    #[must_use]
    pub(crate) fn for_clap(&self) -> Vec<String> {
        let mut arguments = self.words.clone();
        arguments.extend(self.options.iter().cloned());
        if let Some(paths) = &self.paths {
            arguments.push("--".to_owned());
            arguments.extend(paths.iter().cloned());
        }
        arguments
    }
}

/// A lone dash is a word.
fn is_option(argument: &str) -> bool {
    argument.starts_with('-') && argument.len() > 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{Arg, ArgAction, Command};
    use proptest::prelude::*;

    fn own() -> OwnOptions {
        let switch = |name: &'static str| Arg::new(name).long(name).action(ArgAction::SetTrue);
        let push = Command::new("push").arg(switch("dry-run").short('n'));
        OwnOptions::of(
            &Command::new("x")
                .arg(switch("verify").short('v').alias("prove"))
                .arg(Arg::new("queue").long("queue").short('Q'))
                .subcommand(push),
        )
    }

    #[test]
    fn what_clap_adds_when_it_builds_the_command_is_known_before() {
        let before = OwnOptions::of(&crate::cli::unbuilt_command());
        assert_eq!(before, OwnOptions::of(&crate::cli::command()));
    }

    fn split(line: &str) -> Split {
        Split::new(line.split_whitespace().map(str::to_owned), &own())
    }

    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn what_is_not_ours_is_for_nix_and_ours_is_found_behind_it() {
        let split = split("push --option cores 3 --verify -j 4 -- /s/a -x");
        assert_eq!(split.words, ["push"]);
        assert_eq!(split.options, ["--verify"]);
        assert_eq!(split.nix, words("--option cores 3 -j 4"));
        assert_eq!(split.paths, Some(words("/s/a -x")));
    }

    #[test]
    fn words_before_the_first_foreign_option_are_ours() {
        let split = split("push /s/a - --refresh /s/b");
        assert_eq!(split.words, ["push", "/s/a", "-"]);
        assert_eq!(split.nix, ["--refresh", "/s/b"]);
        assert_eq!(split.paths, None);
    }

    #[test]
    fn values_stay_with_their_options() {
        for ours in [
            "--queue a",
            "--queue=a",
            "-Q a",
            "-Qa",
            "-vnQ a",
            "-nvQa",
            "--prove",
            "--queue -x",
        ] {
            let split = split(&format!("push {ours} --foreign b"));
            assert_eq!(split.options, words(ours), "{ours}");
            assert_eq!(split.nix, ["--foreign", "b"], "{ours}");
        }
    }

    #[test]
    fn a_value_that_may_be_left_out_is_no_option() {
        let own = OwnOptions::of(&crate::cli::unbuilt_command());
        for (line, for_clap) in [
            ("status --watch 5 --json", "status --watch 5 --json"),
            ("status --watch --queue main", "status --watch --queue main"),
            ("--watch=5 status", "status --watch=5"),
            ("status --watch", "status --watch"),
        ] {
            let split = Split::new(words(line), &own);
            assert_eq!(split.for_clap(), words(for_clap), "{line}");
        }
    }

    #[test]
    fn a_cluster_with_a_foreign_letter_is_foreign() {
        assert_eq!(split("push -vL").nix, ["-vL"]);
        assert_eq!(split("push -vn").options, ["-vn"]);
    }

    #[test]
    fn before_the_command_nothing_is_for_nix() {
        let split = split("--foreign push");
        assert_eq!((split.options, split.nix), (words("--foreign"), vec![]));
    }

    #[test]
    fn an_option_without_its_value_is_left_to_clap() {
        assert_eq!(split("push --queue").options, ["--queue"]);
    }

    fn argument() -> impl Strategy<Value = String> {
        prop_oneof![
            Just("--".to_owned()),
            Just("--verify".to_owned()),
            Just("--queue".to_owned()),
            Just("-nQ".to_owned()),
            "-{0,2}[a-zQ=]{0,3}",
            ".{0,4}",
        ]
    }

    proptest! {
        #[test]
        fn nothing_is_lost_nor_invented(arguments in proptest::collection::vec(argument(), 0..12)) {
            let split = Split::new(arguments.clone(), &own());
            let mut all = [split.words, split.options, split.nix].concat();
            if let Some(paths) = split.paths {
                all.push("--".into());
                all.extend(paths);
            }
            let (mut before, mut after) = (arguments, all);
            before.sort();
            after.sort();
            prop_assert_eq!(before, after);
        }

        #[test]
        fn what_stands_behind_two_dashes_is_never_looked_at(
            paths in proptest::collection::vec(argument(), 0..6)
        ) {
            let line = ["push".to_owned(), "--".to_owned()].into_iter().chain(paths.clone());
            prop_assert_eq!(Split::new(line, &own()).paths, Some(paths));
        }

        #[test]
        fn an_option_of_ours_never_goes_to_nix(
            before in proptest::collection::vec("[a-z]{1,3}|--[a-p]{1,3}", 0..6)
        ) {
            let line = ["push".into()].into_iter().chain(before).chain(["--verify".to_owned()]);
            let split = Split::new(line, &own());
            prop_assert!(split.options.contains(&"--verify".to_owned()));
            prop_assert!(!split.nix.contains(&"--verify".to_owned()));
        }
    }
}
