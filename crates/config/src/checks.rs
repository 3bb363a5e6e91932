//! What can be wrong between settings that are each right on their own.

use std::error::Error;

use camino::{Utf8Path, Utf8PathBuf};

use crate::config::{Config, QueueSettings};
use crate::destination::{Destination, SecretError};
use crate::limits;
use crate::origin::{Origin, Setting};
use crate::problem::{Problem, Problems};
use crate::resolve::Need;

/// Looks for problems among the settings, as far as the need demands.
pub(crate) fn check(config: &Config, need: Need, problems: &mut Problems) {
    check_directories(config, need, problems);
    if matches!(need, Need::Push | Need::Look | Need::Everything) {
        for queue in config.enabled() {
            check_secret(queue, need, problems);
        }
    }
}

/// Two queues in one directory would push each other's entries. Neither of them can be told
/// to be the wrong one, so both are; a third queue is not.
fn check_directories(config: &Config, need: Need, problems: &mut Problems) {
    // Looking at a directory costs a hook some system calls, and most have one queue.
    if config.enabled().nth(1).is_none() {
        return;
    }
    let real = |queue: &QueueSettings| match need {
        Need::Declared => queue.queue_dir.value.clone(),
        _ => real_directory(&queue.queue_dir.value),
    };
    let mut seen: Vec<(&QueueSettings, Utf8PathBuf)> = Vec::new();
    for queue in config.enabled() {
        let directory = real(queue);
        match seen.iter().find(|(_, other)| *other == directory) {
            Some((other, _)) => problems.push(same_directory(other, queue)),
            None => seen.push((queue, directory)),
        }
    }
}

/// A directory that does not exist, or is not ours to look at, is what its name says.
fn real_directory(directory: &Utf8Path) -> Utf8PathBuf {
    directory
        .canonicalize_utf8()
        .unwrap_or_else(|_| directory.to_owned())
}

fn same_directory(one: &QueueSettings, other: &QueueSettings) -> Problem {
    let message = format!(
        "queues `{}` and `{}` have the same directory {}",
        one.name, other.name, other.queue_dir.value
    );
    let hint = match other.queue_dir.origin {
        Origin::CommandLine | Origin::Environment(_) => "pick one queue with --queue",
        _ => "give each queue a directory of its own",
    };
    Problem::new(message)
        .at(location(other, &other.queue_dir.origin))
        .of_queues([&*one.name, &*other.name])
        .hint(hint)
}

fn check_secret(queue: &QueueSettings, need: Need, problems: &mut Problems) {
    let Some(destination) = &queue.destination else {
        return;
    };
    if matches!(destination.value, Destination::Uri(_)) {
        return;
    }
    if let Err(error) = destination.value.read() {
        if need == Need::Look && error.may_be_for_others() {
            return;
        }
        let at = location(queue, &destination.origin);
        problems.push(unreadable(&error).at(at).of_queues([&*queue.name]));
    }
}

fn unreadable(error: &SecretError) -> Problem {
    let cause = error
        .source()
        .map(|source| format!(": {source}"))
        .unwrap_or_default();
    Problem::new(format!("{error}{cause}")).hint(error.hint())
}

fn location(queue: &QueueSettings, origin: &Origin) -> Option<crate::Location> {
    origin
        .location()
        .cloned()
        .or_else(|| queue.location.clone())
}

/// Warns of settings that contradict each other and still have a meaning.
pub(crate) fn warnings(config: &Config, need: Need) -> Vec<Problem> {
    let contradict = |queue: &&QueueSettings| queue.retry_delay.value > queue.retry_max_delay.value;
    config
        .enabled()
        .filter(contradict)
        .map(shorter_delay)
        .chain(config.enabled().flat_map(limits::warnings))
        .chain(same_metrics_files(config, need))
        .collect()
}

/// Each push would write over what the other queue's wrote.
fn same_metrics_files(config: &Config, need: Need) -> Vec<Problem> {
    let mut seen: Vec<(&str, Utf8PathBuf)> = Vec::new();
    let mut problems = Vec::new();
    for queue in config.enabled() {
        let Some(setting) = &queue.metrics_file else {
            continue;
        };
        let file = match need {
            // A hook writes none, and has no time.
            Need::Declared | Need::Enqueue => setting.value.clone(),
            _ => real_place(&setting.value),
        };
        match seen.iter().find(|(_, other)| *other == file) {
            Some((other, _)) => problems.push(same_metrics_file(other, queue, setting)),
            None => seen.push((&queue.name, file)),
        }
    }
    problems
}

/// Where a file is that is replaced: at the end of the path there may be anything.
fn real_place(file: &Utf8Path) -> Utf8PathBuf {
    match (file.parent(), file.file_name()) {
        (Some(directory), Some(name)) => real_directory(directory).join(name),
        _ => file.to_owned(),
    }
}

fn same_metrics_file(other: &str, queue: &QueueSettings, file: &Setting<Utf8PathBuf>) -> Problem {
    let message = format!(
        "queues `{other}` and `{}` have the same `metrics-file` {}: each push writes over the other's",
        queue.name, file.value
    );
    Problem::new(message)
        .at(location(queue, &file.origin))
        .of_queues([other, &*queue.name])
        .hint("give each queue a file of its own")
}

fn shorter_delay(queue: &QueueSettings) -> Problem {
    let message = format!(
        "queue `{}`: `retry-max-delay` is shorter than `retry-delay`",
        queue.name
    );
    let at = location(queue, &queue.retry_max_delay.origin);
    Problem::new(message).at(at).of_queues([&*queue.name])
}
