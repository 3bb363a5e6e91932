//! The entries that may be picked, by their store path or their base name.

use std::collections::BTreeSet;
use std::time::SystemTime;

use nix_post_build_push_config::{Config, QueueSettings};
use queue_core::{
    Entry, EntryState, FsPushState, FsQueueDirectory, Ledger, PushState, QueueDirectory, StoreDir,
    StorePath,
};

use super::Candidate;
use crate::adapters::retry_policy;
use crate::session::{destination, now};

/// The command that has no use for an entry that has not failed.
const RETRY: &str = "retry";

/// How an entry is offered behind what is typed, if it is.
pub(super) type Word = fn(&StorePath, &StoreDir, typed: &str) -> Option<String>;

/// Those of the enabled queues for which there is a word, oldest first, but for those that are named
/// already. What cannot be read has none.
pub(super) fn offered(
    config: &Config,
    called: &str,
    named: &BTreeSet<&str>,
    word: impl Fn(&StorePath, &StoreDir) -> Option<String>,
) -> Vec<Candidate> {
    let Ok(store) = StoreDir::new(&config.nix.store_dir.value) else {
        return Vec::new();
    };
    let now = now();
    let mut offered = Vec::new();
    let mut seen = BTreeSet::new();
    for settings in config.enabled() {
        for (entry, state) in entries(&store, settings, now) {
            let path = entry.path;
            if called == RETRY && matches!(state, EntryState::Ready)
                || named.contains(path.base_name())
                || named.contains(store.join(&path).as_str())
                || !seen.insert(path.clone())
            {
                continue;
            }
            if let Some(word) = word(&path, &store) {
                let meaning = format!("{}, {}", settings.name, in_words(state));
                offered.push(Candidate { word, meaning });
            }
        }
    }
    offered
}

/// Of a queue, without its roots: whoever types need not be able to register any.
fn entries(
    store: &StoreDir,
    settings: &QueueSettings,
    now: SystemTime,
) -> Vec<(Entry, EntryState)> {
    let opened = FsQueueDirectory::open(&settings.queue_dir.value, store, false);
    let Ok(Some(directory)) = opened else {
        return Vec::new();
    };
    let Ok(listing) = directory.list() else {
        return Vec::new();
    };
    let mut ledger = ledger(&directory);
    if let Some(destination) = destination(settings) {
        ledger.forget_other_destinations(&destination);
    }
    let policy = retry_policy(settings);
    let with_state = |entry: Entry| {
        let state = ledger.state(&entry.path, now, &policy);
        (entry, state)
    };
    listing.entries.into_iter().map(with_state).collect()
}

/// What pushes remember; nothing where that cannot be read.
fn ledger(directory: &FsQueueDirectory) -> Ledger {
    let state = FsPushState::open(directory).ok().flatten();
    let text = state.and_then(|state| state.load_ledger().ok().flatten());
    let ledger = text.and_then(|text| Ledger::from_text(&text).ok());
    ledger.unwrap_or_default()
}

/// The store path.
pub(super) fn as_path(path: &StorePath, store: &StoreDir, typed: &str) -> Option<String> {
    let full = store.join(path).into_string();
    full.starts_with(typed).then_some(full)
}

/// The store path where one is begun, else the base name, also where only the name is typed, without
/// the hash.
pub(super) fn as_entry(path: &StorePath, store: &StoreDir, typed: &str) -> Option<String> {
    if typed.starts_with('/') {
        return as_path(path, store, typed);
    }
    let base_name = path.base_name();
    let name = base_name.split_once('-').map_or("", |(_, name)| name);
    let fits = base_name.starts_with(typed) || name.starts_with(typed);
    fits.then(|| base_name.to_owned())
}

fn in_words(state: EntryState) -> &'static str {
    match state {
        EntryState::Ready => "ready",
        EntryState::BackingOff { .. } => "backing off",
        EntryState::Parked { .. } => "parked",
    }
}
