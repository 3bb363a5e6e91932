//! What a push leaves for Prometheus.

use nix_post_build_push_config::QueueSettings;
use queue_core::{Outcome, PushReport};

use crate::adapters::Store;
use crate::error::CommandError;
use crate::exit_codes::Exit;
use crate::message::Message;
use crate::session::now;
use crate::status::metrics::file;
use crate::status::{Looked, Measure, look_silently};

/// Writes the metrics file of a queue, if it has one, after a push, whatever came of that. Gives how
/// it ends at best.
pub(super) fn write_after(
    pushed: &Result<Option<PushReport>, CommandError>,
    store: &Store,
    settings: &QueueSettings,
) -> Exit {
    match pushed {
        // That one is not over, and writes it when it is.
        Ok(Some(report)) if matches!(report.outcome, Outcome::AlreadyRunning) => Exit::Done,
        Ok(Some(report)) => write(store, settings, report.pinned),
        Ok(None) | Err(_) => write(store, settings, None),
    }
}

/// Writes it with what is to be seen now; `pinned` is how much of the store the queue keeps, where
/// that is known.
pub(super) fn write(store: &Store, settings: &QueueSettings, pinned: Option<u64>) -> Exit {
    let Some(path) = &settings.metrics_file else {
        return Exit::Done;
    };
    let now = now();
    let mut measure = Measure::Known(pinned);
    // What is strange about the queue the push has said.
    let looked = match look_silently(store, settings, &mut measure, now) {
        Ok(status) => Looked::Seen(Box::new(status)),
        Err(error) => Looked::Unseen {
            name: settings.name.clone(),
            error: error.text(),
        },
    };
    match file::write(&path.value, looked, now) {
        Ok(()) => Exit::Done,
        Err(error) => {
            let text = format!("{}: its metrics are not up to date", settings.name);
            Message::new(text).caused_by_port(&error).error();
            Exit::Failed
        }
    }
}
