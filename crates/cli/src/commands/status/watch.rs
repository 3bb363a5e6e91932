//! Looking again and again.

use std::io::{self, Write};
use std::time::{Duration, SystemTime};

use nix_copy::Cancel;
use tracing::subscriber::{NoSubscriber, with_default};

use super::{Looker, json, tell};
use crate::cli::StatusArgs;
use crate::exit_codes::Exit;
use crate::json::time;
use crate::session::{Session, now};
use crate::status::{Looked, Window, rows};
use crate::terminal::{is_dumb, size, wants_colours};

/// Looks until a signal ends it, or nobody reads any more. The settings are those of the beginning;
/// Nix is asked only when a queue has other entries than before.
pub(super) fn watch(
    looker: &mut Looker<'_>,
    args: &StatusArgs,
    interval: Duration,
    stop: &Cancel,
    session: &mut Session,
) -> Exit {
    let in_place = !args.json.json && !is_dumb() && size(&io::stdout()).is_some();
    let screen = in_place.then(Screen::enter);
    let mut is_first = true;
    while !stop.is_cancelled() && !session.out.has_failed() {
        let now = now();
        let head = format!("every {}, at {}", every(interval), time(now));
        if in_place {
            // What is said beside it would stand in the midst of it.
            let (queues, _) = with_default(NoSubscriber::new(), || looker.all(now));
            // Nix may have been ended in the midst of its answer.
            if !stop.is_cancelled() {
                session.out.text(&frame(&head, &queues, now));
            }
        } else {
            let (queues, _) = looker.all(now);
            plain(&head, &queues, args, now, is_first, session);
        }
        session.out.flush();
        is_first = false;
        stop.wait(interval, None);
    }
    drop(screen);
    // Whoever reads no more asked to stop as well.
    match stop.is_cancelled() {
        true => Exit::Stopped,
        false => Exit::Done,
    }
}

/// One look behind the other.
fn plain(
    head: &str,
    queues: &[Looked],
    args: &StatusArgs,
    now: SystemTime,
    is_first: bool,
    session: &mut Session,
) {
    if args.json.json {
        session.out.json_line(&json(queues));
        return;
    }
    if !is_first {
        session.out.text("\n");
    }
    session.out.line(head);
    session.out.text("\n");
    tell(queues, args, now, session);
}

/// All of a screen, over what is there: to the upper left corner, each row once it is empty, and nothing
/// below them (ECMA-48: CUP, EL, ED).
fn frame(head: &str, queues: &[Looked], now: SystemTime) -> String {
    let stdout = io::stdout();
    let (columns, height) = size(&stdout).unwrap_or((80, 24));
    let window = Window {
        columns,
        rows: height,
        colours: wants_colours(&stdout),
    };
    let rows = rows(head, queues, now, window);
    let below = if rows.len() < height {
        "\r\n\x1b[J"
    } else {
        ""
    };
    format!("\x1b[H\x1b[2K{}{below}", rows.join("\r\n\x1b[2K"))
}

/// A screen of our own, without a cursor, so that all that was on the terminal is there again afterwards,
/// however we end (xterm: private modes 1049 and 25).
struct Screen;

impl Screen {
    fn enter() -> Self {
        say("\x1b[?1049h\x1b[?25l");
        Self
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        say("\x1b[?25h\x1b[?1049l");
    }
}

fn say(text: &str) {
    let mut stdout = io::stdout();
    // A terminal that is gone shows nothing any more.
    let _ = stdout.write_all(text.as_bytes());
    let _ = stdout.flush();
}

fn every(interval: Duration) -> humantime::FormattedDuration {
    humantime::format_duration(interval)
}
