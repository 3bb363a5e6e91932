//! Whether who pushes can leave the file for Prometheus.

use std::io;

use camino::Utf8Path;
use nix_post_build_push_config::QueueSettings;
use ownership::quoted;

use super::account;
use super::finding::{Check, Finding};
use super::kind::Kind;
use super::queue::writable;

/// What there is to say of the metrics file of a queue that has one.
pub(super) fn check(settings: &QueueSettings) -> Option<Finding> {
    let file = &settings.metrics_file.as_ref()?.value;
    let directory = file.parent()?;
    let who = account::own_name();
    Some(match writable(directory) {
        Ok(()) => Finding::ok(Check::Metrics, format!("{who} can write {file}")),
        Err(error) => Finding::of(
            Kind::MetricsNotWritable,
            format!("{who} cannot write {file}"),
        )
        .caused_by(&error)
        .fix(fix(&error, directory, &who)),
    })
}

/// What is there may be the node exporter's: it is not given away.
fn fix(error: &io::Error, directory: &Utf8Path, who: &str) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => format!(
            "sudo install -d -o {} {}",
            quoted(who),
            quoted(directory.as_str())
        ),
        _ => format!(
            "set `metrics-file` to one in a directory of {who}'s, have the node exporter read that, and \
             name it in ReadWritePaths= of the unit that pushes"
        ),
    }
}
