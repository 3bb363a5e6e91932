//! How far a push is, shown while it runs.
//!
//! What a queue's push tells ([`queue`]) becomes a line on a terminal ([`line`]), drawn anew some times a
//! second however much is told, or a line of the log for each batch ([`batch`]). What decides is pure;
//! the terminal is in [`bars`] and [`canvas`].

mod bars;
mod batch;
mod canvas;
mod columns;
mod line;
mod painter;
mod queue;
mod screen;
mod shown;
mod speed;
mod watch;

#[cfg(test)]
pub(crate) use bars::are_drawn;
pub(crate) use bars::{above, beside, forsake};
pub(crate) use shown::{Choice, Shown, Surroundings, shown};
pub(crate) use watch::{Watch, Watched};
