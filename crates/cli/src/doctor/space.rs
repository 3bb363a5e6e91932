//! How much of the store a queue keeps, and how much room there is.

use std::io;

use nix_copy::NixSettings;
use queue_core::Bytes;
use rustix::fs::{StatVfs, statvfs};

use super::file_system::available;
use super::finding::{Check, Finding};
use super::kind::Kind;
use super::machine::Machine;
use super::reasons;
use crate::status::{self, QueueStatus};

/// What there is to say of the store's file system, and of what a queue keeps in it.
pub(super) fn check(machine: &Machine<'_>, status: &QueueStatus) -> Vec<Finding> {
    let space = match statvfs(machine.store.dir.as_path().as_str()) {
        Ok(space) => space,
        Err(error) => {
            let text = "the file system of the store cannot be looked at";
            let finding = Finding::of(Kind::SpaceUnknown, text);
            return vec![finding.caused_by(&io::Error::from(error))];
        }
    };
    std::iter::once(held(status, &space))
        .chain(nearly_full(&space, machine.builds.as_ref().ok()))
        .collect()
}

fn held(status: &QueueStatus, space: &StatVfs) -> Finding {
    let mut reasons = status.reasons.iter();
    if let Some(much) = reasons.find(|reason| reason.kind == status::Kind::Pinned) {
        return reasons::translated(much);
    }
    match (status.held.bytes, &status.held.error) {
        (Some(bytes), _) => Finding::ok(
            Check::Space,
            format!(
                "the queue keeps {} of the store, {} are free",
                Bytes(bytes),
                Bytes(available(space))
            ),
        ),
        (None, error) => {
            let text = "Nix does not tell how much of the store the queue keeps";
            let unknown = Finding::of(Kind::SpaceUnknown, text);
            error.iter().fold(unknown, Finding::because)
        }
    }
}

/// Less than a twentieth is little for who builds.
fn nearly_full(space: &StatVfs, settings: Option<&NixSettings>) -> Option<Finding> {
    let size = space.f_blocks.saturating_mul(space.f_frsize);
    let left = available(space);
    (left < size / 20).then(|| {
        let min_free = settings
            .and_then(|settings| settings.number("min-free"))
            .unwrap_or_default();
        let text = format!("{} of {} are left to the store", Bytes(left), Bytes(size));
        let collects = match min_free {
            0 => "Nix does not collect garbage by itself (min-free is 0)".to_owned(),
            _ => format!(
                "Nix collects garbage by itself below {} (min-free)",
                Bytes(min_free)
            ),
        };
        let finding = Finding::of(Kind::StoreNearlyFull, text).because(collects);
        finding.fix("nix-post-build-push push && nix-collect-garbage")
    })
}
