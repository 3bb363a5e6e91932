//! What the command line says about a drain.

use std::io;
use std::time::Instant;

use nix_copy::Cancel;
use queue_core::PortError;

use crate::cli::PushArgs;
use crate::error::CommandError;
use crate::exit_codes::Exit;

/// What ends the work: what did before, and the deadline, which is given as well.
pub(in super::super) fn deadline(
    args: &PushArgs,
    asked: &Cancel,
) -> Result<(Cancel, Option<Instant>), CommandError> {
    let Some(time) = args.deadline else {
        return Ok((asked.clone(), None));
    };
    let too_long = || CommandError::new(Exit::Usage, "--deadline: too long");
    let at = Instant::now().checked_add(time).ok_or_else(too_long)?;
    let stop = asked
        .or_after(time)
        .map_err(|error| no_means("a timer for --deadline", error))?;
    Ok((stop, Some(at)))
}

/// The machine does not give what a drain needs.
pub(super) fn no_means(what: &'static str, error: io::Error) -> CommandError {
    PortError::new("make", what, error).into()
}

/// # Errors
///
/// If the command line asks for something else as well.
pub(in super::super) fn refuse_what_does_not_fit(
    args: &PushArgs,
    has_paths: bool,
) -> Result<(), CommandError> {
    let refuse = |text: &str, hint: &str| {
        let text = format!("--until-empty does not go with {text}");
        Err(CommandError::new(Exit::Usage, text).hint(hint))
    };
    if args.dry_run {
        return refuse(
            "--dry-run: it copies and waits, and that does neither",
            "`push --dry-run` tells what would go now, `status` what comes when",
        );
    }
    if has_paths {
        return refuse(
            "given paths: it empties queues, and those go without any",
            "`enqueue` them first, or leave out --until-empty (and see --no-include-out-paths)",
        );
    }
    Ok(())
}
