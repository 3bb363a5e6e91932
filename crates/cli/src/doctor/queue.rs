//! A queue's directory, and what is in it.

use std::io;

use camino::Utf8Path;
use nix_post_build_push_config::QueueSettings;
use queue_core::{Entry, EntryState, Listing, PortError, StoreFiles};

use super::file_system;
use super::finding::{Check, Finding};
use super::kind::Kind;
use super::lock;
use super::machine::Machine;
use super::managed::Managed;
use crate::adapters::{OPENED_BY, OpenQueue, retry_policy};
use crate::session::destination;

/// A queue as far as it could be opened.
pub(super) struct Looked {
    /// What there is to say of it.
    pub findings: Vec<Finding>,
    /// The queue, if it is there and safe to use.
    pub queue: Option<OpenQueue>,
    /// Its entries.
    pub entries: Vec<Entry>,
}

/// Opens a queue and looks at it. `account` pushes it.
pub(super) fn look(
    machine: &Machine<'_>,
    settings: &QueueSettings,
    account: Option<&str>,
) -> Looked {
    let mut looked = Looked {
        findings: Vec::new(),
        queue: None,
        entries: Vec::new(),
    };
    let path = &settings.queue_dir.value;
    match OpenQueue::open(machine.store, settings) {
        Err(error) => looked.findings.push(refused(path, &error)),
        Ok(None) => looked
            .findings
            .push(not_there(machine.managed, path, account)),
        Ok(Some(queue)) => {
            let there = Finding::ok(Check::Directory, format!("{path} is safe to use"));
            looked.findings.push(there);
            looked.findings.extend(file_system::check(
                path,
                &machine.managed.queue_dir(&settings.name),
            ));
            match queue.list() {
                Err(error) => looked.findings.push(refused(path, &error)),
                Ok(listing) => {
                    let entries = entries(machine, settings, &queue, &listing);
                    looked.findings.extend(entries);
                    looked.entries = listing.entries;
                }
            }
            looked.queue = Some(queue);
        }
    }
    looked
}

fn refused(path: &Utf8Path, error: &PortError) -> Finding {
    Finding::of(Kind::QueueRefused, format!("{path} is not used")).caused_by_port(error)
}

/// What a hook of root's makes belongs to root, and nobody else may take entries out of it.
fn not_there(managed: Managed, path: &Utf8Path, account: Option<&str>) -> Finding {
    match account {
        Some(account) if account != "root" => Finding::of(
            Kind::QueueNotMade,
            format!("{path} is not there; made by the hook, it would not belong to {account}"),
        )
        .fix(managed.make_queue(path.as_str(), account)),
        _ => Finding::ok(
            Check::Directory,
            format!("{path} is made by the first build"),
        ),
    }
}

fn entries(
    machine: &Machine<'_>,
    settings: &QueueSettings,
    queue: &OpenQueue,
    listing: &Listing,
) -> Vec<Finding> {
    let mut findings: Vec<Finding> = listing
        .foreign
        .iter()
        .map(|foreign| {
            let text = format!("`{}` {}", foreign.name, foreign.reason);
            Finding::of(Kind::QueueForeign, text).fix(&foreign.hint)
        })
        .collect();
    findings.extend(closed(queue));
    findings.extend(absent(machine, &listing.entries));
    findings.extend(failed(machine, settings, queue, &listing.entries));
    findings.extend(lock::check(
        &settings.queue_dir.value,
        settings.timeout.value,
        machine.now,
    ));
    if findings.is_empty() {
        let text = format!("{} queued, none of them failed", listing.entries.len());
        findings.push(Finding::ok(Check::Entries, text));
    }
    findings
}

fn closed(queue: &OpenQueue) -> Option<Finding> {
    let limits = queue
        .queue()
        .limits
        .filter(|limited| limited.limits.may_close())?;
    match limits.state.closed() {
        Ok(None) => None,
        Ok(Some(reason)) => {
            let closed = Finding::of(Kind::QueueClosed, "nothing new is queued");
            Some(closed.because(reason).fix(OPENED_BY))
        }
        Err(error) => {
            let lost = Finding::of(Kind::MemoryLost, "whether it is closed cannot be seen");
            Some(lost.caused_by_port(&error))
        }
    }
}

fn absent(machine: &Machine<'_>, entries: &[Entry]) -> Option<Finding> {
    let gone = |entry: &&Entry| matches!(machine.store.dir.is_present(&entry.path), Ok(false));
    let number = entries.iter().filter(gone).count();
    (number > 0).then(|| {
        let text = format!(
            "{number} of {} have no store object any more",
            entries.len()
        );
        Finding::of(Kind::EntriesAbsent, text)
            .fix("nix-post-build-push push # takes them out, and says which")
    })
}

fn failed(
    machine: &Machine<'_>,
    settings: &QueueSettings,
    queue: &OpenQueue,
    entries: &[Entry],
) -> Option<Finding> {
    let lost = || Finding::of(Kind::MemoryLost, "the memory of failures is lost");
    let mut ledger = match queue.ledger() {
        Ok(Ok(ledger)) => ledger,
        Ok(Err(error)) => return Some(lost().caused_by(&error).fix(error.hint())),
        Err(error) => return Some(lost().caused_by_port(&error)),
    };
    if let Some(destination) = destination(settings) {
        ledger.forget_other_destinations(&destination);
    }
    let policy = retry_policy(settings);
    let states = entries
        .iter()
        .map(|entry| ledger.state(&entry.path, machine.now, &policy));
    let (mut waiting, mut parked) = (0, 0);
    for state in states {
        match state {
            EntryState::BackingOff { .. } => waiting += 1,
            EntryState::Parked { .. } => parked += 1,
            EntryState::Ready => {}
        }
    }
    told(waiting, parked, &settings.name)
}

fn told(waiting: usize, parked: usize, queue: &str) -> Option<Finding> {
    (waiting + parked > 0).then(|| {
        let text = format!("{waiting} failed and wait, {parked} were given up");
        let look = format!("nix-post-build-push status --queue {queue} # says why");
        let retry =
            format!("\nnix-post-build-push retry --queue {queue} --all # once it is mended");
        Finding::of(Kind::EntriesFailed, text).fix(look + &retry)
    })
}

/// What the kernel says of writing there as whom we are.
pub(super) fn writable(path: &Utf8Path) -> io::Result<()> {
    use rustix::fs::{Access, AtFlags, CWD, accessat};
    let wanted = Access::WRITE_OK | Access::EXEC_OK;
    Ok(accessat(CWD, path.as_str(), wanted, AtFlags::EACCESS)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_that_is_not_there_is_a_matter_of_who_makes_it() {
        let kind = |account| not_there(Managed::ByHand, "/q".into(), account).kind;
        assert_eq!(kind(None), None);
        assert_eq!(kind(Some("root")), None);
        assert_eq!(kind(Some("cache")), Some(Kind::QueueNotMade));
    }

    #[test]
    fn failures_are_counted_and_none_is_no_word() {
        assert!(told(0, 0, "q").is_none());
        assert_eq!(
            told(1, 2, "q").unwrap().text,
            "1 failed and wait, 2 were given up"
        );
    }
}
