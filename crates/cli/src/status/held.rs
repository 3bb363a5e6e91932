//! How much of the store a queue keeps from being collected as garbage.

use std::collections::BTreeMap;
use std::time::Duration;

use queue_core::{Pinned, PortError, StorePath, StoreSizes};

use crate::adapters::Store;
use crate::message::Message;
use crate::view::QueueView;

/// Whoever looks at a queue wants to know of the rest even if Nix does not answer.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// What is known of it.
#[derive(Clone, Default)]
pub(crate) struct Held {
    /// Bytes of store; `None` if that is not known.
    pub bytes: Option<u64>,
    /// Why Nix cannot be asked.
    pub error: Option<String>,
    /// The size of the store's file system in bytes; `None` if nobody wants to know.
    pub file_system: Option<u64>,
}

/// What Nix said of the entries that the queues had: as long as they have the same ones, that holds.
#[derive(Default)]
pub(crate) struct HeldCache(BTreeMap<String, (Vec<StorePath>, Held)>);

impl HeldCache {
    /// Asks Nix, unless nothing is queued, or the same as when it was last asked.
    pub(super) fn held(&mut self, view: &QueueView, store: &Store, queue: &str) -> Held {
        let paths: Vec<_> = view.present().cloned().collect();
        if let Some((known, held)) = self.0.get(queue)
            && *known == paths
            && held.error.is_none()
        {
            return held.clone();
        }
        let held = Held::by(&paths, store);
        self.0.insert(queue.to_owned(), (paths, held.clone()));
        held
    }
}

impl Held {
    /// What somebody else found.
    pub(super) fn known(bytes: Option<u64>) -> Self {
        Self {
            bytes,
            ..Self::default()
        }
    }

    fn by(paths: &[StorePath], store: &Store) -> Self {
        match bytes(paths, store) {
            Ok(0) => Self::known(Some(0)),
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
}

fn bytes(paths: &[StorePath], store: &Store) -> Result<u64, PortError> {
    if paths.is_empty() {
        return Ok(0);
    }
    let closure = store.database_within(PATIENCE).closure(paths)?;
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
