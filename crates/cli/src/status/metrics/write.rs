//! Families as text.

use std::fmt::Write;

use super::PREFIX;
use super::families::{Family, FamilyKind, Sample};

/// How it is written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// `OpenMetrics` 1.0.
    OpenMetrics,
    /// Prometheus' own older text format, version 0.0.4.
    Prometheus,
}

impl Format {
    /// What stands behind `# TYPE`: the name there, and the word for the kind.
    fn head(self, family: &Family) -> (String, &'static str) {
        match (self, family.kind) {
            (_, FamilyKind::Gauge) => (family.base(), "gauge"),
            (Self::OpenMetrics, FamilyKind::Counter) => (family.base(), "counter"),
            (Self::OpenMetrics, FamilyKind::Info) => (family.base(), "info"),
            (Self::Prometheus, FamilyKind::Counter) => (family.sample_name(), "counter"),
            // It knows no such kind.
            (Self::Prometheus, FamilyKind::Info) => (family.sample_name(), "gauge"),
        }
    }
}

impl Family {
    fn base(&self) -> String {
        match self.name {
            "" => PREFIX.to_owned(),
            name => format!("{PREFIX}_{name}"),
        }
    }

    fn sample_name(&self) -> String {
        let base = self.base();
        match self.kind {
            FamilyKind::Gauge => base,
            FamilyKind::Counter => base + "_total",
            FamilyKind::Info => base + "_info",
        }
    }
}

pub(super) fn text(families: &[Family], format: Format) -> String {
    let mut text = String::new();
    for family in families {
        let (name, kind) = format.head(family);
        let _ = writeln!(text, "# TYPE {name} {kind}");
        if let Some(unit) = family.unit.filter(|_| format == Format::OpenMetrics) {
            let _ = writeln!(text, "# UNIT {name} {unit}");
        }
        let _ = writeln!(text, "# HELP {name} {}", family.help);
        let name = family.sample_name();
        for sample in &family.samples {
            let _ = writeln!(text, "{name}{{{}}} {}", labels(sample), sample.value);
        }
    }
    if format == Format::OpenMetrics {
        text.push_str("# EOF\n");
    }
    text
}

fn labels(sample: &Sample) -> String {
    let labels = sample.labels.iter();
    let labels: Vec<_> = labels
        .map(|(name, value)| format!("{name}=\"{}\"", escaped(value)))
        .collect();
    labels.join(",")
}

/// As both formats want it in the value of a label.
fn escaped(value: &str) -> String {
    value
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}
