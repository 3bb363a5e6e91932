//! Who somebody is.

use std::io;

use super::bounded;

/// An account, as the user database has it.
pub(crate) struct Account {
    pub home: String,
}

/// Our name.
///
/// # Errors
///
/// If it is not known.
pub(super) fn name() -> io::Result<String> {
    Ok(bounded::answer("id", &["-un"])?.trim().to_owned())
}

/// The same, or who we are to people where it is not known.
pub(super) fn own_name() -> String {
    name().unwrap_or_else(|_| "who pushes".to_owned())
}

/// The names of our groups.
///
/// # Errors
///
/// If they are not known.
pub(super) fn groups() -> io::Result<Vec<String>> {
    let words = bounded::answer("id", &["-Gn"])?;
    Ok(words.split_whitespace().map(str::to_owned).collect())
}

/// The account of this name or number, if there is one.
///
/// # Errors
///
/// If the user database cannot be asked.
pub(super) fn find(name: &str) -> io::Result<Option<Account>> {
    let answer = bounded::run(
        std::process::Command::new("getent").args(["passwd", "--", name]),
        bounded::TIME,
    )?;
    match answer.status.code() {
        Some(0) => Ok(parse(&String::from_utf8_lossy(&answer.stdout))),
        // Of getent(1): one or more keys could not be found.
        Some(2) => Ok(None),
        _ => Err(io::Error::other(bounded::said(&answer))),
    }
}

/// `NAME:PASSWORD:UID:GID:COMMENT:HOME:SHELL`
pub(crate) fn parse(line: &str) -> Option<Account> {
    let home = line.lines().next()?.split(':').nth(5)?;
    Some(Account {
        home: home.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_is_known_and_nobody_else_of_a_name_that_nobody_has() {
        assert_eq!(find("root").unwrap().unwrap().home, "/root");
        assert!(find("no-such-account").unwrap().is_none());
        assert!(parse("nonsense").is_none());
    }
}
