//! The contract of [`DrainTime`].

use std::time::Duration;

use crate::DrainTime;

const A_DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// What every [`DrainTime`] does. `limited` has some time left, which the contract waits for, the
/// other any; nothing is enqueued meanwhile.
pub fn drain_time(limited: &dyn DrainTime, unlimited: &dyn DrainTime) {
    assert_eq!(unlimited.left(), None, "it has any time");
    unlimited.wait(Duration::ZERO);
    assert_eq!(unlimited.left(), None);

    let left = || limited.left().expect("it stays limited");
    let mut before = left();
    assert!(!before.is_zero(), "the contract begins with some time left");
    while !before.is_zero() {
        // No longer than what is left; it may come back before that.
        limited.wait(A_DAY);
        let now = left();
        assert!(now <= before, "what is left only becomes less");
        before = now;
    }
    limited.wait(A_DAY);
    assert!(left().is_zero(), "what is over stays over");
    assert!(!limited.more(), "nothing comes when the time is over");
}
