//! The cheapest roots that hold the entries of a directory.

use camino::Utf8Path;
use nix_copy::NixStoreRoots;
use queue_core::{AutoRoots, GcRoots, InsideGcRoots, NoRoots, PortError};

use super::store::Store;
use super::timed_roots::TimedRoots;

/// Those of a queue. What we may not register, the daemon does; that costs a process a path.
pub(super) fn of_queue(store: &Store, queue_dir: &Utf8Path) -> Result<Box<dyn GcRoots>, PortError> {
    let own = registered_by_us(store, queue_dir)?;
    Ok(own.unwrap_or_else(|| by_nix_store(store, queue_dir)))
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
    let auto = AutoRoots::open(&store.state_dir, directory, store.fsync)?;
    Ok(auto.map(|roots| Box::new(roots) as _))
}

pub(super) fn by_nix_store(store: &Store, queue_dir: &Utf8Path) -> Box<dyn GcRoots> {
    let roots =
        NixStoreRoots::new(store.nix.clone(), &store.state_dir, queue_dir).with_fsync(store.fsync);
    match store.deadline {
        Some(deadline) => Box::new(TimedRoots::new(roots, deadline)),
        None => Box::new(roots),
    }
}
