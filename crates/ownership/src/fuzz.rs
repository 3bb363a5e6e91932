//! Any input for every parser of this crate.

use ::fuzz::{fuzz, text_like};
use proptest::prelude::*;

use crate::root::hides_root;

#[test]
fn any_map_of_user_ids() {
    let maps = text_like(&[
        "         0          0 4294967295\n",
        "      1000      30001          1\n",
        "0 1000 1\n1 100000 65536\n",
    ]);
    fuzz("map of user ids", maps, |map| {
        // A line that is not understood may be the one that knows root.
        let understood = |line: &str| {
            let mut numbers = line.split_whitespace().map(str::parse::<u64>);
            (0..3).all(|_| matches!(numbers.next(), Some(Ok(_))))
        };
        prop_assert!(!hides_root(&map) || map.lines().all(understood));
        // Nor does a map hide root where it has an account behind the owner of what is unknown.
        let with_unknown = format!("{map}\n65534 1 1\n");
        prop_assert!(!hides_root(&with_unknown));
        Ok(())
    });
}
