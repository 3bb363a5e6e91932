//! What is measured, with its unit.

use std::fmt;

/// A measured quantity.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Quantity {
    /// Wall time, in seconds.
    Seconds(f64),
    /// How many, of what the figure says.
    Count(f64),
    /// Memory.
    Bytes(u64),
}

impl Quantity {
    /// The number in its base unit: seconds, a count, bytes.
    pub(crate) fn number(self) -> f64 {
        match self {
            Quantity::Seconds(number) | Quantity::Count(number) => number,
            Quantity::Bytes(bytes) => bytes as f64,
        }
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Quantity::Seconds(s) if s < 1e-4 => write!(f, "{:.1} µs", s * 1e6),
            Quantity::Seconds(s) if s < 1e-3 => write!(f, "{:.0} µs", s * 1e6),
            Quantity::Seconds(s) if s < 0.1 => write!(f, "{:.2} ms", s * 1e3),
            Quantity::Seconds(s) if s < 1.0 => write!(f, "{:.0} ms", s * 1e3),
            Quantity::Seconds(s) => write!(f, "{s:.2} s"),
            Quantity::Count(count) => f.write_str(&grouped(count)),
            Quantity::Bytes(bytes) => write!(f, "{:.1} MiB", bytes as f64 / f64::from(1 << 20)),
        }
    }
}

/// A count for people: `200,000`, and `3.02` where it is no whole number.
pub(crate) fn grouped(count: f64) -> String {
    if count.fract() != 0.0 {
        return format!("{count:.2}");
    }
    let digits = format!("{count:.0}");
    let mut grouped = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_the_unit_that_suits_it() {
        for (quantity, text) in [
            (Quantity::Seconds(0.000_512), "512 µs"),
            (Quantity::Seconds(0.001_5), "1.50 ms"),
            (Quantity::Seconds(0.25), "250 ms"),
            (Quantity::Seconds(12.345), "12.35 s"),
            (Quantity::Count(7.0), "7"),
            (Quantity::Count(999.0), "999"),
            (Quantity::Count(1_234_567.0), "1,234,567"),
            (Quantity::Count(3.018), "3.02"),
            (Quantity::Bytes(3 << 19), "1.5 MiB"),
        ] {
            assert_eq!(quantity.to_string(), text);
        }
    }
}
