//! The queues that somebody asked for by name.

use crate::origin::{Origin, Setting};
use crate::problem::{Problem, Problems};
use crate::resolve::Inputs;
use crate::variables;

/// The queues asked for by name, and where.
pub(crate) struct Picks {
    names: Vec<String>,
    origin: Origin,
}

impl Picks {
    pub(crate) fn of(inputs: &Inputs<'_>) -> Self {
        if !inputs.overrides.queues.is_empty() {
            return Self {
                names: inputs.overrides.queues.clone(),
                origin: Origin::CommandLine,
            };
        }
        let names = inputs.environment.get(variables::QUEUE).unwrap_or_default();
        let names = names.split_whitespace().map(str::to_owned).collect();
        Self {
            names,
            origin: Origin::Environment(variables::QUEUE),
        }
    }

    /// Whether anybody wants this queue: without picks, every queue is wanted.
    pub(crate) fn want(&self, name: &str) -> bool {
        self.names.is_empty() || self.names.iter().any(|picked| picked == name)
    }

    /// An explicit pick wins over a queue's being disabled.
    pub(crate) fn enable(&self, configured: Setting<bool>) -> Setting<bool> {
        match self.names.is_empty() {
            true => configured,
            false => Setting::new(true, self.origin.clone()),
        }
    }

    pub(crate) fn report_unknown(&self, known: &[&str], problems: &mut Problems) {
        for name in self
            .names
            .iter()
            .filter(|name| !known.contains(&name.as_str()))
        {
            let message = format!("unknown queue `{}` ({})", name.escape_debug(), self.origin);
            problems.push(Problem::new(message).hint(match known {
                [] => "no queue is configured".to_owned(),
                _ => format!("known are {}", known.join(", ")),
            }));
        }
    }
}
