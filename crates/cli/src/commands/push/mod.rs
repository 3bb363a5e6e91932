//! `push`

mod direct;
mod drain;
mod dry_run;
mod memory;
mod metrics;
mod observer;
mod ports;
mod queue;
mod summary;
mod together;
mod waiting;

use std::io::IsTerminal;

use nix_copy::Cancel;
use nix_post_build_push_config::{Config, Need};

use super::given::{Given, takes_out_paths};
use super::roots_queue;
use crate::adapters::Store;
use crate::cli::PushArgs;
use crate::error::CommandError;
use crate::exit_codes::Exit;
use crate::progress::{Shown, Surroundings, Watch, shown};
use crate::session::{Configured, Session, sound, warn_of_exposure};
use crate::signals;

/// The earlier program's name for a push of the paths that are given, hook's included.
const PERFORM_UPLOAD: &str = "perform-upload";

/// What every kind of push works with.
struct Work<'a> {
    args: &'a PushArgs,
    config: &'a Config,
    store: &'a Store,
    /// Asks it to end; also tells of the deadline.
    stop: &'a Cancel,
    /// Who watches it.
    watch: Watch,
    /// How it ends at best.
    exit: Exit,
}

pub(super) fn run(args: &PushArgs, session: &mut Session) -> Result<Exit, CommandError> {
    let asked = signals::listen()?;
    let (stop, deadline) = drain::deadline(args, &asked)?;
    let by_itself = session.called == PERFORM_UPLOAD;
    let hook = takes_out_paths(&args.paths, session, by_itself)?;
    let has_paths = hook || by_itself || !args.paths.paths.is_empty();
    let resolution = session.resolve(Need::Push);
    if !has_paths && !args.dry_run {
        metrics::write_misconfigured(&resolution, session);
    }
    let Configured { config, exit } = sound(resolution)?;
    if !has_paths {
        roots_queue::warn(&config);
    }
    warn_of_exposure(config.enabled());
    let store = session.stoppable_store(&config, &stop)?;
    let work = Work {
        args,
        config: &config,
        store: &store,
        stop: &stop,
        watch: watch(args, &stop, session),
        exit,
    };
    if args.until_empty {
        drain::refuse_what_does_not_fit(args, has_paths)?;
        return drain::all(&work, deadline, session);
    }
    match (has_paths, args.dry_run) {
        (true, _) => push_given(work, hook, session),
        (false, true) => Ok(dry_run::queues(&work, session)),
        (false, false) => Ok(queue::all(&work, session)),
    }
}

/// Shows how far it is, as the command line and the surroundings say.
fn watch(args: &PushArgs, stop: &Cancel, session: &Session) -> Watch {
    let term = std::env::var("TERM").ok();
    let around = Surroundings {
        is_terminal: std::io::stderr().is_terminal(),
        term: term.as_deref(),
        format: session.log_format,
        quiet: session.quiet,
    };
    let shown = match args.dry_run {
        true => Shown::Nothing,
        false => shown(args.progress, around),
    };
    Watch::begin(shown, stop)
}

/// Pushes what is given, and with `hook` what Nix names to its hook.
fn push_given(work: Work<'_>, hook: bool, session: &mut Session) -> Result<Exit, CommandError> {
    let mut given = Given::default();
    given.add(&work.args.paths.paths, session, work.store);
    if hook {
        given.add_from_hook(session, work.store);
    }
    if given.paths.is_empty() {
        return nothing_given(&given);
    }
    let work = Work {
        exit: work.exit.max(given.exit()),
        ..work
    };
    Ok(match work.args.dry_run {
        true => dry_run::paths(&given.paths, &work, session),
        false => direct::all(&given.paths, &work, session),
    })
}

fn nothing_given(given: &Given) -> Result<Exit, CommandError> {
    match given.is_nothing() {
        true => Err(CommandError::new(Exit::Usage, "nothing to upload")
            .hint("give paths, or `push` without any for what is queued")),
        false => Ok(Exit::Usage),
    }
}
