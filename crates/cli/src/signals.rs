//! SIGTERM, SIGINT and SIGHUP end a command in good order.

use std::ffi::c_int;
use std::io;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};

use nix_copy::Cancel;
use queue_core::PortError;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag;
use signal_hook::low_level::{emulate_default_handler, pipe};

use crate::error::CommandError;

/// The last signal that was received, or 0.
static RECEIVED: LazyLock<Arc<AtomicUsize>> = LazyLock::new(Arc::default);

/// Starts to listen: from now on these signals no longer end the process by themselves.
///
/// The handler only writes a byte. The call of Nix in progress watches the same descriptor
/// and ends its process group at once; everything that is not confirmed stays queued. A
/// second signal adds nothing to that.
///
/// # Errors
///
/// If the system lacks the means.
pub(crate) fn listen() -> Result<Cancel, CommandError> {
    // A port's error for its hint, where it is the machine that fails.
    register().map_err(|error| PortError::new("listen for", "signals", error).into())
}

fn register() -> io::Result<Cancel> {
    let (readable, writable) = UnixStream::pair()?;
    for signal in [SIGTERM, SIGINT, SIGHUP] {
        // First, so that it is known when the pipe wakes somebody.
        flag::register_usize(
            signal,
            Arc::clone(&RECEIVED),
            signal.unsigned_abs() as usize,
        )?;
        pipe::register(signal, writable.try_clone()?)?;
    }
    Ok(Cancel::when_readable(readable.into()))
}

/// Ends the process as the signal would have that it was stopped by: a shell then stops its
/// script, and systemd can tell a push that was stopped from one that failed.
pub(crate) fn end_by_it() {
    let signal = c_int::try_from(RECEIVED.load(Ordering::SeqCst)).unwrap_or_default();
    if signal != 0 {
        // Where this fails, the exit code says that not all was done.
        let _ = emulate_default_handler(signal);
    }
}
