//! A durable queue of Nix store paths, and the push that empties it.
//!
//! Something that must not wait (Nix's `post-build-hook`) *enqueues* store
//! paths: one symlink per path in a queue directory, registered as a garbage
//! collector root. Something that may take its time *pushes* the queue to a
//! destination and removes what arrived. This crate holds every decision in
//! between: what an entry is, in which order things become durable, what is
//! retried when, which path is to blame when a batch fails.
//!
//! It starts no process, reads neither the environment nor a configuration nor
//! a clock (but a stopwatch, for what is said to a collector), and prints
//! nothing. Of the process that it is in it knows the account alone: whose files it
//! believes is judged by the effective user, and by what `/proc/self/uid_map` says of
//! root. What it needs from the world comes in through small traits, the
//! *ports*; the adapters for a real file system sit beside them.
//!
//! | port | what it answers | adapter here |
//! | --- | --- | --- |
//! | [`QueueDirectory`] | which paths are queued | [`FsQueueDirectory`] |
//! | [`GcRoots`] | which entries hold their path against the collector | [`AutoRoots`], [`InsideGcRoots`], [`NoRoots`] |
//! | [`GarbageCollector`] | how to add roots while it may be running | [`LocalGc`] |
//! | [`StoreFiles`] | is a store object on disk | [`StoreDir`] |
//! | [`StoreDatabase`] | which paths are not valid | |
//! | [`StoreContents`] | which entries are damaged | |
//! | [`Uploader`] | copy to the destination | |
//! | [`PushState`] | the push's lock and ledger | [`FsPushState`] |
//! | [`LimitState`] | whether a limited queue takes what is new | [`FsQueueDirectory`] |
//! | [`StoreSizes`] | how large what entries hold is | |
//! | [`Clock`] | what time is it | |
//! | [`DrainTime`] | how long a drain may take, and waiting | |
//!
//! What is done with them: [`enqueue`] adds entries, [`Push`] copies them away,
//! [`drop_entries`] takes out what nobody wants any more, [`retry_entries`] has
//! the next push try what failed, and [`remove`] takes out entries and nothing
//! else.
//!
//! With the feature `testing`, the module `testing` has all of them in memory: a
//! simulated world in which processes are killed, calls fail, the power is lost
//! and a collector runs, each at any step; and contract tests for adapters of
//! one's own.
//!
//! # Embedding
//!
//! A queue in a directory of its own, with an uploader and a clock of the
//! reader's own:
//!
//! ```
#![doc = include_str!("../examples/embed.rs")]
//! ```

mod admission;
mod auto_roots;
mod base32;
mod batch;
mod bytes;
mod clock;
mod contents;
pub mod derivation;
mod drop_entries;
mod enqueue;
mod error;
mod fs_leaving;
mod fs_limit_state;
mod fs_push_state;
mod fs_queue_directory;
#[cfg(test)]
mod fuzz;
mod garbage_collector;
mod gc_roots;
mod gc_socket;
mod ledger;
mod ledger_text;
mod limit_state;
mod limits;
mod local_gc;
mod open_directory;
mod pinned;
mod push;
mod push_state;
mod queue_directory;
mod remove;
mod retry;
mod retry_entries;
mod room;
mod sizes;
mod store;
mod store_dir;
mod store_path;
#[cfg(feature = "testing")]
pub mod testing;
mod totals;
mod uploader;
mod way;

pub use auto_roots::{AutoRoots, auto_root_name};
pub use batch::Splitter;
pub use bytes::Bytes;
pub use clock::Clock;
pub use contents::{Damage, StoreContents};
pub use drop_entries::{DropReport, drop_entries};
pub use enqueue::{EnqueueReport, QueueReport, enqueue};
pub use error::PortError;
pub use fs_leaving::FsLeaving;
pub use fs_limit_state::Tally;
pub use fs_push_state::FsPushState;
pub use fs_queue_directory::FsQueueDirectory;
pub use garbage_collector::{GarbageCollector, GcSection, Protection};
pub use gc_roots::{GcRoots, InsideGcRoots, NoRoots};
pub use ledger::{Failures, LastPush, Ledger};
pub use ledger_text::{LedgerError, LedgerFault};
pub use limit_state::{LimitAction, LimitState, LimitsWithState};
pub use limits::{Beyond, Limit, Limits, is_much};
pub use local_gc::LocalGc;
pub use pinned::Pinned;
pub use push::{
    DrainEnd, DrainReport, DrainTime, EntryState, FailedEntry, NextTry, Outcome, Plan, Push,
    PushEvent, PushObserver, PushOptions, PushReport, plan,
};
pub use push_state::{PushLock, PushState};
pub use queue_directory::{Entry, Foreign, Insertion, Listing, Queue, QueueDirectory, Removal};
pub use remove::{RemoveReport, remove};
pub use retry::RetryPolicy;
pub use retry_entries::{RetryReport, retry_entries};
pub use sizes::{StoreObject, StoreSizes};
pub use store::{StoreDatabase, StoreFiles};
pub use store_dir::{StoreDir, StoreDirError};
pub use store_path::{ParseStorePathError, StorePath};
pub use totals::{PushEnd, Totals};
pub use uploader::{UploadError, UploadErrorKind, UploadWarning, Uploader};
pub use way::BehindSymlink;
