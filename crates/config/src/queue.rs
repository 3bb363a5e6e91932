//! The settings of one queue.

use std::time::Duration;

use camino::Utf8PathBuf;

use crate::choice::{CheckContents, ClosureType};
use crate::config::{LostQueue, QueueSettings};
use crate::directories;
use crate::health;
use crate::key::{self, QUEUE_KEYS};
use crate::limits;
use crate::origin::Setting;
use crate::picks::Picks;
use crate::problem::{Problem, Problems};
use crate::resolve::{Inputs, Need};
use crate::section::Section;
use crate::sources::{Given, Sources};

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;

/// Reads the settings of one queue; `None` if it is disabled and its directory is not certain.
pub(crate) fn resolve(
    inputs: &Inputs<'_>,
    picks: &Picks,
    name: &str,
    section: Option<&Section<'_>>,
    problems: &mut Problems,
) -> Option<Result<QueueSettings, LostQueue>> {
    let mut sources = Sources::new(inputs, section, problems);
    let seconds = Duration::from_secs;
    let enable = picks.enable(sources.get_or(&key::ENABLE, true));
    let queue_dir = queue_dir(inputs, &mut sources, name, picks.want(name));
    if picks.want(name) && enable.value {
        check_destination(inputs, &mut sources, name);
    }
    // Without a directory too, every other setting is read for its problems.
    let known = queue_dir.is_some();
    let queue = QueueSettings {
        name: name.to_owned(),
        location: section.and_then(|section| section.location.clone()),
        enable,
        destination: sources.get(&key::DESTINATION),
        queue_dir: queue_dir.unwrap_or(Setting::default(Utf8PathBuf::new())),
        closure_type: sources.get_or(&key::CLOSURE_TYPE, ClosureType::Binary),
        check_contents: sources.get_or(&key::CHECK_CONTENTS, CheckContents::Off),
        check_sigs: sources.get_or(&key::CHECK_SIGS, true),
        substitute_on_destination: sources.get_or(&key::SUBSTITUTE, false),
        nix_opts: sources.nix_opts(),
        timeout: sources.get_or(&key::TIMEOUT, seconds(2 * HOUR)),
        stall_timeout: sources.get_or(&key::STALL_TIMEOUT, seconds(10 * MINUTE)),
        batch_size: sources.get_or(&key::BATCH_SIZE, 1000),
        jobs: sources.get(&key::JOBS),
        verify: sources.get_or(&key::VERIFY, false),
        retry_delay: sources.get_or(&key::RETRY_DELAY, seconds(MINUTE)),
        retry_max_delay: sources.get_or(&key::RETRY_MAX_DELAY, seconds(6 * HOUR)),
        max_attempts: sources.get_or(&key::MAX_ATTEMPTS, 10),
        metrics_file: sources.get(&key::METRICS_FILE),
        limits: limits::resolve(inputs, name, section, problems),
        health: health::resolve(inputs, name, section, problems),
    };
    match known {
        true => Some(Ok(queue)),
        false if queue.enable.value => Some(Err(LostQueue {
            name: queue.name,
            metrics_file: queue.metrics_file,
        })),
        false => None,
    }
}

/// A queue's directory. Where one was meant that cannot be read, there is none: entries in
/// the default directory would be out of sight once the mistake is mended.
fn queue_dir(
    inputs: &Inputs<'_>,
    sources: &mut Sources<'_>,
    name: &str,
    wanted: bool,
) -> Option<Setting<Utf8PathBuf>> {
    match sources.first(&key::QUEUE_DIR) {
        Given::Value(setting) => return Some(setting),
        Given::Broken => return None,
        Given::Absent => {}
    }
    let meant = |section: &Section<'_>| section.may_have_meant(key::QUEUE_DIR.name, QUEUE_KEYS);
    if sources.section.is_some_and(meant) {
        return None;
    }
    let look = inputs.need != Need::Declared;
    let default = directories::queue(inputs.environment, inputs.uid, name, look);
    if default.is_none() && wanted {
        let message = format!(
            "queue `{}` has no directory: neither XDG_STATE_HOME nor HOME is known",
            name.escape_debug()
        );
        let hint = "set `queue-dir` in its table, --queue-dir, or NIX_POST_BUILD_PUSH_QUEUE_DIR";
        let location = sources.section.and_then(|section| section.location.clone());
        let problem = Problem::new(message).at(location).hint(hint);
        sources.problems.push(problem.of_queues([name]));
    }
    default.map(Setting::default)
}

/// Reports that a queue has no destination, where one is needed and none was meant.
fn check_destination(inputs: &Inputs<'_>, sources: &mut Sources<'_>, name: &str) {
    let name_of_key = key::DESTINATION.name;
    let meant = |section: &Section<'_>| section.may_have_meant(name_of_key, QUEUE_KEYS);
    let absent = matches!(sources.first(&key::DESTINATION), Given::Absent);
    if inputs.need == Need::Enqueue || !absent || sources.section.is_some_and(meant) {
        return;
    }
    let message = format!("queue `{}` has no destination", name.escape_debug());
    let hint = "set `destination` in its table, --destination, or NIX_POST_BUILD_PUSH_DESTINATION";
    let location = sources.section.and_then(|section| section.location.clone());
    let problem = Problem::new(message).at(location).hint(hint);
    sources.problems.push(problem.of_queues([name]));
}
