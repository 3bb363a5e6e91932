//! Going through the selected queues: one that fails holds back no other.

use nix_post_build_push_config::{Config, QueueSettings};

use crate::adapters::{OpenQueue, Store};
use crate::error::CommandError;
use crate::exit_codes::Exit;

/// Does something for every enabled queue. An error is reported, counts for the exit code,
/// and does not keep the next queue from its turn.
pub(super) fn each(
    config: &Config,
    mut exit: Exit,
    mut visit: impl FnMut(&QueueSettings) -> Result<Exit, CommandError>,
) -> Exit {
    for settings in config.enabled() {
        let ended = visit(settings).unwrap_or_else(|mut error| {
            for message in &mut error.messages {
                message.text = format!("{}: {}", settings.name, message.text);
            }
            error.report();
            error.exit
        });
        exit = exit.max(ended);
    }
    exit
}

/// Opens a queue as it is; `None` when its directory does not exist.
pub(super) fn open(
    store: &Store,
    settings: &QueueSettings,
) -> Result<Option<OpenQueue>, CommandError> {
    Ok(OpenQueue::open(store, settings)?)
}
