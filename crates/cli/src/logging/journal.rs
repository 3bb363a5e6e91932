//! The journal: whether it is there, and how messages get into it.

use std::env;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::net::UnixDatagram;

use rustix::event::{self, PollFd, PollFlags, Timespec};
use rustix::net::sockopt;
use tracing_journald::{Layer, Priority, PriorityMappings};

/// Before the names of our fields there.
const PREFIX: &str = "NPBP";

/// Writes to the journal itself: a message is one entry there, with fields of its own.
///
/// # Errors
///
/// If no journal listens.
pub(crate) fn layer(identifier: &str) -> io::Result<Layer> {
    Ok(tracing_journald::layer()?
        .with_syslog_identifier(identifier.to_owned())
        .with_field_prefix(Some(PREFIX.to_owned()))
        .with_priority_mappings(PRIORITIES))
}

/// As those of the lines on standard error.
const PRIORITIES: PriorityMappings = PriorityMappings {
    error: Priority::Error,
    warn: Priority::Warning,
    info: Priority::Informational,
    debug: Priority::Debug,
    trace: Priority::Debug,
};

/// Whether standard error goes to the journal.
pub(super) fn is_stderr() -> bool {
    takes(io::stderr())
}

/// Whether this is what goes to the journal: `JOURNAL_STREAM` in systemd.exec(5). It names one stream;
/// a service's standard output and error are the same one, unless its unit says otherwise.
pub(super) fn takes(output: impl AsFd) -> bool {
    let Ok(output) = rustix::fs::fstat(output) else {
        return false;
    };
    let stream = format!("{}:{}", output.st_dev, output.st_ino);
    env::var_os("JOURNAL_STREAM").is_some_and(|journal| *journal == *stream)
}

/// Waits until the journal has read what this process has sent so far. It asks the kernel for the unit
/// of who sent a message only then, and of a process that has ended by then it does not know any: what
/// it said would not be found under its unit. Nothing is answered to a sender. But one thread reads all
/// messages, in order; so once it has taken another one out of the socket, it is done with those before.
///
/// # Errors
///
/// If the journal does not read.
pub(super) fn settle() -> io::Result<()> {
    let socket = UnixDatagram::unbound()?;
    // As small as the kernel lets it be: it is writable again only when the message is taken out.
    sockopt::set_socket_send_buffer_size(&socket, 1)?;
    socket.send_to(&NOTHING, SOCKET)?;
    let mut writable = [PollFd::new(&socket, PollFlags::OUT)];
    match event::poll(&mut writable, Some(&LONGEST))? {
        0 => Err(io::ErrorKind::TimedOut.into()),
        _ => Ok(()),
    }
}

pub(crate) const SOCKET: &str = "/run/systemd/journal/socket";

/// The ends of entries that have nothing in them, which the journal passes over; large enough to fill
/// that buffer.
const NOTHING: [u8; 2000] = [b'\n'; 2000];

/// A journal that is so late will not be waited for.
const LONGEST: Timespec = Timespec {
    tv_sec: 1,
    tv_nsec: 0,
};
