//! All that a push works with.

use nix_post_build_push_config::QueueSettings;
use queue_core::{GarbageCollector, PortError, Push, PushState, Queue};

use super::Work;
use crate::adapters::{contents, uploader};
use crate::error::CommandError;
use crate::progress::Watched;

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
        work: &Work<'_>,
        settings: &QueueSettings,
        watched: &Watched,
        push: impl FnOnce(&Push<'_>) -> Result<T, PortError>,
    ) -> Result<T, CommandError> {
        let Work { store, stop, .. } = *work;
        let uploader = watched.uploader(uploader(store, settings)?);
        let database = store.database_of(settings);
        let contents = contents(store, settings);
        Ok(push(&Push {
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
