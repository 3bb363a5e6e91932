//! The bars of this process, if there are any, and what is written above them.

use std::panic::{self, AssertUnwindSafe};
use std::sync::{PoisonError, RwLock};

use indicatif::{MultiProgress, ProgressDrawTarget};

use super::canvas::{self, Canvas};

/// Messages are written wherever something happens, so it is one for all.
static BARS: RwLock<Option<MultiProgress>> = RwLock::new(None);

/// Begins to show bars; nothing is drawn before there is one.
pub(super) fn begin() -> MultiProgress {
    let canvas = Box::<Canvas>::default();
    let bars = MultiProgress::with_draw_target(ProgressDrawTarget::term_like(canvas));
    *BARS.write().unwrap_or_else(PoisonError::into_inner) = Some(bars.clone());
    bars
}

/// Removes them.
pub(super) fn end() {
    let bars = BARS.write().unwrap_or_else(PoisonError::into_inner).take();
    // What is not removed, nobody sees.
    let _ = usable(bars).map(|bars| bars.clear());
}

/// Writes something to the terminal that bars may be drawn on: they make room for it. It ends with a line
/// end.
pub(crate) fn above<T>(write: impl FnOnce() -> T) -> T {
    let bars = BARS.read().unwrap_or_else(PoisonError::into_inner).clone();
    match usable(bars) {
        // With a fault in it, who draws would find a poisoned lock, and that would be told as well.
        Some(bars) => bars
            .suspend(|| panic::catch_unwind(AssertUnwindSafe(write)))
            .unwrap_or_else(|fault| panic::resume_unwind(fault)),
        None => write(),
    }
}

/// Whether there are any on the terminal.
#[cfg(test)]
pub(crate) fn are_drawn() -> bool {
    canvas::is_drawn()
}

/// Writes something that may come to that terminal by way of another process, as with `| tee log`: bars
/// are away while it is written, and for a moment after that. Whoever reads it slowly holds up no bar, and
/// so no push.
pub(crate) fn beside<T>(write: impl FnOnce() -> T) -> T {
    canvas::pause();
    let written = write();
    canvas::pause();
    written
}

/// After a fault their lock may be poisoned, and nothing is drawn.
fn usable(bars: Option<MultiProgress>) -> Option<MultiProgress> {
    bars.filter(|_| !canvas::is_over())
}

/// Removes the bars for good, for a message about a fault of the program: locks may be held for ever.
pub(crate) fn forsake() {
    canvas::give_up();
}
