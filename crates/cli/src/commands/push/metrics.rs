//! What a push leaves for Prometheus.

use std::time::SystemTime;

use camino::Utf8PathBuf;
use nix_post_build_push_config::{Need, QueueSettings, Resolution, Setting};
use queue_core::{Outcome, PushReport};

use crate::adapters::Store;
use crate::error::CommandError;
use crate::exit_codes::Exit;
use crate::message::Message;
use crate::session::{Session, now};
use crate::status::metrics::file;
use crate::status::{Looked, Measure, Subject, is_nobodys, look_silently, max_pinned, subjects};

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
    let subject = Subject {
        name: &settings.name,
        settings: Some(settings),
        metrics_file: settings.metrics_file.as_ref(),
        faults: Vec::new(),
    };
    write_of(&subject, Some(store), pinned)
}

/// Writes those of the queues that no push can take as they are configured.
pub(super) fn write_misconfigured(pushes: &Resolution, session: &Session) {
    if pushes.problems.is_empty() || pushes.problems.iter().any(is_nobodys) {
        return;
    }
    let sees = session.resolve(Need::Enqueue);
    let store = session.store(&pushes.config).ok();
    let subjects = subjects(&sees, pushes).into_iter();
    for subject in subjects.filter(|subject| !subject.faults.is_empty()) {
        // The configuration is the worse fault.
        let _ = write_of(&subject, store.as_ref(), None);
    }
}

fn write_of(subject: &Subject<'_>, store: Option<&Store>, pinned: Option<u64>) -> Exit {
    let Some(path) = subject.metrics_file else {
        return Exit::Done;
    };
    let now = now();
    // What is strange about the queue the push has said.
    let seen = store.zip(subject.settings).map(|(store, settings)| {
        let mut measure = measure(store, settings, pinned);
        look_silently(store, settings, &mut measure, now)
    });
    let looked = Looked::of(subject, seen);
    replace(path, looked, subject.name, now)
}

/// Nix is asked only where somebody has said how much is too much, and not by a push that was asked to
/// end.
fn measure(store: &Store, settings: &QueueSettings, pinned: Option<u64>) -> Measure {
    match pinned.is_none() && max_pinned(settings).is_some() && !store.is_stopped() {
        true => Measure::asking(),
        false => Measure::Known(pinned),
    }
}

fn replace(path: &Setting<Utf8PathBuf>, looked: Looked, queue: &str, now: SystemTime) -> Exit {
    match file::write(&path.value, looked, now) {
        Ok(()) => Exit::Done,
        Err(error) => {
            let text = format!("{queue}: its metrics are not up to date");
            Message::new(text).caused_by_port(&error).error();
            Exit::Failed
        }
    }
}
