//! Looking again and again.

use std::io::IsTerminal;
use std::time::Duration;

use nix_copy::Cancel;

use super::{Looker, json, tell};
use crate::cli::StatusArgs;
use crate::exit_codes::Exit;
use crate::json::time;
use crate::session::{Session, now};

/// To the upper left corner, and nothing is on the screen any more (ECMA-48: CUP, ED).
const CLEAR: &str = "\x1b[H\x1b[2J";

/// Looks until a signal ends it, or nobody reads any more. The settings are those of the beginning;
/// Nix is asked only when a queue has other entries than before.
pub(super) fn watch(
    looker: &mut Looker<'_>,
    args: &StatusArgs,
    interval: Duration,
    stop: &Cancel,
    session: &mut Session,
) -> Exit {
    let in_place = std::io::stdout().is_terminal() && !args.json.json;
    let mut is_first = true;
    while !stop.is_cancelled() && !session.out.has_failed() {
        if in_place {
            // Before anything is looked at: warnings stay to be read until the next time.
            session.out.text(CLEAR);
            session.out.flush();
        }
        let now = now();
        let (queues, _) = looker.all(now);
        if args.json.json {
            session.out.json_line(&json(&queues));
        } else {
            if !is_first && !in_place {
                session.out.text("\n");
            }
            session
                .out
                .line(format_args!("every {}, at {}", every(interval), time(now)));
            session.out.text("\n");
            tell(&queues, args, now, session);
        }
        session.out.flush();
        is_first = false;
        stop.wait(interval, None);
    }
    // Whoever reads no more asked to stop as well.
    match stop.is_cancelled() {
        true => Exit::Stopped,
        false => Exit::Done,
    }
}

fn every(interval: Duration) -> humantime::FormattedDuration {
    humantime::format_duration(interval)
}
