//! The port to time.

use std::time::SystemTime;

/// Tells the time. It may step in either direction; a push copes with that.
pub trait Clock {
    /// Now.
    fn now(&self) -> SystemTime;
}

/// A fixed instant is a clock, for tests and for callers that took the time.
impl Clock for SystemTime {
    fn now(&self) -> SystemTime {
        *self
    }
}
