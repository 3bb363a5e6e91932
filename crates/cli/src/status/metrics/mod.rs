//! How the queues are doing, for Prometheus: one list of families, two ways to write it.
//!
//! `OpenMetrics` 1.0 names a counter without `_total` in its `TYPE` and `HELP`, wants `UNIT` and ends
//! with `# EOF`; in the older text format (version 0.0.4, which the node exporter's textfile
//! collector and `promtool check metrics` read) the name there is that of the sample. No text is
//! right in both: the older parser takes a counter without `_total` in its `TYPE` for one of another
//! name, and its samples for untyped ones.

mod families;
pub(crate) mod file;
mod measured;
mod write;

use self::write::Format;
use super::Looked;

/// The beginning of all names.
pub(crate) const PREFIX: &str = "nix_post_build_push";

/// In `OpenMetrics` 1.0.
pub(crate) fn openmetrics(queues: &[Looked]) -> String {
    write::text(&families::of(queues, None), Format::OpenMetrics)
}
