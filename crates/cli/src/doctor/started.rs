//! What a service starts: whether it is a push of ours, and of what.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use clap::{Args, Parser};

use crate::args::{OwnOptions, Split};
use crate::cli::{self, Cli, Command, NAME, SettingArgs};

/// Where systemd looks for a program that is named without its directory.
const SEARCHED: [&str; 6] = [
    "/usr/local/sbin",
    "/usr/local/bin",
    "/usr/sbin",
    "/usr/bin",
    "/sbin",
    "/bin",
];

/// The program that a service starts.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Started {
    /// A push, with these settings on its command line.
    Push {
        program: String,
        settings: Vec<String>,
    },
    /// Our program, with another command.
    Another { command: String },
    /// What cannot be judged.
    Unknown { program: String },
}

impl Started {
    /// Of the property `ExecStart`, a line for each command:
    /// `{ path=… ; argv[]=PROGRAM ARGUMENT… ; ignore_errors=no ; … }`. Of several, the one that
    /// pushes counts.
    pub(crate) fn of(exec_start: &str) -> Option<Self> {
        let all: Vec<_> = exec_start.lines().filter_map(Self::of_line).collect();
        let push = all
            .iter()
            .position(|one| matches!(one, Self::Push { .. }))
            .or_else(|| {
                all.iter()
                    .position(|one| matches!(one, Self::Unknown { .. }))
            });
        all.into_iter().nth(push.unwrap_or(0))
    }

    fn of_line(line: &str) -> Option<Self> {
        let part = |name: &str| {
            let (_, rest) = line.split_once(name)?;
            rest.split(" ; ").next()
        };
        let (program, words) = (part("path=")?.to_owned(), part("argv[]=")?);
        let words: Vec<_> = words.split_whitespace().map(str::to_owned).collect();
        let name = Path::new(&program).file_name();
        if name.is_none_or(|name| name != NAME) {
            return Some(Self::Unknown { program });
        }
        let own = OwnOptions::of(&cli::unbuilt_command());
        let split = Split::new(words.iter().skip(1).cloned(), &own);
        let for_clap = std::iter::once(NAME.to_owned()).chain(split.for_clap());
        Some(match Cli::try_parse_from(for_clap).map(|cli| cli.command) {
            Ok(Command::Push(_)) if split.paths.is_none() => Self::Push {
                program,
                settings: settings(&split.options),
            },
            Ok(_) => Self::Another {
                command: words.join(" "),
            },
            Err(_) => Self::Unknown { program },
        })
    }
}

/// The options that are settings, each with its value in one word.
fn settings(options: &[String]) -> Vec<String> {
    let known = SettingArgs::augment_args(clap::Command::new(NAME));
    let mut words = options.iter();
    let mut found = Vec::new();
    while let Some(word) = words.next() {
        let long = word.strip_prefix("--").unwrap_or_default();
        let (name, value) = match long.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (long, None),
        };
        let Some(setting) = known
            .get_arguments()
            .find(|one| one.get_long() == Some(name))
        else {
            continue;
        };
        let takes_value = setting.get_action().takes_values();
        let next = || words.next().map(String::as_str);
        let value = value.or_else(|| takes_value.then(next).flatten());
        found.push(match value {
            Some(value) => format!("--{name}={value}"),
            None => word.clone(),
        });
    }
    found
}

/// Whether systemd finds a program. `searched` is the unit's own list of directories, if it has one.
pub(super) fn is_there(program: &str, searched: &str) -> bool {
    let is_program = |path: &Path| {
        let metadata = std::fs::metadata(path);
        metadata.is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
    };
    let mut directories: Vec<_> = searched.split([':', ' ']).collect();
    directories.retain(|directory| !directory.is_empty());
    if directories.is_empty() {
        directories.extend(SEARCHED);
    }
    // An absolute path replaces the directory.
    let mut paths = directories
        .iter()
        .map(|directory| Path::new(directory).join(program));
    paths.any(|path| is_program(&path))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(words: &str) -> String {
        let program = words.split(' ').next().unwrap();
        format!("{{ path={program} ; argv[]={words} ; ignore_errors=no ; pid=0 ; status=0/0 }}")
    }

    #[test]
    fn a_push_is_known_with_its_settings_wherever_they_stand() {
        let words = "/p/nix-post-build-push --config-file /c push --force --queue=q \
                     --no-check-sigs --option x y --destination-file /d";
        let settings = [
            "--config-file=/c",
            "--queue=q",
            "--no-check-sigs",
            "--destination-file=/d",
        ];
        let expected = Started::Push {
            program: "/p/nix-post-build-push".to_owned(),
            settings: settings.map(str::to_owned).into(),
        };
        assert_eq!(Started::of(&line(words)), Some(expected));
    }

    #[test]
    fn of_several_commands_the_push_counts() {
        let push = Started::Push {
            program: NAME.to_owned(),
            settings: Vec::new(),
        };
        let lines = [
            "nix-post-build-push status",
            "true",
            "nix-post-build-push push",
        ];
        assert_eq!(Started::of(&lines.map(line).join("\n")), Some(push));
    }

    #[test]
    fn what_pushes_nothing_is_told_from_what_cannot_be_judged() {
        let of = |words| Started::of(&line(words)).unwrap();
        assert!(matches!(
            of("/p/nix-post-build-push status"),
            Started::Another { .. }
        ));
        for unknown in ["/bin/sh -c push", "/p/nix-post-build-push --no-such push"] {
            assert!(matches!(of(unknown), Started::Unknown { .. }), "{unknown}");
        }
        assert_eq!(Started::of(""), None);
    }

    #[test]
    fn a_program_is_looked_for_where_systemd_does() {
        assert!(is_there("sh", "") && is_there("/bin/sh", "/nowhere"));
        assert!(
            !is_there("sh", "/nowhere") && !is_there("/nowhere/sh", "") && !is_there("/bin", "")
        );
    }
}
