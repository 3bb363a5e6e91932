//! `push`

mod direct;
mod drain;
mod dry_run;
mod memory;
mod observer;
mod queue;
mod summary;
mod waiting;

use nix_post_build_push_config::Need;

use super::given::{Given, takes_out_paths};
use crate::cli::PushArgs;
use crate::error::CommandError;
use crate::exit_codes::Exit;
use crate::session::{Configured, Session};
use crate::signals;

/// The earlier program's name for a push of the paths that are given, hook's included.
const PERFORM_UPLOAD: &str = "perform-upload";

pub(super) fn run(args: &PushArgs, session: &mut Session) -> Result<Exit, CommandError> {
    let asked = signals::listen()?;
    let (stop, deadline) = drain::deadline(args, &asked)?;
    let Configured { config, exit } = session.configure(Need::Push)?;
    let store = session.stoppable_store(&config, &stop)?;
    let by_itself = session.called == PERFORM_UPLOAD;
    let hook = takes_out_paths(&args.paths, session, by_itself)?;
    let has_paths = hook || by_itself || !args.paths.paths.is_empty();
    if args.until_empty {
        drain::refuse_what_does_not_fit(args, has_paths)?;
        return Ok(drain::all(
            &config, &store, args, session, &stop, deadline, exit,
        ));
    }
    if !has_paths {
        return match args.dry_run {
            true => Ok(dry_run::queues(&config, &store, args, session, exit)),
            false => Ok(queue::all(&config, &store, args, session, &stop, exit)),
        };
    }
    let mut given = Given::default();
    given.add(&args.paths.paths, session, &store);
    if hook {
        given.add_from_hook(session, &store);
    }
    if given.paths.is_empty() {
        return nothing_given(&given);
    }
    let exit = exit.max(if given.refused > 0 {
        Exit::Failed
    } else {
        Exit::Done
    });
    match args.dry_run {
        true => Ok(dry_run::paths(
            &given.paths,
            &config,
            &store,
            args,
            session,
            exit,
        )),
        false => Ok(direct::all(
            &given.paths,
            &config,
            &store,
            args,
            session,
            &stop,
            exit,
        )),
    }
}

fn nothing_given(given: &Given) -> Result<Exit, CommandError> {
    match given.is_nothing() {
        true => Err(CommandError::new(Exit::Usage, "nothing to upload")
            .hint("give paths, or `push` without any for what is queued")),
        false => Ok(Exit::Usage),
    }
}
