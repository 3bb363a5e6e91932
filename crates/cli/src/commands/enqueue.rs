//! `enqueue`

use std::collections::BTreeSet;
use std::io::{BufRead, Read};

use nix_post_build_push_config::{Config, Need, QueueSettings};
use queue_core::{EnqueueReport, QueueReport, StorePath, enqueue};

use super::given::{Given, LONGEST_LINE, Line, takes_out_paths};
use crate::adapters::{OpenQueue, Store, refusal_hint};
use crate::cli::EnqueueArgs;
use crate::error::CommandError;
use crate::exit_codes::Exit;
use crate::message::Message;
use crate::session::{Configured, Session};
use crate::subject;

pub(super) fn run(args: &EnqueueArgs, session: &mut Session) -> Result<Exit, CommandError> {
    let Configured { config, exit } = session.configure(Need::Enqueue)?;
    let store = session.store(&config)?;
    let given = given(args, session, &store)?;
    if given.is_nothing() {
        return Err(CommandError::new(Exit::Usage, "nothing to enqueue")
            .hint("give paths, or --stdin, or set OUT_PATHS as Nix does for its hooks"));
    }
    if config.enabled().next().is_none() {
        return Err(CommandError::new(Exit::Config, "no queue to enqueue to")
            .hint("configure one, or pick a disabled one with --queue"));
    }
    if given.paths.is_empty() {
        return Ok(exit.max(Exit::Usage));
    }
    let refused = if given.refused > 0 {
        Exit::Failed
    } else {
        Exit::Done
    };
    let enqueued = enqueue_to_all(&given, &config, &store, session);
    Ok(exit.max(refused).max(enqueued))
}

fn given(args: &EnqueueArgs, session: &Session, store: &Store) -> Result<Given, CommandError> {
    let mut given = Given::default();
    given.add(&args.paths.paths, session, store);
    if args.stdin {
        let end = if args.null { 0 } else { b'\n' };
        let add = |path: Line| given.add_line(path, session, store);
        read_paths(std::io::stdin().lock(), end, add).map_err(|error| {
            CommandError::new(Exit::Failed, "failed to read paths from standard input")
                .caused_by(&error)
        })?;
    }
    if takes_out_paths(&args.paths, session, true)? {
        given.add_from_hook(session, store);
    }
    Ok(given)
}

/// Hands on each path that is not empty. However much comes, no more than one is held here.
pub(crate) fn read_paths(
    input: impl Read,
    end: u8,
    mut add: impl FnMut(Line),
) -> std::io::Result<()> {
    let mut input = std::io::BufReader::new(input);
    loop {
        let mut path = Vec::new();
        let most = LONGEST_LINE as u64 + 1;
        if input.by_ref().take(most).read_until(end, &mut path)? == 0 {
            return Ok(());
        }
        if path.last() == Some(&end) {
            path.pop();
        } else if path.len() > LONGEST_LINE {
            input.skip_until(end)?;
            add(Line::TooLong);
            continue;
        }
        if !path.is_empty() {
            add(Line::Path(path));
        }
    }
}

fn enqueue_to_all(given: &Given, config: &Config, store: &Store, session: &mut Session) -> Exit {
    let mut exit = Exit::Done;
    let with_derivation: Vec<_> = given
        .paths
        .iter()
        .chain(&given.derivation)
        .cloned()
        .collect();
    let mut absent = BTreeSet::new();
    for (wanted, paths) in [(false, &given.paths), (true, &with_derivation)] {
        let wanting = config
            .enabled()
            .filter(|queue| queue.wants_derivation() == wanted);
        let queues = create(wanting, store, &mut exit);
        if queues.is_empty() {
            continue;
        }
        let views: Vec<_> = queues.iter().map(OpenQueue::queue).collect();
        let report = enqueue(&views, &store.collector, &store.dir, paths);
        exit = exit.max(tell(&report, &queues, store, session, &mut absent));
    }
    for path in &absent {
        let full = store.dir.join(path);
        Message::new(format!("{full} does not exist, so it was not enqueued"))
            .about_path(full)
            .of_kind(subject::INVALID)
            .error();
    }
    exit.max(if absent.is_empty() {
        Exit::Done
    } else {
        Exit::Failed
    })
}

fn create<'c>(
    wanting: impl Iterator<Item = &'c QueueSettings>,
    store: &Store,
    exit: &mut Exit,
) -> Vec<OpenQueue> {
    let mut open = |settings: &QueueSettings| {
        let opened = OpenQueue::create(store, settings);
        opened
            .inspect_err(|error| {
                Message::of_queue(&settings.name, "nothing was enqueued")
                    .caused_by_port(error)
                    .error();
                *exit = Exit::Failed;
            })
            .ok()
    };
    wanting.filter_map(&mut open).collect()
}

fn tell(
    report: &EnqueueReport,
    queues: &[OpenQueue],
    store: &Store,
    session: &mut Session,
    absent: &mut BTreeSet<StorePath>,
) -> Exit {
    let mut exit = Exit::Done;
    if let Some(error) = &report.unprotected {
        let text = "a garbage collector that is running may not know what was enqueued";
        Message::new(text).caused_by_port(error).error();
        exit = Exit::Failed;
    }
    for (report, queue) in report.queues.iter().zip(queues) {
        exit = exit.max(tell_failures(report, queue.name(), store));
        absent.extend(report.absent.iter().cloned());
        session.confirm(confirmation(report, queue.name()));
    }
    exit
}

fn tell_failures(report: &QueueReport, name: &str, store: &Store) -> Exit {
    for (path, error) in &report.failed {
        Message::of_queue(name, format!("failed to enqueue {path}"))
            .about_path(store.dir.join(path))
            .caused_by_port(error)
            .error();
    }
    tell_limits(report, name, store);
    if let Some(error) = &report.not_durable {
        Message::of_queue(name, "what was enqueued may not outlive a power cut")
            .caused_by_port(error)
            .error();
    }
    let taken = report.failed.is_empty() && report.refused.is_empty();
    let fine = taken && report.not_durable.is_none();
    if fine { Exit::Done } else { Exit::Failed }
}

/// What the limits of the queue did. To drop the oldest is what somebody asked for, to refuse
/// what is new is a failure all the same: it will not be copied.
fn tell_limits(report: &QueueReport, name: &str, store: &Store) {
    let why = report.refused_because.clone().unwrap_or_default();
    for path in &report.refused {
        let mut message = limited(name, path, store, "was not enqueued");
        message.causes.push(why.clone());
        message.hint(refusal_hint(report)).error();
    }
    for path in &report.dropped {
        limited(name, path, store, "was dropped undelivered, to make room").error();
    }
    for error in &report.problems {
        Message::of_queue(name, "the limits of the queue were not kept")
            .caused_by_port(error)
            .warning();
    }
}

fn limited(name: &str, path: &StorePath, store: &Store, what: &str) -> Message {
    Message::of_queue(name, format!("{path} {what}"))
        .about_path(store.dir.join(path))
        .of_kind(subject::LIMIT)
}

fn confirmation(report: &QueueReport, name: &str) -> String {
    let already = match report.already.len() {
        0 => String::new(),
        number => format!(", {number} already in the queue"),
    };
    format!("{name}: {} enqueued{already}", report.added.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(input: &[u8], end: u8) -> Vec<Line> {
        let mut lines = Vec::new();
        read_paths(input, end, |line| lines.push(line)).unwrap();
        lines
    }

    fn path(path: &[u8]) -> Line {
        Line::Path(path.to_vec())
    }

    #[test]
    fn paths_are_read_by_line_or_by_nul() {
        assert_eq!(
            read(b"a\n\nb c\n\xff", b'\n'),
            [path(b"a"), path(b"b c"), path(b"\xff")]
        );
        assert_eq!(read(b"a\nb\0c\0", 0), [path(b"a\nb"), path(b"c")]);
    }

    #[test]
    fn what_is_too_long_keeps_no_other_out() {
        let longest = vec![b'x'; LONGEST_LINE];
        let input = [b"a\n", &longest[..], b"\n", &longest, b"x\nb"].concat();
        assert_eq!(
            read(&input, b'\n'),
            [path(b"a"), path(&longest), Line::TooLong, path(b"b")]
        );
    }
}
