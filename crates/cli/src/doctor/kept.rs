//! Whether what is queued is held, how much that is, and what is not.

use std::collections::BTreeSet;

use nix_copy::NixSettings;
use nix_post_build_push_config::{ClosureType, QueueSettings};
use queue_core::{Bytes, Entry, Pinned, StoreFiles, StoreSizes};
use rustix::fs::{StatVfs, statvfs};

use super::file_system::available;
use super::finding::{Check, Finding};
use super::kind::Kind;
use super::machine::Machine;
use crate::status::keeps_too_much;

/// Whether Nix finds the root of each entry.
pub(super) fn roots(machine: &Machine<'_>, settings: &QueueSettings, entries: &[Entry]) -> Finding {
    let present = |entry: &&Entry| matches!(machine.store.dir.is_present(&entry.path), Ok(true));
    let directory = &settings.queue_dir.value;
    let links: Vec<_> = entries
        .iter()
        .filter(present)
        .map(|entry| directory.join(entry.path.to_string()).into_string())
        .collect();
    if links.is_empty() {
        return Finding::of(
            Kind::RootsNotTried,
            "nothing is queued, so whether Nix sees what holds it cannot be tried",
        );
    }
    match machine.inspector().roots() {
        Ok(seen) => unseen(&links, &seen.into_iter().collect(), &settings.name),
        Err(error) => {
            Finding::of(Kind::RootsNotTried, "Nix does not tell its roots").caused_by_port(&error)
        }
    }
}

fn unseen(links: &[String], seen: &BTreeSet<String>, queue: &str) -> Finding {
    let lost: Vec<_> = links.iter().filter(|link| !seen.contains(*link)).collect();
    match lost.first() {
        None => Finding::ok(
            Check::Roots,
            format!("Nix sees what holds each of {}", links.len()),
        ),
        Some(first) => Finding::of(
            Kind::RootUnseen,
            format!(
                "Nix does not see what holds {} of {}: a collection takes them",
                lost.len(),
                links.len()
            ),
        )
        .because(format!("{first} is none of its roots"))
        .fix(format!(
            "nix-post-build-push push --queue {queue} # makes their roots again"
        )),
    }
}

/// How much of the store a queue keeps, and how much room there is.
pub(super) fn space(
    machine: &Machine<'_>,
    settings: &QueueSettings,
    entries: &[Entry],
) -> Vec<Finding> {
    let store = machine.store;
    let space = match statvfs(store.dir.as_path().as_str()) {
        Ok(space) => space,
        Err(error) => {
            let finding = Finding::of(
                Kind::SpaceUnknown,
                "the file system of the store cannot be looked at",
            );
            return vec![finding.caused_by(&std::io::Error::from(error))];
        }
    };
    let present = entries
        .iter()
        .filter(|entry| matches!(store.dir.is_present(&entry.path), Ok(true)));
    let paths: Vec<_> = present.map(|entry| entry.path.clone()).collect();
    let held = match paths.is_empty() {
        true => Ok(0),
        false => store
            .database_within(std::time::Duration::from_secs(20))
            .closure(&paths)
            .map(|closure| Pinned::new(&closure).bytes(&paths)),
    };
    let held = match held {
        Ok(held) => much(held, &space, settings),
        Err(error) => {
            let unknown = "Nix does not tell how much of the store the queue keeps";
            Finding::of(Kind::SpaceUnknown, unknown).caused_by_port(&error)
        }
    };
    std::iter::once(held)
        .chain(nearly_full(&space, machine.builds.as_ref().ok()))
        .collect()
}

fn size(space: &StatVfs) -> u64 {
    space.f_blocks.saturating_mul(space.f_frsize)
}

/// By the same rule as that of `status`.
fn much(held: u64, space: &StatVfs, settings: &QueueSettings) -> Finding {
    let kept = format!("the queue keeps {} of the store", Bytes(held));
    let Some(beyond) = keeps_too_much(settings, held, size(space)) else {
        let free = Bytes(available(space));
        return Finding::ok(Check::Space, format!("{kept}, {free} are free"));
    };
    Finding::of(Kind::SpaceMuch, format!("{kept}, {beyond}")).fix(
        "`push` it, `drop` what is not wanted, or set `max-pinned` in its tables `limits` and `health`",
    )
}

/// Less than a twentieth is little for who builds.
fn nearly_full(space: &StatVfs, settings: Option<&NixSettings>) -> Option<Finding> {
    let (left, size) = (available(space), size(space));
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

/// What of the closures may be collected before it is pushed. A hook queues the derivation itself
/// for those closure types; what `keep-…` leaves to the collector is what hangs on that.
pub(super) fn keeps(machine: &Machine<'_>, settings: &QueueSettings) -> Vec<Finding> {
    let nix = machine.builds.as_ref().ok();
    let Some(nix) = nix.filter(|_| settings.wants_derivation()) else {
        return Vec::new();
    };
    let keeps = |name| nix.switch(name);
    let closure_type = settings.closure_type.value;
    let derivations = (keeps("keep-derivations") == Some(false)).then(|| {
        Finding::of(
            Kind::DerivationsNotKept,
            format!("closure type {closure_type}, and keep-derivations = false"),
        )
        .because("what is enqueued by hand may have lost the derivation that it was built from")
        .fix(machine.managed.switch_on("keep-derivations"))
    });
    let outputs = (closure_type == ClosureType::Cache && keeps("keep-outputs") == Some(false)).then(|| {
        Finding::of(
            Kind::OutputsNotKept,
            format!("closure type {closure_type}, and keep-outputs = false"),
        )
        .because("what the builds needed may be collected before it is pushed, and does not arrive then")
        .fix(machine.managed.switch_on("keep-outputs"))
    });
    let found: Vec<_> = derivations.into_iter().chain(outputs).collect();
    match found.is_empty() {
        true => vec![Finding::ok(
            Check::Keeps,
            format!("all that {closure_type} is about"),
        )],
        false => found,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_that_nix_does_not_list_is_a_fault() {
        let links = ["/q/a".to_owned(), "/q/b".to_owned()];
        let seen = |links: &[&str]| links.iter().map(|&link| link.to_owned()).collect();
        assert_eq!(
            unseen(&links, &seen(&["/q/a", "/q/b", "/x"]), "q").kind,
            None
        );
        let finding = unseen(&links, &seen(&["/q/a"]), "q");
        assert_eq!(finding.kind, Some(Kind::RootUnseen));
        assert!(
            finding.causes[0].starts_with("/q/b"),
            "{:?}",
            finding.causes
        );
    }
}
