//! `status`

mod watch;

use std::time::SystemTime;

use nix_copy::Cancel;
use nix_post_build_push_config::{ConfigError, Need, Problem};

use super::{queues, roots_queue};
use crate::adapters::Store;
use crate::cli::StatusArgs;
use crate::error::CommandError;
use crate::exit_codes::Exit;
use crate::message::Message;
use crate::session::{Session, now, report, warn};
use crate::signals;
use crate::status::json::StatusJson;
use crate::status::{
    Level, Looked, Measure, Subject, is_nobodys, lines, look, metrics, schema, subjects,
};

/// What every look works with.
struct Looker<'a> {
    subjects: Vec<Subject<'a>>,
    store: &'a Store,
    /// How much of the store the queues keep is asked of Nix, or known.
    measure: Measure,
}

pub(super) fn run(args: &StatusArgs, session: &mut Session) -> Result<Exit, CommandError> {
    if args.json_schema {
        session.out.text(schema::SCHEMA);
        return Ok(Exit::Done);
    }
    let (sees, pushes) = (session.resolve(Need::Enqueue), session.resolve(Need::Look));
    let subjects = subjects(&sees, &pushes);
    refuse(&subjects, &sees.problems)?;
    warn(&pushes.warnings);
    roots_queue::warn(&sees.config);
    let exit = report(&sees.problems);
    // One look ends as any other command does; Nix has half a minute for its answer.
    let stop = match args.watch {
        Some(_) => signals::listen()?,
        None => Cancel::never(),
    };
    let store = session.stoppable_store(&pushes.config, &stop)?;
    let is_nothing = subjects.is_empty();
    if is_nothing && !pushes.config.queues.is_empty() {
        Message::new("no queue is enabled")
            .hint("set `enable = true` in the table of one")
            .warning();
    }
    let mut looker = Looker {
        subjects,
        store: &store,
        measure: Measure::asking(),
    };
    if let (Some(interval), false) = (args.watch, is_nothing) {
        return Ok(watch::watch(&mut looker, args, interval, &stop, session));
    }
    let now = now();
    let (queues, looked) = looker.all(now);
    tell(&queues, args, now, session);
    Ok(match is_nothing {
        true => Exit::NeedsALook,
        false => exit.max(looked),
    })
}

/// # Errors
///
/// If the configuration says of no queue how it is.
fn refuse(subjects: &[Subject<'_>], problems: &[Problem]) -> Result<(), ConfigError> {
    let says_nothing = subjects.is_empty() && !problems.is_empty();
    match says_nothing || problems.iter().any(is_nobodys) {
        true => Err(ConfigError {
            problems: problems.to_vec(),
        }),
        false => Ok(()),
    }
}

impl Looker<'_> {
    /// Looks at all selected queues. One that cannot be looked at hides no other.
    fn all(&mut self, now: SystemTime) -> (Vec<Looked>, Exit) {
        let mut exit = Exit::Done;
        let mut queues = Vec::new();
        for subject in &self.subjects {
            let (store, measure) = (self.store, &mut self.measure);
            let seen = subject.settings.map(|settings| {
                let seen = look(store, settings, measure, now);
                seen.inspect_err(|error| {
                    exit = exit.max(queues::report(error.clone(), settings));
                })
            });
            let looked = Looked::of(subject, seen);
            exit = exit.max(exit_of(looked.level()));
            queues.push(looked);
        }
        (queues, exit)
    }
}

fn exit_of(level: Level) -> Exit {
    match level {
        Level::Ok => Exit::Done,
        Level::NeedsALook | Level::Broken => Exit::NeedsALook,
    }
}

fn tell(queues: &[Looked], args: &StatusArgs, now: SystemTime, session: &mut Session) {
    if args.json.json {
        session.out.json(&json(queues));
    } else if args.openmetrics {
        session.out.text(&metrics::openmetrics(queues));
    } else {
        for line in lines(queues, now) {
            session.out.styled(&line);
        }
    }
}

fn json(queues: &[Looked]) -> Vec<StatusJson<'_>> {
    queues.iter().map(StatusJson::from).collect()
}
