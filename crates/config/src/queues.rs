//! Which queues there are.

use crate::config::{LostQueue, QueueSettings};
use crate::document::Document;
use crate::key::{self, QUEUE_KEYS};
use crate::picks::Picks;
use crate::problem::{Problem, Problems};
use crate::queue;
use crate::resolve::Inputs;
use crate::section::Section;

/// The queue of those who configure none by name.
const DEFAULT: &str = "default";

/// The queues of the file, or the default one where the file has none. `named` says whether
/// there is a file, readable or not. Among them are those whose place is not certain.
pub(crate) fn resolve(
    inputs: &Inputs<'_>,
    document: Option<&Document<'_>>,
    named: bool,
    problems: &mut Problems,
) -> Vec<Found> {
    let picks = Picks::of(inputs);
    let table = document.map(|document| document.section("queues", problems));
    let names: Vec<_> = table.iter().flat_map(Section::keys).collect();
    if let (Some(table), [_, ..]) = (&table, names.as_slice()) {
        picks.report_unknown(&names, problems);
        return names
            .into_iter()
            .filter_map(|name| from_file(inputs, &picks, table, name, problems))
            .collect();
    }
    if named && !is_described(inputs) {
        picks.report_unknown(&[], problems);
        return Vec::new();
    }
    picks.report_unknown(&[DEFAULT], problems);
    if !picks.want(DEFAULT) {
        return Vec::new();
    }
    let queue = queue::resolve(inputs, &picks, DEFAULT, None, problems);
    queue.into_iter().collect()
}

/// A queue, or one whose place is not certain.
type Found = Result<QueueSettings, LostQueue>;

/// Whether options or variables alone describe a queue.
fn is_described(inputs: &Inputs<'_>) -> bool {
    let set = |name: Option<&str>| name.is_some_and(|name| inputs.environment.get(name).is_some());
    inputs.overrides.destination.is_some()
        || inputs.overrides.queue_dir.is_some()
        || set(key::DESTINATION.variable)
        || set(key::QUEUE_DIR.variable)
}

/// Reads a queue's table, picked or not: the problems of a file are reported all at once.
fn from_file(
    inputs: &Inputs<'_>,
    picks: &Picks,
    queues: &Section<'_>,
    name: &str,
    problems: &mut Problems,
) -> Option<Found> {
    let title = format!("[queues.{}]", name.escape_debug());
    let Some(section) = queues.table(name, title, Some(name), problems) else {
        let lost = LostQueue {
            name: name.to_owned(),
            metrics_file: None,
        };
        return picks.want(name).then_some(Err(lost));
    };
    section.check_keys(QUEUE_KEYS, problems);
    if !is_valid_name(name) {
        let message = format!("`{}` cannot be the name of a queue", name.escape_debug());
        let hint = "a name has 1 to 64 letters, digits, `_`, `.`, `-`, and begins with neither `.` nor `-`";
        let location = section.location.clone();
        problems.push(
            Problem::new(message)
                .at(location)
                .of_queues([name])
                .hint(hint),
        );
    }
    let queue = queue::resolve(inputs, picks, name, Some(&section), problems)?;
    (picks.want(name) && is_valid_name(name)).then_some(queue)
}

fn is_valid_name(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
    (1..=64).contains(&name.len()) && name.bytes().all(allowed) && !name.starts_with(['.', '-'])
}
