//! All that a push works with.

use nix_copy::Cancel;
use nix_post_build_push_config::QueueSettings;
use queue_core::{GarbageCollector, PortError, Push, PushState, Queue};

use crate::adapters::{Store, contents, uploader};
use crate::error::CommandError;

/// What a queue on disk and paths that were given do not have in common.
pub(super) struct Pushed<'a> {
    pub(super) queue: Queue<'a>,
    pub(super) leaving: Queue<'a>,
    pub(super) collector: &'a dyn GarbageCollector,
    pub(super) state: &'a dyn PushState,
}

impl Pushed<'_> {
    /// Does something with all that a push with these settings works with.
    pub(super) fn with_push<T>(
        &self,
        store: &Store,
        settings: &QueueSettings,
        stop: &Cancel,
        work: impl FnOnce(&Push<'_>) -> Result<T, PortError>,
    ) -> Result<T, CommandError> {
        let uploader = uploader(store, settings)?;
        let database = store.database_of(settings);
        let contents = contents(store, settings);
        Ok(work(&Push {
            queue: self.queue,
            leaving: self.leaving,
            collector: self.collector,
            files: &store.dir,
            database: &database,
            sizes: Some(&database),
            contents: contents.as_ref().map(|contents| contents as _),
            uploader: &uploader,
            state: self.state,
            clock: &SystemClock,
            cancelled: &|| stop.is_cancelled(),
        })?)
    }
}

/// The system's time.
struct SystemClock;

impl queue_core::Clock for SystemClock {
    fn now(&self) -> std::time::SystemTime {
        std::time::SystemTime::now()
    }
}
