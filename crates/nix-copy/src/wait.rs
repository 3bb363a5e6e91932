//! Waiting for a condition in tests.

use std::time::{Duration, Instant};

/// Far more than any condition needs on a busy machine.
const DEADLINE: Duration = Duration::from_secs(60);

/// Waits until `probe` finds something.
///
/// # Panics
///
/// After a minute, naming `what` it waited for.
#[track_caller]
pub(crate) fn wait_for<T>(what: &str, mut probe: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = probe() {
            return found;
        }
        assert!(begun.elapsed() < DEADLINE, "waited in vain for {what}");
        std::thread::yield_now();
    }
}
