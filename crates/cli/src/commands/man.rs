//! `man`

use std::io::{IsTerminal, Write};
use std::process::{Command, Stdio};

use crate::cli::NAME;
use crate::error::CommandError;
use crate::exit_codes::Exit;
use crate::manual::ManPage;
use crate::message::Message;
use crate::session::Session;

/// Shows a page of the manual on a terminal; gives its source to anything else, and where there is
/// nothing that shows it.
pub(super) fn run(page: ManPage, session: &mut Session) -> Result<Exit, CommandError> {
    let source = page.source()?;
    if !std::io::stdout().is_terminal() {
        session.out.text(&source);
    } else if let Err(error) = show(&source) {
        session.out.text(&source);
        // Behind the source, which is longer than a screen.
        session.out.flush();
        let name = page.name();
        Message::new("failed to run man: this is the source of the page, in roff")
            .caused_by(&error)
            .hint(format!(
                "install man, or read it with `{NAME} man {name} | mandoc -a`; \
                 `{NAME} help` and `{NAME} help COMMAND` need neither"
            ))
            .warning();
    }
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
