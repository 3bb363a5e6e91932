//! Amounts of storage, as files have them.

use std::fmt;
use std::str::FromStr;

/// A number of bytes. Reads `50GiB`, `500 MB` or `4096`, in any case; shows itself so that it
/// reads back to the very same number.
///
/// ```
/// use nix_post_build_push_config::ByteSize;
/// let size: ByteSize = "50GiB".parse()?;
/// assert_eq!(size, ByteSize(50 * 1024 * 1024 * 1024));
/// assert_eq!(size.to_string(), "50GiB");
/// # Ok::<(), nix_post_build_push_config::ByteSizeError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ByteSize(pub u64);

/// Why a text is no amount of storage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ByteSizeError {
    /// It is not a whole number with a unit.
    #[error("not a size")]
    Malformed,
    /// It is more than 16 EiB.
    #[error("too large")]
    TooLarge,
}

/// Decimal and binary, the largest first. `G` alone means either, depending on whom one asks:
/// it is not among them.
const UNITS: [(&str, u64); 9] = [
    ("TiB", 1 << 40),
    ("TB", 1_000_000_000_000),
    ("GiB", 1 << 30),
    ("GB", 1_000_000_000),
    ("MiB", 1 << 20),
    ("MB", 1_000_000),
    ("KiB", 1 << 10),
    ("kB", 1000),
    ("B", 1),
];

impl FromStr for ByteSize {
    type Err = ByteSizeError;

    fn from_str(text: &str) -> Result<Self, ByteSizeError> {
        let text = text.trim();
        let end = text.find(|c: char| !c.is_ascii_digit());
        let (digits, unit) = text.split_at(end.unwrap_or(text.len()));
        if digits.is_empty() {
            return Err(ByteSizeError::Malformed);
        }
        let unit = match unit.trim_start() {
            "" => 1,
            unit => factor(unit).ok_or(ByteSizeError::Malformed)?,
        };
        let number = digits.parse::<u64>().ok();
        let bytes = number.and_then(|number| number.checked_mul(unit));
        bytes.map(Self).ok_or(ByteSizeError::TooLarge)
    }
}

fn factor(unit: &str) -> Option<u64> {
    let found = UNITS
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(unit));
    found.map(|(_, factor)| *factor)
}

impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = |(_, factor): &&(&str, u64)| self.0 != 0 && self.0.is_multiple_of(*factor);
        match UNITS.iter().find(whole) {
            Some((unit, factor)) => write!(f, "{}{unit}", self.0 / factor),
            None => write!(f, "{}B", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Result<u64, ByteSizeError> {
        text.parse().map(|ByteSize(bytes)| bytes)
    }

    #[test]
    fn units_are_decimal_or_binary_and_none_is_bytes() {
        assert_eq!(read("500MB"), Ok(500_000_000));
        assert_eq!(read(" 2 kib "), Ok(2048));
        assert_eq!(read("7"), Ok(7));
        assert_eq!(read("0B"), Ok(0));
        assert_eq!(read("18446744073709551615"), Ok(u64::MAX));
    }

    #[test]
    fn what_is_no_size_is_refused() {
        use ByteSizeError::{Malformed, TooLarge};
        for text in [
            "", "GiB", "-1", "+1", "1.5GiB", "50G", "1 GiB x", "0x10", "1GiB2", "5 é",
        ] {
            assert_eq!(read(text), Err(Malformed), "{text}");
        }
        for text in [
            "18446744073709551616",
            "16777216TiB",
            "99999999999999999999TB",
        ] {
            assert_eq!(read(text), Err(TooLarge), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_shown_reads_back(number in 0..5000u64, unit in 0..UNITS.len(), any: u64) {
            for bytes in [number.saturating_mul(UNITS[unit].1), any] {
                prop_assert_eq!(read(&ByteSize(bytes).to_string()), Ok(bytes));
            }
        }

        #[test]
        fn no_text_makes_it_panic(text in "[0-9a-zA-Zéµ. ]{0,12}|\\PC{0,8}") {
            let _ = read(&text);
        }
    }
}
