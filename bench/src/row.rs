//! A row of the table: what is measured, and what it must reach.

use std::fmt;

use crate::quantity::{Quantity, grouped};

/// A row of the table.
pub(crate) struct Row {
    /// How it is called on a command line.
    pub(crate) name: &'static str,
    /// What ours does.
    pub(crate) work: &'static str,
    /// What is measured beside it, in the same run.
    pub(crate) compared_with: &'static str,
    /// What is measured of it, in the order in which `measure` returns it.
    pub(crate) aims: &'static [Aim],
    /// Measures it.
    pub(crate) measure: fn(&crate::Bench) -> Vec<Measured>,
}

/// One thing that is measured in a row.
pub(crate) struct Aim {
    /// Which of the row's figures; empty for the one that the row is about.
    pub(crate) what: &'static str,
    /// What it must reach.
    pub(crate) reach: Reach,
}

/// What a figure must reach.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Reach {
    /// At most this many times the comparison.
    Times(f64),
    /// At most one part in this many of the comparison.
    OneIn(u32),
    /// At most this many.
    Count(f64),
    /// At most this many MiB.
    Mebibytes(u64),
    /// Nothing: it is only noted.
    Noted,
}

impl Reach {
    /// Whether a figure reaches it. What has no comparison cannot reach a ratio to it.
    pub(crate) fn is_reached_by(self, measured: &Measured) -> bool {
        let ratio = measured.ratio.map_or(f64::INFINITY, |ratio| ratio.median);
        match self {
            Reach::Times(most) => ratio <= most,
            Reach::OneIn(parts) => ratio <= 1.0 / f64::from(parts),
            Reach::Count(most) => measured.ours.number() <= most,
            Reach::Mebibytes(most) => measured.ours.number() <= (most << 20) as f64,
            Reach::Noted => true,
        }
    }
}

impl fmt::Display for Reach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reach::Times(most) => write!(f, "≤ {most}×"),
            Reach::OneIn(parts) => write!(f, "≤ 1/{parts}"),
            Reach::Count(0.0) => f.write_str("none"),
            Reach::Count(most) => write!(f, "≤ {}", grouped(*most)),
            Reach::Mebibytes(most) => write!(f, "≤ {most} MiB"),
            Reach::Noted => f.write_str("–"),
        }
    }
}

/// What was measured for an [`Aim`].
#[derive(Clone, Debug)]
pub(crate) struct Measured {
    /// What ours takes.
    pub(crate) ours: Quantity,
    /// What the comparison takes, if there is one.
    pub(crate) theirs: Option<Quantity>,
    /// Ours to theirs.
    pub(crate) ratio: Option<Ratio>,
    /// The ratio of what processors spent on both, where that is known: what else the machine does
    /// matters less to it.
    pub(crate) cpu: Option<f64>,
}

impl Measured {
    /// Of ours alone.
    pub(crate) fn alone(ours: Quantity) -> Measured {
        Measured {
            ours,
            theirs: None,
            ratio: None,
            cpu: None,
        }
    }

    /// Of ours and theirs, each measured once or the same each time.
    pub(crate) fn beside(ours: Quantity, theirs: Quantity) -> Measured {
        let ratio = ours.number() / theirs.number();
        Measured {
            ours,
            theirs: Some(theirs),
            ratio: Some(Ratio::certain(ratio)),
            cpu: None,
        }
    }
}

/// A ratio that was measured several times.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Ratio {
    /// The median.
    pub(crate) median: f64,
    /// The least.
    pub(crate) low: f64,
    /// The greatest.
    pub(crate) high: f64,
}

impl Ratio {
    fn certain(ratio: f64) -> Ratio {
        Ratio {
            median: ratio,
            low: ratio,
            high: ratio,
        }
    }

    /// Of at least one ratio.
    pub(crate) fn of(ratios: &[f64]) -> Ratio {
        let fold = |pick: fn(f64, f64) -> f64| ratios.iter().copied().reduce(pick);
        Ratio {
            median: median(ratios),
            low: fold(f64::min).expect("a ratio"),
            high: fold(f64::max).expect("a ratio"),
        }
    }
}

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Ratio { median, low, high } = *self;
        // Small ratios are compared with a fraction.
        if median < 0.2 {
            write!(f, "1/{:.0}", 1.0 / median)?;
        } else {
            write!(f, "{median:.2}×")?;
        }
        match (low == high, median < 0.2) {
            (true, _) => Ok(()),
            (false, true) => write!(f, " (1/{:.0} to 1/{:.0})", 1.0 / low, 1.0 / high),
            (false, false) => write!(f, " ({low:.2} to {high:.2})"),
        }
    }
}

/// The median of at least one number.
pub(crate) fn median(numbers: &[f64]) -> f64 {
    let mut sorted = numbers.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() % 2 {
        0 => (sorted[middle - 1] + sorted[middle]) / 2.0,
        _ => sorted[middle],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_of_ratios_decides() {
        let ratio = Ratio::of(&[3.0, 1.0, 1.2]);
        assert_eq!(ratio.to_string(), "1.20× (1.00 to 3.00)");
        let measured = Measured {
            ratio: Some(ratio),
            ..Measured::alone(Quantity::Seconds(1.0))
        };
        assert!(Reach::Times(1.2).is_reached_by(&measured));
        assert!(!Reach::Times(1.19).is_reached_by(&measured));
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), 2.5);
    }

    #[test]
    fn a_small_ratio_is_a_fraction() {
        assert_eq!(Ratio::of(&[0.02, 0.04]).to_string(), "1/33 (1/50 to 1/25)");
        let measured = Measured::beside(Quantity::Seconds(1.0), Quantity::Seconds(50.0));
        assert!(Reach::OneIn(50).is_reached_by(&measured));
        assert!(!Reach::OneIn(51).is_reached_by(&measured));
    }

    #[test]
    fn without_a_comparison_no_ratio_is_reached() {
        let measured = Measured::alone(Quantity::Bytes(64 << 20));
        assert!(!Reach::Times(9.0).is_reached_by(&measured));
        assert!(Reach::Mebibytes(64).is_reached_by(&measured));
        assert!(!Reach::Mebibytes(63).is_reached_by(&measured));
        assert_eq!(Reach::Count(200_000.0).to_string(), "≤ 200,000");
    }
}
