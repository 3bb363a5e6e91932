//! What an adapter of a port must do, as functions that a test calls.
//!
//! Each takes what the adapter's test set up: an empty queue, a state that no
//! push used yet. Where a port may be used from many processes, it takes two
//! adapters that see the same thing.
//!
//! ```
//! use queue_core::testing::{World, contract};
//!
//! let world = World::default();
//! let (one, other) = (world.process(), world.process());
//! contract::queue_directory(&one.queue(0).directory, &other.queue(0).directory);
//! ```
//!
//! # Panics
//!
//! All of them panic, with what is wrong, when the adapter does not keep its
//! contract or fails.
//!
//! What only a crash shows (that a flushed entry survives, that a lock ends with
//! its process) is not tried here.

mod collector;
mod directory;
mod drain;
mod limits;
mod roots;
mod state;
mod store;
mod uploader;

pub use collector::{garbage_collector, protection};
pub use directory::queue_directory;
pub use drain::drain_time;
pub use limits::limit_state;
pub use roots::gc_roots;
pub use state::push_state;
pub use store::{Contents, store_contents, store_database, store_files, store_sizes};
pub use uploader::uploader;

use crate::StorePath;

/// A store path with that name; it need not exist.
#[must_use]
fn path(name: &str) -> StorePath {
    let text = format!("v3ygr25lms4hdmxwa8h14sjv6km1l8cz-{name}");
    text.parse().expect("a store path")
}

/// What an adapter gave, which must not have failed.
#[track_caller]
fn done<T, E: std::error::Error>(what: &str, result: Result<T, E>) -> T {
    result.unwrap_or_else(|error| panic!("{what}: {}", crate::error::chain(&error)))
}
