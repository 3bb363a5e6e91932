//! Who watches a push.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use nix_copy::{Cancel, NixUploader};
use queue_core::PushEvent;

use super::painter::{Painter, Slot};
use super::queue::QueueProgress;
use super::shown::Shown;
use crate::message::Message;

/// Shows how far the pushes of some queues are, until it is dropped.
pub(crate) struct Watch {
    shown: Shown,
    painter: Option<Painter>,
}

impl Watch {
    /// `stop` asks the pushes to end, which is shown as well.
    pub(crate) fn begin(shown: Shown, stop: &Cancel) -> Self {
        let painter = match shown {
            Shown::Bars => Painter::begin(stop.clone()),
            Shown::Lines | Shown::Nothing => None,
        };
        Self { shown, painter }
    }

    /// The push of this queue begins.
    pub(crate) fn queue(&self, name: &str) -> Watched {
        let progress = QueueProgress::new(name, Instant::now());
        let slot = Arc::new(Mutex::new(Some(progress)));
        if let Some(painter) = &self.painter {
            painter.add(Arc::clone(&slot));
        }
        Watched {
            shown: self.shown,
            slot,
        }
    }
}

/// The push of one queue, until this is dropped.
pub(crate) struct Watched {
    shown: Shown,
    slot: Slot,
}

impl Watched {
    /// Takes what the push tells; says what is to be said of it.
    pub(crate) fn note(&self, event: &PushEvent<'_>) {
        if self.shown == Shown::Nothing {
            return;
        }
        let mut slot = lock(&self.slot);
        let Some(queue) = slot.as_mut() else { return };
        let (name, batch) = (queue.name.clone(), queue.note(event, Instant::now()));
        drop(slot);
        if let (Some(batch), Shown::Lines) = (batch, self.shown) {
            Message::of_queue(&name, batch.line()).info();
        }
    }

    /// The uploader of this queue, which tells how far it is if somebody wants to know.
    #[must_use]
    pub(crate) fn uploader(&self, uploader: NixUploader) -> NixUploader {
        let slot = Arc::clone(&self.slot);
        let tell = move |event: &nix_copy::UploadEvent| {
            if let Some(queue) = lock(&slot).as_mut() {
                queue.upload(event);
            }
        };
        match self.shown {
            Shown::Nothing => uploader,
            // No process is started for a line.
            Shown::Lines => uploader.with_progress(tell),
            Shown::Bars => uploader.with_progress(tell).with_sizes(),
        }
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        *lock(&self.slot) = None;
    }
}

/// What is in there is whole, whoever panicked.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
