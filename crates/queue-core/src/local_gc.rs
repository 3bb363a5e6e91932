//! The garbage collector of a store on this machine.

use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use camino::{Utf8Path, Utf8PathBuf};
use rustix::fs::{self, FlockOperation, Mode, OFlags};
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, connect, socket_with};

use crate::{GarbageCollector, GcSection, PortError, Protection, StoreDir, StorePath};

/// [`GarbageCollector`] by Nix's own protocol (2.26.3, `src/libstore/gc.cc`,
/// `collectGarbage` and `addTempRoot`).
///
/// A collector holds an exclusive lock on `<state-dir>/gc.lock` for its whole
/// run, listens on `<state-dir>/gc-socket/socket`, and only then looks for
/// roots. So whoever holds the lock shared knows that none is running. Whoever
/// does not get it makes the roots all the same, and then names the paths on
/// the socket; nobody listening there means that no collector has looked for
/// roots yet (or any more), and the next one finds them.
#[derive(Debug, Clone)]
pub struct LocalGc {
    lock: Utf8PathBuf,
    socket: Utf8PathBuf,
    store: StoreDir,
    answer_timeout: Duration,
    patience: Duration,
}

/// A collector answers at once unless it is deleting the very path (2.26.3,
/// `gc.cc`: the server waits while the path is `pending`).
const ANSWER_TIMEOUT: Duration = Duration::from_secs(2);

/// For all answers together: a build waits for them.
const PATIENCE: Duration = Duration::from_secs(10);

/// A collector that ends while we talk to it may be followed by another one.
const TRIES: u32 = 5;

impl LocalGc {
    /// The collector of the store whose state is in `state_dir`.
    #[must_use]
    pub fn new(state_dir: &Utf8Path, store: &StoreDir) -> Self {
        Self {
            lock: state_dir.join("gc.lock"),
            socket: state_dir.join("gc-socket/socket"),
            store: store.clone(),
            answer_timeout: ANSWER_TIMEOUT,
            patience: PATIENCE,
        }
    }

    /// How long a collector may take for one answer, 2 seconds otherwise. After
    /// that the paths are reported as perhaps not held.
    #[must_use]
    pub fn with_answer_timeout(mut self, timeout: Duration) -> Self {
        self.answer_timeout = timeout;
        self
    }

    /// How long a collector may take for all answers together, 10 seconds
    /// otherwise; one that is under way then may take its time.
    #[must_use]
    pub fn with_patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// The lock, shared; `None` when a collector holds it or when it is not
    /// ours to take.
    fn try_lock(&self) -> Result<Option<OwnedFd>, Errno> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::CLOEXEC;
        let lock = match fs::open(self.lock.as_str(), flags, Mode::RUSR | Mode::WUSR) {
            Ok(lock) => lock,
            Err(Errno::ACCESS | Errno::PERM | Errno::ROFS) => return Ok(None),
            Err(error) => return Err(error),
        };
        match fs::flock(&lock, FlockOperation::NonBlockingLockShared) {
            Ok(()) => Ok(Some(lock)),
            Err(Errno::WOULDBLOCK) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// "Resource temporarily unavailable" is how a socket says "too late".
    fn named(&self, error: io::Error) -> io::Error {
        match error.kind() {
            ErrorKind::WouldBlock | ErrorKind::TimedOut => {
                let timeout = humantime::format_duration(self.answer_timeout);
                io::Error::other(format!("it did not answer within {timeout}"))
            }
            _ => error,
        }
    }

    fn announce(&self, paths: &[StorePath]) -> io::Result<()> {
        let begun = Instant::now();
        for _ in 1..TRIES {
            match self.announce_once(paths, begun) {
                Err(error) if collector_ended(&error) => {}
                done => return done,
            }
        }
        self.announce_once(paths, begun)
    }

    /// The timeouts come before the connection: while a collector does not
    /// accept (its backlog is five), connecting itself waits for it.
    fn connect(&self) -> io::Result<UnixStream> {
        let socket = socket_with(
            AddressFamily::UNIX,
            SocketType::STREAM,
            SocketFlags::CLOEXEC,
            None,
        )?;
        let socket = UnixStream::from(socket);
        socket.set_read_timeout(Some(self.answer_timeout))?;
        socket.set_write_timeout(Some(self.answer_timeout))?;
        connect(&socket, &SocketAddrUnix::new(self.socket.as_str())?)?;
        Ok(socket)
    }

    fn announce_once(&self, paths: &[StorePath], begun: Instant) -> io::Result<()> {
        let mut socket = match self.connect() {
            Ok(socket) => socket,
            Err(error) if nobody_listens(&error) => return Ok(()),
            Err(error) => return Err(error),
        };
        for path in paths {
            if begun.elapsed() >= self.patience {
                let patience = humantime::format_duration(self.patience);
                let why = format!("it did not answer for all paths within {patience}");
                return Err(io::Error::other(why));
            }
            socket.write_all(format!("{}\n", self.store.join(path)).as_bytes())?;
            let mut answer = [0];
            socket.read_exact(&mut answer)?;
            if answer != *b"1" {
                return Err(io::Error::other(format!(
                    "it answered {answer:?} instead of 1"
                )));
            }
        }
        Ok(())
    }
}

fn nobody_listens(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::NotFound | ErrorKind::ConnectionRefused
    )
}

fn collector_ended(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::UnexpectedEof | ErrorKind::BrokenPipe | ErrorKind::ConnectionReset
    )
}

struct Section<'a> {
    collector: &'a LocalGc,
    lock: Option<OwnedFd>,
}

impl GarbageCollector for LocalGc {
    fn enter(&self) -> Result<Box<dyn GcSection + '_>, PortError> {
        let lock = self.try_lock().map_err(|error| {
            PortError::new(
                "take the garbage collector's lock",
                &self.lock,
                io::Error::from(error),
            )
            .with_hint("is this Nix's state directory? it is made when Nix first runs")
        })?;
        Ok(Box::new(Section {
            collector: self,
            lock,
        }))
    }
}

impl GcSection for Section<'_> {
    fn protect(&self, paths: &[StorePath]) -> Result<Protection, PortError> {
        if self.lock.is_some() {
            return Ok(Protection::NoCollector);
        }
        self.collector.announce(paths).map_err(|error| {
            let error = self.collector.named(error);
            PortError::new(
                "tell the garbage collector at",
                &self.collector.socket,
                error,
            )
        })?;
        Ok(Protection::LookAgain)
    }
}
