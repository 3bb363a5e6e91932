//! `man`

use std::io::{IsTerminal, Write};
use std::process::{Command, Stdio};

use crate::error::CommandError;
use crate::exit_codes::Exit;
use crate::manual::ManPage;
use crate::session::Session;

/// Shows a page of the manual on a terminal; gives its source to anything else.
pub(super) fn run(page: ManPage, session: &mut Session) -> Result<Exit, CommandError> {
    let page = page.source()?;
    if std::io::stdout().is_terminal() && show(&page).is_ok() {
        return Ok(Exit::Done);
    }
    session.out.text(&page);
    Ok(Exit::Done)
}

fn show(page: &str) -> std::io::Result<()> {
    let mut man = Command::new("man")
        .args(["-l", "-"])
        .stdin(Stdio::piped())
        .spawn()?;
    if let Some(mut stdin) = man.stdin.take() {
        // A reader who leaves early is no error.
        let _ = stdin.write_all(page.as_bytes());
    }
    match man.wait()?.success() {
        true => Ok(()),
        false => Err(std::io::Error::other("man failed")),
    }
}
