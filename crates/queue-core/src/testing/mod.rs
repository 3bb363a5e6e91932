//! A simulated world for tests, and contract tests for adapters (feature
//! `testing`).
//!
//! A [`World`] is one machine with its store, its garbage collector, its queues
//! and their destinations, in memory. A [`Process`] in it is all the ports of
//! this crate. Each call of a port is one or more [`Step`]s, and before each
//! step a script decides what happens: the process is killed, the call fails,
//! the collector runs, another process does something, the power is lost. So a
//! test can do all of that at every step there is:
//!
//! ```
//! use queue_core::testing::{Decision, World};
//! use queue_core::{PushEvent, PushOptions, StorePath, enqueue};
//!
//! let path: StorePath = "v3ygr25lms4hdmxwa8h14sjv6km1l8cz-hello".parse()?;
//! for stop in 0.. {
//!     let world = World::default();
//!     world.build(&path, &[]);
//!     let hook = world.scripted(|step| {
//!         if step.number == stop { Decision::Stop } else { Decision::GoOn }
//!     });
//!     let _ = enqueue(&[hook.queue(0).queue()], &hook, &hook, &[path.clone()]);
//!     if !hook.is_dead() {
//!         break; // It has fewer steps than that.
//!     }
//!     // Killed anywhere, then the power is lost in any way: an entry is there or not,
//!     // and the next push copes with either.
//!     for world in world.power_losses() {
//!         let next = world.process();
//!         let report = next.queue(0).push(&PushOptions::default(), &mut |_: &PushEvent<'_>| {})?;
//!         assert!(report.problems.is_empty() && world.queued(0).is_empty());
//!     }
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! What it assumes:
//!
//! - Operations on one name in one directory reach the medium in their order;
//!   those on two names in any order, until the directory is flushed.
//! - A call that fails did either nothing or all of it.
//! - What the store itself does (builds, deletions, its database) is durable at
//!   once, and what arrived at a destination stays there.
//! - The collector looks for roots in one moment, and deletes in one moment,
//!   later. Somebody told it a path in between: then it keeps that.
//! - Contents are compared in one moment, all that goes along.
//! - Time passes in the waits of a drain, and nowhere else unless a script says
//!   so.
//!
//! What it leaves out: that a directory for the push or for counts may not be
//! there (making the latter is a step, which may fail), what a killed process leaves of a file
//! that was to replace another one, and a count that is written in part.

mod collector;
pub mod contract;
mod destination;
mod drain;
mod limits;
mod names;
mod ports;
mod power;
mod process;
mod store;
mod world;

pub use destination::{Destination, Health};
pub use drain::SimDrainTime;
pub use limits::SimLimitState;
pub use ports::{QueuePorts, SimGcRoots, SimPushState, SimQueueDirectory, SimUploader};
pub use process::{Decision, Process, Script, Step};
pub use world::{Rooting, World};
