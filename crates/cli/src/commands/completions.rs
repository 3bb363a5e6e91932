//! `completions`

use clap_complete::Shell;

use crate::cli::{self, NAME};
use crate::error::CommandError;
use crate::exit_codes::Exit;
use crate::session::Session;

pub(super) fn run(shell: Shell, session: &mut Session) -> Result<Exit, CommandError> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut cli::command(), NAME, &mut script);
    session.out.text(&String::from_utf8_lossy(&script));
    Ok(Exit::Done)
}
