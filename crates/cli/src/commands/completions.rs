//! `completions`

use clap_complete::Shell;

use crate::completion;
use crate::error::CommandError;
use crate::exit_codes::Exit;
use crate::session::Session;

pub(super) fn run(shell: Shell, session: &mut Session) -> Result<Exit, CommandError> {
    session.out.text(&completion::script(shell));
    Ok(Exit::Done)
}
