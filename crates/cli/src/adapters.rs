//! Opens what the configuration names: this machine's store, and the queues.
//!
//! Both programs use this module. Opening starts no process, and it needs neither clap nor
//! tracing.

mod cores;
mod deadline;
mod limits;
mod push;
mod queue;
mod roots;
mod store;
mod timed_roots;
mod upload;

pub use deadline::Deadline;
pub use limits::{OPENED_BY, refusal_hint};
pub use push::{push_options, retry_policy};
pub use queue::OpenQueue;
pub use store::Store;
pub use upload::{closure, contents, exposure, uploader};
