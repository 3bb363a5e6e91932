//! The cheapest roots that hold the entries of a directory.

use camino::Utf8Path;
use nix_copy::{Nix, NixStoreRoots};
use nix_post_build_push_config::QueueSettings;
use queue_core::{GcRoots, InsideGcRoots, NoRoots, PortError};

use super::store::Store;
use super::timed_roots::TimedRoots;

/// Those of a queue. What we may not register, the daemon does; that costs a process a path.
pub(super) fn of_queue(
    store: &Store,
    settings: &QueueSettings,
    queue_dir: &Utf8Path,
) -> Result<Box<dyn GcRoots>, PortError> {
    refuse_nix_own(store, queue_dir)?;
    let own = registered_by_us(store, queue_dir)?;
    Ok(own.unwrap_or_else(|| by_nix_store(store, store.nix_of(settings), queue_dir)))
}

/// An entry could not be told from what Nix keeps there, nor its root from itself; and what Nix
/// finds there that is not its own, it may stumble over (2.8.0 over any file in `temproots`).
fn refuse_nix_own(store: &Store, queue_dir: &Utf8Path) -> Result<(), PortError> {
    let roots = store.state_dir.join("gcroots");
    let is_beside_nix_own = queue_dir.starts_with(&roots)
        && queue_dir != roots
        && !queue_dir.starts_with(roots.join("auto"));
    if is_beside_nix_own || !queue_dir.starts_with(&store.state_dir) {
        return Ok(());
    }
    let own = "Nix keeps its own state in it";
    let hint = format!("give the queue a directory of its own, {roots}/nix-post-build-push say");
    Err(PortError::new("use the queue directory", queue_dir, own).with_hint(hint))
}

/// Those of what leaves a queue. `nix-store` registers no path that is not valid: where only it
/// can register, such a path is not held, only known to the next push.
pub(super) fn of_leaving(
    store: &Store,
    directory: &Utf8Path,
) -> Result<Box<dyn GcRoots>, PortError> {
    let own = registered_by_us(store, directory)?;
    Ok(own.unwrap_or_else(|| Box::new(NoRoots)))
}

/// `None` where we may not register.
fn registered_by_us(
    store: &Store,
    directory: &Utf8Path,
) -> Result<Option<Box<dyn GcRoots>>, PortError> {
    if directory.starts_with(store.state_dir.join("gcroots")) {
        return Ok(Some(Box::new(InsideGcRoots)));
    }
    let auto = store.auto_roots(directory)?;
    Ok(auto.map(|roots| Box::new(roots) as _))
}

pub(super) fn by_nix_store(store: &Store, nix: Nix, queue_dir: &Utf8Path) -> Box<dyn GcRoots> {
    let roots = NixStoreRoots::new(nix, &store.state_dir, queue_dir).with_fsync(store.fsync);
    match store.deadline {
        Some(deadline) => Box::new(TimedRoots::new(roots, deadline)),
        None => Box::new(roots),
    }
}
