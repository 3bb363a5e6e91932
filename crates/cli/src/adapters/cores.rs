//! How many cores Nix believes in.

use std::fs;
use std::num::NonZeroUsize;
use std::thread;

/// Those that are online, as for the C++ that Nix is written in: neither what this
/// process may use of them nor a quota counts, or several copies would make many
/// more uploads than meant.
pub(super) fn cores() -> NonZeroUsize {
    let online = fs::read_to_string("/sys/devices/system/cpu/online");
    let online = online.ok().and_then(|list| count(&list));
    let usable = || thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    online.unwrap_or_else(usable)
}

/// The kernel's `0-3,6`.
fn count(list: &str) -> Option<NonZeroUsize> {
    let mut cores: usize = 0;
    for range in list.trim_end().split(',') {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let (first, last): (usize, usize) = (first.parse().ok()?, last.parse().ok()?);
        cores = cores
            .checked_add(last.checked_sub(first)?)?
            .checked_add(1)?;
    }
    NonZeroUsize::new(cores)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_and_single_cores_are_counted() {
        let count = |list| count(list).map(NonZeroUsize::get);
        assert_eq!(count("0\n"), Some(1));
        assert_eq!(count("0-63\n"), Some(64));
        assert_eq!(count("0-3,6,8-9\n"), Some(7));
        for nonsense in ["", "\n", "x", "3-1", "0-", "0-18446744073709551615"] {
            assert_eq!(count(nonsense), None, "{nonsense:?}");
        }
    }

    #[test]
    fn there_is_one_at_least() {
        assert!(cores().get() >= 1);
    }
}
