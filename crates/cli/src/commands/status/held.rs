//! How much of the store a queue keeps from being collected as garbage.

use std::time::Duration;

use nix_post_build_push_config::QueueSettings;
use queue_core::{Bytes, Pinned, PortError, StorePath, StoreSizes, is_much};

use crate::adapters::Store;
use crate::message::Message;
use crate::view::QueueView;

/// Whoever looks at a queue wants to know of the rest even if Nix does not answer.
const TOTAL_TIME: Duration = Duration::from_secs(30);

/// What is known of it.
#[derive(Default)]
pub(super) struct Held {
    /// Bytes of store; `None` if Nix cannot be asked.
    pub bytes: Option<u64>,
    /// Why it cannot.
    pub error: Option<String>,
    /// The size of the store's file system in bytes; `None` if nobody wants to know.
    pub file_system: Option<u64>,
}

impl Held {
    /// Asks Nix, unless nothing is queued.
    pub(super) fn by(view: &QueueView, store: &Store) -> Self {
        let present = view.entries.iter().filter(|entry| !entry.is_absent());
        let paths: Vec<_> = present.map(|entry| entry.entry.path.clone()).collect();
        match bytes(&paths, store) {
            Ok(0) => Self {
                bytes: Some(0),
                ..Self::default()
            },
            Ok(bytes) => Self {
                bytes: Some(bytes),
                error: None,
                file_system: file_system(store),
            },
            Err(error) => Self {
                error: Some(error.chain()),
                ..Self::default()
            },
        }
    }

    /// Warns of a queue that fills the disk, where no limit says how much is too much.
    pub(super) fn warn(&self, settings: &QueueSettings) {
        let (Some(held), Some(size)) = (self.bytes, self.file_system) else {
            return;
        };
        if settings.limits.max_pinned.is_some() || !is_much(held, size) {
            return;
        }
        let name = &settings.name;
        let (held, size) = (Bytes(held), Bytes(size));
        let text = format!(
            "the queue keeps {held} of the store alive, more than a tenth of its file system \
             ({size})"
        );
        Message::of_queue(name, text)
            .hint("`push` it, `drop` what is not wanted, or set `max-pinned` in its table `limits`")
            .warning();
    }
}

fn bytes(paths: &[StorePath], store: &Store) -> Result<u64, PortError> {
    if paths.is_empty() {
        return Ok(0);
    }
    let closure = store.database_within(TOTAL_TIME).closure(paths)?;
    Ok(Pinned::new(&closure).bytes(paths))
}

fn file_system(store: &Store) -> Option<u64> {
    let stat = rustix::fs::statvfs(store.dir.as_path().as_str());
    let size = stat.map(|stat| stat.f_blocks.saturating_mul(stat.f_frsize));
    let failed = |error: &rustix::io::Errno| {
        let error = std::io::Error::from(*error);
        let error = PortError::new("see the file system of", store.dir.as_path(), error);
        Message::from(&error).warning();
    };
    size.inspect_err(failed).ok()
}
