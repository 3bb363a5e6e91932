//! Finding and reading the configuration file.

use std::io;

use camino::{Utf8Path, Utf8PathBuf};

use crate::directories;
use crate::environment::Environment;
use crate::lines::Lines;
use crate::overrides::Overrides;
use crate::problem::{Location, Problem};
use crate::trusted_file::{self, ReadError, Untrusted, hint_at_the_machine, is_absent};
use crate::variables;

/// The configuration of the whole system, read where nobody names another.
pub const SYSTEM_CONFIG_FILE: &str = "/etc/nix-post-build-push/config.toml";

/// What the search for a file came to.
#[derive(Debug)]
pub(crate) enum Found {
    /// There is none.
    Nothing,
    /// There is one, with this text.
    File(Utf8PathBuf, String),
    /// There should be one, and it cannot be read.
    Broken(Utf8PathBuf, Problem),
}

/// Reads the file that was named, or else the first that exists.
pub(crate) fn find(overrides: &Overrides, environment: &Environment, system: &Utf8Path) -> Found {
    if let Some(file) = named(overrides, environment) {
        return read(&file).unwrap_or_else(|error| broken(&file, &error));
    }
    let user = directories::user_config(environment);
    for file in user.iter().map(Utf8PathBuf::as_path).chain([system]) {
        match read(file) {
            Ok(found) => return found,
            Err(ReadError::Io(error)) if is_absent(&error) => {}
            // Who put a file there that is not believed meant it to be read: the next one
            // would not be what he expects.
            Err(error) => return broken(file, &error),
        }
    }
    Found::Nothing
}

fn named(overrides: &Overrides, environment: &Environment) -> Option<Utf8PathBuf> {
    let variable = || {
        environment
            .get(variables::CONFIG_FILE)
            .map(Utf8PathBuf::from)
    };
    overrides.config_file.clone().or_else(variable)
}

fn read(file: &Utf8Path) -> Result<Found, ReadError> {
    let bytes = trusted_file::read(file, u64::MAX)?;
    Ok(match String::from_utf8(bytes) {
        Ok(text) => Found::File(file.to_owned(), text),
        Err(error) => {
            let valid = error.utf8_error().valid_up_to();
            let text = String::from_utf8_lossy(error.as_bytes());
            let (line, column) = Lines::new(&text).position(valid);
            let location = Location {
                file: file.to_owned(),
                line,
                column,
            };
            let problem = Problem::new("the file is not UTF-8")
                .at(Some(location))
                .hint("save it in UTF-8");
            Found::Broken(file.to_owned(), problem)
        }
    })
}

fn broken(file: &Utf8Path, error: &ReadError) -> Found {
    let problem = match error {
        ReadError::Io(error) => unreadable(file, error),
        ReadError::Untrusted(why) => refused(file, why),
    };
    Found::Broken(file.to_owned(), problem)
}

fn unreadable(file: &Utf8Path, error: &io::Error) -> Problem {
    let message = format!("cannot read the configuration file {file}: {error}");
    let of_the_machine = hint_at_the_machine(error);
    Problem::new(message)
        .hint(of_the_machine.unwrap_or("it must be a file that this user may read"))
}

fn refused(file: &Utf8Path, why: &Untrusted) -> Problem {
    let message = format!("the configuration file {file} is refused: {why}");
    Problem::new(message).hint(why.hint(file))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn write(file: &Utf8Path) {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, "").unwrap();
    }

    fn environment(variables: &[(&str, &Utf8Path)]) -> Environment {
        Environment::new(
            variables
                .iter()
                .map(|(name, value)| (name.into(), value.as_str().into())),
        )
    }

    fn found(overrides: &Overrides, environment: &Environment, system: &Utf8Path) -> Utf8PathBuf {
        match find(overrides, environment, system) {
            Found::Nothing => "nothing".into(),
            Found::File(file, _) => file,
            Found::Broken(file, problem) => format!("broken {file}: {problem}").into(),
        }
    }

    #[test]
    fn the_file_nearest_to_the_user_is_read_and_a_named_one_must_exist() {
        let directory = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(directory.path()).unwrap();
        let system = root.join("etc/config.toml");
        let home = environment(&[("HOME", root)]);
        let user = root.join(".config/nix-post-build-push/config.toml");
        assert_eq!(found(&Overrides::default(), &home, &system), "nothing");
        write(&system);
        assert_eq!(found(&Overrides::default(), &home, &system), system);
        write(&user);
        assert_eq!(found(&Overrides::default(), &home, &system), user);

        let xdg = environment(&[("HOME", root), ("XDG_CONFIG_HOME", &root.join("xdg"))]);
        assert_eq!(found(&Overrides::default(), &xdg, &system), system);
        let relative = environment(&[("HOME", root), ("XDG_CONFIG_HOME", "xdg".into())]);
        assert_eq!(found(&Overrides::default(), &relative, &system), user);
        let below_a_file = environment(&[("XDG_CONFIG_HOME", &user)]);
        assert_eq!(found(&Overrides::default(), &below_a_file, &system), system);

        let variable = environment(&[("HOME", root), (variables::CONFIG_FILE, &root.join("x"))]);
        let answer = found(&Overrides::default(), &variable, &system);
        assert!(answer.as_str().starts_with("broken"), "{answer}");
        let overrides = Overrides {
            config_file: Some(system.clone()),
            ..Overrides::default()
        };
        assert_eq!(found(&overrides, &variable, &system), system);
    }

    #[test]
    fn where_the_machine_fails_the_hint_is_about_the_machine() {
        let hint = |errno: rustix::io::Errno| unreadable("/x".into(), &errno.into()).hint.unwrap();
        assert!(hint(rustix::io::Errno::MFILE).contains("LimitNOFILE="));
        assert!(hint(rustix::io::Errno::ACCESS).contains("may read"));
    }

    #[test]
    fn a_file_that_is_not_utf8_says_where() {
        let directory = tempfile::tempdir().unwrap();
        let file = Utf8Path::from_path(directory.path()).unwrap().join("x");
        fs::write(&file, b"a = 1\nb\xff").unwrap();
        let Ok(Found::Broken(_, problem)) = read(&file) else {
            panic!("it was read")
        };
        assert_eq!(
            problem.to_string(),
            format!("{file}:2:2: the file is not UTF-8")
        );
    }

    #[test]
    fn a_file_that_is_not_believed_is_not_passed_over_for_the_next() {
        use std::os::unix::fs::PermissionsExt;
        let directory = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(directory.path()).unwrap();
        let system = root.join("etc/config.toml");
        let user = root.join(".config/nix-post-build-push/config.toml");
        write(&system);
        write(&user);
        fs::set_permissions(&user, fs::Permissions::from_mode(0o666)).unwrap();
        let answer = found(
            &Overrides::default(),
            &environment(&[("HOME", root)]),
            &system,
        );
        let refused = format!("broken {user}: the configuration file {user} is refused");
        assert!(answer.as_str().starts_with(&refused), "{answer}");
    }
}
