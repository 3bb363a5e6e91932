//! SIGTERM, SIGINT and SIGHUP end a command in good order.

use std::io;
use std::os::unix::net::UnixStream;

use nix_copy::Cancel;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::low_level::pipe;

use crate::error::CommandError;
use crate::exit_codes::Exit;

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
    register().map_err(|error| {
        CommandError::new(Exit::Failed, "failed to listen for signals").caused_by(&error)
    })
}

fn register() -> io::Result<Cancel> {
    let (readable, writable) = UnixStream::pair()?;
    for signal in [SIGTERM, SIGINT, SIGHUP] {
        pipe::register(signal, writable.try_clone()?)?;
    }
    Ok(Cancel::when_readable(readable.into()))
}
