//! Who holds a queue's lock, without taking it: a push that begins at that moment finds it free.

use std::os::unix::fs::MetadataExt;
use std::time::SystemTime;

use camino::Utf8Path;

use crate::process_time::started;

/// A push that is at work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AtWork {
    /// Its process.
    pub(crate) pid: i32,
    /// When that began, where it can be seen.
    pub(crate) since: Option<SystemTime>,
}

/// The push that is at work on the queue in this directory, as far as the kernel tells: it says nothing
/// of one outside of our own container.
pub(crate) fn at_work(queue_dir: &Utf8Path) -> Option<AtWork> {
    let inode = std::fs::metadata(queue_dir.join(".push/lock")).ok()?.ino();
    let locks = std::fs::read_to_string("/proc/locks").ok()?;
    let pid = holder(&locks, inode)?;
    Some(AtWork {
        pid,
        since: started(pid),
    })
}

/// `1: FLOCK  ADVISORY  WRITE 1234 08:01:5678 0 EOF`. The device is not compared: over an overlay
/// it is another one.
fn holder(locks: &str, inode: u64) -> Option<i32> {
    let lines = locks
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>());
    let ours = |words: &Vec<&str>| {
        let place = words.get(5).and_then(|place| place.rsplit(':').next());
        words.get(1) == Some(&"FLOCK") && place.and_then(|inode| inode.parse().ok()) == Some(inode)
    };
    lines
        .filter(ours)
        .find_map(|words| words.get(4)?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_holder_is_found_by_the_files_number() {
        let locks = "1: POSIX  ADVISORY  WRITE 7 08:01:42 0 EOF\n\
                     2: FLOCK  ADVISORY  WRITE 8 08:01:42 0 EOF\n\
                     2: -> FLOCK  ADVISORY  WRITE 9 08:01:42 0 EOF\n";
        assert_eq!(holder(locks, 42), Some(8));
        assert_eq!(holder(locks, 43), None);
        assert_eq!(holder("nonsense", 42), None);
    }
}
