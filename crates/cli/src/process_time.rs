//! When a process of somebody else's began, as far as `/proc` shows it.

use std::time::{Duration, SystemTime};

use rustix::time::{ClockId, clock_gettime};

/// When a process began, no more than a hundredth of a second too late; `None` when it is gone.
pub(crate) fn started(pid: i32) -> Option<SystemTime> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // Both at once: what lies between would count as its age.
    let (now, since_boot) = (SystemTime::now(), clock_gettime(ClockId::Boottime));
    let since_boot = Duration::new(
        u64::try_from(since_boot.tv_sec).ok()?,
        u32::try_from(since_boot.tv_nsec).ok()?,
    );
    let age = since_boot.checked_sub(start(&stat)?)?;
    now.checked_sub(age)
}

/// The 22nd field, in hundredths of a second: what the kernel tells is in units of `USER_HZ`, which
/// is 100 on all machines that Nix knows.
fn start(stat: &str) -> Option<Duration> {
    // The name, in parentheses, may have anything in it.
    let (_, fields) = stat.rsplit_once(')')?;
    let ticks: u64 = fields.split_whitespace().nth(19)?.parse().ok()?;
    // Rounded up: what was written just before it began is not to seem newer.
    Some(Duration::from_millis(
        ticks.checked_add(1)?.checked_mul(10)?,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_blanks_and_parentheses_does_not_shift_the_fields() {
        let fields: Vec<_> = (3..30).map(|n| n.to_string()).collect();
        let stat = format!("7 (a) b (c) {}", fields.join(" "));
        assert_eq!(start(&stat), Some(Duration::from_millis(230)));
        assert_eq!(start("nonsense"), None);
    }
}
