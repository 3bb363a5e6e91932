//! `status`

mod watch;

use std::time::SystemTime;

use nix_copy::Cancel;
use nix_post_build_push_config::Need;

use super::{queues, roots_queue};
use crate::cli::StatusArgs;
use crate::error::CommandError;
use crate::exit_codes::Exit;
use crate::session::{Configured, Session, now};
use crate::signals;
use crate::status::json::StatusJson;
use crate::status::{Level, Looked, Looker, Measure, lines, look, metrics, schema};

pub(super) fn run(args: &StatusArgs, session: &mut Session) -> Result<Exit, CommandError> {
    if args.json_schema {
        session.out.text(schema::SCHEMA);
        return Ok(Exit::Done);
    }
    let Configured { config, exit } = session.configure(Need::Enqueue)?;
    roots_queue::warn(&config);
    // One look ends as any other command does; Nix has half a minute for its answer.
    let stop = match args.watch {
        Some(_) => signals::listen()?,
        None => Cancel::never(),
    };
    let store = session.stoppable_store(&config, &stop)?;
    let mut looker = Looker {
        config: &config,
        store: &store,
        measure: Measure::asking(),
    };
    if let Some(interval) = args.watch {
        return Ok(watch::watch(&mut looker, args, interval, &stop, session));
    }
    let (queues, exit) = all(&mut looker, exit, now());
    tell(&queues, args, now(), session);
    Ok(exit)
}

/// Looks at all selected queues. One that cannot be looked at hides no other.
fn all(looker: &mut Looker<'_>, exit: Exit, now: SystemTime) -> (Vec<Looked>, Exit) {
    let mut seen = Vec::new();
    let (store, measure) = (looker.store, &mut looker.measure);
    let exit = queues::each(looker.config, exit, |settings| {
        match look(store, settings, measure, now) {
            Ok(status) => {
                let exit = exit_of(status.level());
                seen.push(Looked::Seen(Box::new(status)));
                Ok(exit)
            }
            Err(error) => {
                let name = settings.name.clone();
                let error_text = error.text();
                seen.push(Looked::Unseen {
                    name,
                    error: error_text,
                });
                Err(error)
            }
        }
    });
    (seen, exit)
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

/// What could be looked at.
fn json(queues: &[Looked]) -> Vec<StatusJson<'_>> {
    let seen = queues.iter().filter_map(Looked::seen);
    seen.map(StatusJson::from).collect()
}
