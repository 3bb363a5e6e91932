//! Amounts of store, for people.

use std::fmt;

/// A number of bytes. `Display` rounds it to a unit that people can compare.
///
/// ```
/// use queue_core::Bytes;
/// assert_eq!(Bytes(999).to_string(), "999 B");
/// assert_eq!(Bytes(1536).to_string(), "1.5 KiB");
/// assert_eq!(Bytes(50 << 30).to_string(), "50.0 GiB");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bytes(pub u64);

const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fits = |power: &usize| self.0 >= 1 << (10 * power);
        let Some(power) = (1..=UNITS.len()).rev().find(fits) else {
            return write!(f, "{} B", self.0);
        };
        let tenths = u128::from(self.0) * 10 / (1 << (10 * power));
        write!(f, "{}.{} {}", tenths / 10, tenths % 10, UNITS[power - 1])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_amount_has_a_unit() {
        assert_eq!(Bytes(u64::MAX).to_string(), "15.9 EiB");
        assert_eq!(Bytes(0).to_string(), "0 B");
        assert_eq!(Bytes((1 << 20) - 1).to_string(), "1023.9 KiB");
    }
}
