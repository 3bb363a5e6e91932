//! When a queue needs a look: its table `health`.

use std::time::Duration;

use crate::byte_size::ByteSize;
use crate::key::{self, HEALTH, HEALTH_KEYS};
use crate::origin::Setting;
use crate::problem::Problems;
use crate::resolve::Inputs;
use crate::section::Section;
use crate::sources::Sources;
use crate::value::AnyNumber;

const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Beyond which of these somebody has to look at a queue. They change nothing that is done with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HealthSettings {
    /// How many entries are parked.
    pub max_parked: Setting<u32>,
    /// How long its oldest entry waits; more than zero.
    pub max_age: Setting<Duration>,
    /// How long its destination has not answered.
    pub max_unavailable: Setting<Duration>,
    /// How much of the store its entries keep alive; more than zero. Where nobody says so, it is
    /// what the limit says, or a part of the store's file system.
    pub max_pinned: Option<Setting<ByteSize>>,
    /// For how long it counts that a limit refused or dropped something.
    pub remember_losses: Setting<Duration>,
}

/// Reads the table `health` of a queue's table. Only a file has it.
pub(crate) fn resolve(
    inputs: &Inputs<'_>,
    name: &str,
    queue: Option<&Section<'_>>,
    problems: &mut Problems,
) -> HealthSettings {
    let title = || format!("[queues.{}.health]", name.escape_debug());
    let section = queue.filter(|queue| queue.has(HEALTH));
    let section = section.and_then(|queue| queue.table(HEALTH, title(), Some(name), problems));
    if let Some(section) = &section {
        section.check_keys(HEALTH_KEYS, problems);
    }
    let mut sources = Sources::new(inputs, section.as_ref(), problems);
    let parked = sources.get_or(&key::HEALTH_MAX_PARKED, AnyNumber(0));
    HealthSettings {
        max_parked: Setting::new(parked.value.0, parked.origin),
        max_age: sources.get_or(&key::HEALTH_MAX_AGE, DAY),
        max_unavailable: sources.get_or(&key::HEALTH_MAX_UNAVAILABLE, HOUR),
        max_pinned: sources.get(&key::HEALTH_MAX_PINNED),
        remember_losses: sources.get_or(&key::HEALTH_REMEMBER_LOSSES, DAY),
    }
}
