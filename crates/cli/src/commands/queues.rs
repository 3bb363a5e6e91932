//! Going through the selected queues: one that fails holds back no other.

use std::panic::{self, AssertUnwindSafe};
use std::sync::mpsc;
use std::thread;

use nix_post_build_push_config::{Config, QueueSettings};

use crate::adapters::{OpenQueue, Store};
use crate::error::CommandError;
use crate::exit_codes::Exit;
use crate::message::Message;

/// Does something for every enabled queue. An error is reported, counts for the exit code,
/// and does not keep the next queue from its turn.
pub(super) fn each(
    config: &Config,
    mut exit: Exit,
    mut visit: impl FnMut(&QueueSettings) -> Result<Exit, CommandError>,
) -> Exit {
    for settings in config.enabled() {
        let ended = visit(settings).unwrap_or_else(|error| report(error, settings));
        exit = exit.max(ended);
    }
    exit
}

/// Does something for all enabled queues at the same time, since it may wait for their
/// destinations: none waits for another one's. `work` gives what is to be done for a queue, and
/// does so for all before any is begun. What comes of it is told here, in the order in which the
/// queues end. An error is reported, and a fault of the program in one queue's work leaves the
/// others at theirs. One queue alone is worked on by this thread.
pub(super) fn each_at_once<'c, T: Send, W>(
    config: &'c Config,
    mut exit: Exit,
    work: impl Fn(&'c QueueSettings) -> W,
    mut tell: impl FnMut(&QueueSettings, T) -> Exit,
) -> Exit
where
    W: FnOnce() -> Result<T, CommandError> + Send,
{
    let mut works: Vec<_> = config.enabled().map(|queue| (queue, work(queue))).collect();
    let mut note = |settings: &QueueSettings, ended: Ended<T>| {
        let ended = match ended {
            Ok(Ok(value)) => tell(settings, value),
            Ok(Err(error)) => report(error, settings),
            Err(_) => report_fault(settings),
        };
        exit = exit.max(ended);
    };
    // The usual case. A thread would take a tenth of the time of a push with nothing to do.
    if works.len() == 1
        && let Some((settings, work)) = works.pop()
    {
        note(settings, panic::catch_unwind(AssertUnwindSafe(work)));
    }
    thread::scope(|scope| {
        let (sender, receiver) = mpsc::channel();
        for (settings, work) in works {
            let thread_sender = sender.clone();
            let run = move || {
                let ended = panic::catch_unwind(AssertUnwindSafe(work));
                // Only a fault in telling can have taken the receiver away.
                let _ = thread_sender.send((settings, ended));
            };
            if let Err(error) = thread::Builder::new().spawn_scoped(scope, run) {
                let _ = sender.send((settings, Ok(Err(not_begun(&error)))));
            }
        }
        drop(sender);
        for (settings, ended) in receiver {
            note(settings, ended);
        }
    });
    exit
}

/// What came of the work on one queue: inside, why it did not work; outside, a fault of the program.
type Ended<T> = thread::Result<Result<T, CommandError>>;

fn not_begun(error: &std::io::Error) -> CommandError {
    CommandError::new(Exit::Failed, "failed to begin the work on this queue").caused_by(error)
}

/// The message of the fault itself was written where it happened.
fn report_fault(settings: &QueueSettings) -> Exit {
    Message::of_queue(&settings.name, "ended by a fault of the program").error();
    Exit::Bug
}

/// Says in which queue it was.
pub(super) fn report(mut error: CommandError, settings: &QueueSettings) -> Exit {
    for message in &mut error.messages {
        message.text = format!("{}: {}", settings.name, message.text);
        message.about.queue = Some(settings.name.clone());
    }
    error.report();
    error.exit
}

/// Opens a queue as it is; `None` when its directory does not exist.
pub(super) fn open(
    store: &Store,
    settings: &QueueSettings,
) -> Result<Option<OpenQueue>, CommandError> {
    Ok(OpenQueue::open(store, settings)?)
}

#[cfg(test)]
mod tests {
    use nix_post_build_push_config::{Environment, Inputs, Need, Overrides, resolve};

    use super::*;

    fn config(queues: &str) -> Config {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("config.toml");
        std::fs::write(&file, queues).unwrap();
        let overrides = Overrides {
            config_file: Some(file.try_into().unwrap()),
            ..Overrides::default()
        };
        let inputs = Inputs {
            overrides: &overrides,
            environment: &Environment::default(),
            uid: 0,
            need: Need::Enqueue,
        };
        resolve(&inputs).config
    }

    #[test]
    fn a_fault_in_one_queues_work_leaves_the_others_at_theirs() {
        let config = config("[queues.a]\n[queues.b]\n[queues.c]\n[queues.d]\nenable = false\n");
        let mut told = Vec::new();
        let exit = each_at_once(
            &config,
            Exit::Config,
            |settings| {
                move || match settings.name.as_str() {
                    "a" => panic!("a fault"),
                    "b" => Err(CommandError::new(Exit::Failed, "no")),
                    name => Ok(name.to_owned()),
                }
            },
            |settings, value| {
                told.push((settings.name.clone(), value));
                Exit::Done
            },
        );
        assert_eq!((exit, exit.code()), (Exit::Bug, 70));
        assert_eq!(told, [("c".to_owned(), "c".to_owned())]);
    }
}
