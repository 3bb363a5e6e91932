//! Which files are root's.

/// What the kernel shows of an owner whom the user namespace does not know (the default of
/// `/proc/sys/kernel/overflowuid`).
const UNKNOWN: u32 = 65534;

/// Whether what belongs to `uid` is root's. In a user namespace that does not know root, such as
/// that of Nix's build sandbox, root's files show an owner that stands for everybody unknown.
#[must_use]
pub fn is_root(uid: u32) -> bool {
    uid == 0 || (uid == UNKNOWN && root_is_unknown())
}

fn root_is_unknown() -> bool {
    std::fs::read_to_string("/proc/self/uid_map").is_ok_and(|map| hides_root(&map))
}

/// Whether in a namespace with this `uid_map` the owner [`UNKNOWN`] may be root, and is no account
/// of the namespace itself.
pub(crate) fn hides_root(map: &str) -> bool {
    let ranges: Option<Vec<_>> = map.lines().map(range).collect();
    ranges.is_some_and(|ranges| {
        !ranges
            .iter()
            .any(|&(inside, outside, count)| outside == 0 || holds(inside, count, UNKNOWN.into()))
    })
}

fn holds(first: u64, count: u64, uid: u64) -> bool {
    (first..first.saturating_add(count)).contains(&uid)
}

/// `INSIDE OUTSIDE COUNT`
fn range(line: &str) -> Option<(u64, u64, u64)> {
    let mut numbers = line.split_whitespace().map(str::parse::<u64>);
    let mut next = || numbers.next()?.ok();
    Some((next()?, next()?, next()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_namespace_without_root_hides_roots_files_behind_the_unknown_owner() {
        let whole_machine = "         0          0 4294967295\n";
        let sandbox = "      1000      30001          1\n";
        let several = "0 1000 1\n1 100000 1000\n";
        let with_nobody = "0 1000 1\n1 100000 65536\n";
        assert!(!hides_root(whole_machine));
        assert!(hides_root(sandbox));
        assert!(hides_root(several));
        assert!(!hides_root(with_nobody), "65534 is an account there");
        assert!(!hides_root("nonsense"));
    }

    #[test]
    fn root_is_root_and_nobody_else_is() {
        assert!(is_root(0));
        assert!(!is_root(1000));
    }
}
