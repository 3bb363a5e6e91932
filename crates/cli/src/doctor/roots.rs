//! Whether Nix sees what holds the entries.

use std::collections::BTreeSet;

use nix_post_build_push_config::QueueSettings;
use queue_core::StorePath;

use super::finding::{Check, Finding};
use super::kind::Kind;
use super::machine::Machine;

/// Whether Nix finds the root of each entry whose store object is there.
pub(super) fn check(
    machine: &Machine<'_>,
    settings: &QueueSettings,
    present: &[StorePath],
) -> Finding {
    let directory = &settings.queue_dir.value;
    let links: Vec<_> = present
        .iter()
        .map(|path| directory.join(path.to_string()).into_string())
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
