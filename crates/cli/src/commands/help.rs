//! `help`

use crate::cli::{self, HelpArgs};
use crate::error::CommandError;
use crate::exit_codes::Exit;
use crate::manual;
use crate::session::Session;

pub(super) fn run(args: &HelpArgs, session: &mut Session) -> Result<Exit, CommandError> {
    if args.markdown {
        session.out.text(&manual::markdown());
        return Ok(Exit::Done);
    }
    let mut command = &mut cli::command();
    for name in &args.command {
        command = command.find_subcommand_mut(name).ok_or_else(|| {
            CommandError::new(Exit::Usage, format!("there is no command `{name}`"))
                .hint("`help` lists the commands")
        })?;
    }
    let help = command.render_long_help();
    session.out.text(&help.to_string());
    Ok(Exit::Done)
}
