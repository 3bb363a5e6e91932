//! The limits of one queue: its table `limits`.

use std::time::Duration;

use crate::byte_size::ByteSize;
use crate::choice::BeyondLimit;
use crate::config::QueueSettings;
use crate::key::{self, LIMIT_KEYS};
use crate::origin::Setting;
use crate::problem::{Problem, Problems};
use crate::resolve::Inputs;
use crate::section::Section;
use crate::sources::Sources;

/// The limits of a queue, each with what happens beyond it. None is set by default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitSettings {
    /// How many entries it has; at least 1.
    pub max_entries: Option<Setting<u32>>,
    /// What happens beyond that.
    pub beyond_max_entries: Setting<BeyondLimit>,
    /// How long its oldest entry waits; more than zero.
    pub max_age: Option<Setting<Duration>>,
    /// What happens beyond that.
    pub beyond_max_age: Setting<BeyondLimit>,
    /// How much of the store its entries keep alive; more than zero.
    pub max_pinned: Option<Setting<ByteSize>>,
    /// What happens beyond that.
    pub beyond_max_pinned: Setting<BeyondLimit>,
}

/// Reads the table `limits` of a queue's table. Only a file has it.
pub(crate) fn resolve(
    inputs: &Inputs<'_>,
    name: &str,
    queue: Option<&Section<'_>>,
    problems: &mut Problems,
) -> LimitSettings {
    let title = format!("[queues.{}.limits]", name.escape_debug());
    let section = queue.and_then(|queue| queue.table("limits", title, Some(name), problems));
    if let Some(section) = &section {
        section.check_keys(LIMIT_KEYS, problems);
    }
    let mut sources = Sources::new(inputs, section.as_ref(), problems);
    LimitSettings {
        max_entries: sources.get(&key::MAX_ENTRIES),
        beyond_max_entries: sources.get_or(&key::BEYOND_MAX_ENTRIES, BeyondLimit::Refuse),
        max_age: sources.get(&key::MAX_AGE),
        beyond_max_age: sources.get_or(&key::BEYOND_MAX_AGE, BeyondLimit::Refuse),
        max_pinned: sources.get(&key::MAX_PINNED),
        beyond_max_pinned: sources.get_or(&key::BEYOND_MAX_PINNED, BeyondLimit::Refuse),
    }
}

/// Warns of what is said about limits that are not set.
pub(crate) fn warnings(queue: &QueueSettings) -> Vec<Problem> {
    let limits = &queue.limits;
    let (entries, age, pinned) = (&limits.max_entries, &limits.max_age, &limits.max_pinned);
    let said = [
        (entries.is_none(), &limits.beyond_max_entries, "max-entries"),
        (age.is_none(), &limits.beyond_max_age, "max-age"),
        (pinned.is_none(), &limits.beyond_max_pinned, "max-pinned"),
    ];
    let idle = said.into_iter().filter(|(is_idle, ..)| *is_idle);
    idle.filter_map(|(_, beyond, limit)| no_effect(&queue.name, beyond, limit))
        .collect()
}

fn no_effect(queue: &str, beyond: &Setting<BeyondLimit>, limit: &str) -> Option<Problem> {
    let location = beyond.origin.location()?.clone();
    let text = format!("queue `{queue}`: `beyond-{limit}` has no effect without `{limit}`");
    Some(Problem::new(text).at(Some(location)).of_queues([queue]))
}
