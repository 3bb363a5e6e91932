//! The garbage collector of a store on this machine.

use std::io;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use camino::{Utf8Path, Utf8PathBuf};
use rustix::fs::{self, FlockOperation, Mode, OFlags};
use rustix::io::Errno;

use crate::gc_socket::GcSocket;
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
///
/// A connection that ends at once can make the collector crash, and with it
/// the build in which Nix collects by itself (`min-free`): `collectGarbage`
/// starts a thread for each connection and only then enters it into a map, by
/// file descriptor (2.8.0 to 2.34.8). A thread that is done before that does
/// not find itself there and closes its descriptor. What is entered afterwards
/// stays, the next connection gets the same descriptor, its thread cannot be
/// entered any more, and `std::thread` ends the process (`terminate called
/// without an active exception`). Nix's own clients seldom meet it, since they
/// keep their connection for life. So does this one, and all its clones, which
/// share it; and whoever drops the last of them waits until 20 milliseconds
/// have passed since the collector's first answer (or, if it gave none, since
/// the connection was made), or until it ends.
#[derive(Debug, Clone)]
pub struct LocalGc {
    lock: Utf8PathBuf,
    socket: GcSocket,
    store: StoreDir,
}

impl LocalGc {
    /// The collector of the store whose state is in `state_dir`.
    #[must_use]
    pub fn new(state_dir: &Utf8Path, store: &StoreDir) -> Self {
        Self {
            lock: state_dir.join("gc.lock"),
            socket: GcSocket::new(state_dir.join("gc-socket/socket")),
            store: store.clone(),
        }
    }

    /// How long a collector may take for one answer, 2 seconds otherwise. After
    /// that the paths are reported as perhaps not held. Zero is no time at all,
    /// not for ever; that nobody listens is known all the same.
    #[must_use]
    pub fn with_answer_timeout(mut self, timeout: Duration) -> Self {
        self.socket.answer_time = timeout;
        self
    }

    /// How long a collector may take for all answers of one
    /// [`protect`](GcSection::protect) together, 10 seconds otherwise. The last
    /// one is given what is left.
    #[must_use]
    pub fn with_total_timeout(mut self, timeout: Duration) -> Self {
        self.socket.total_time = timeout;
        self
    }

    /// When no answer is waited for any more, whatever the timeouts: for who
    /// cannot wait, however often a collector is told something.
    #[must_use]
    pub fn with_deadline(mut self, deadline: Instant) -> Self {
        self.socket.deadline = Some(deadline);
        self
    }

    /// How long a connection stays open at least once a collector has answered,
    /// 20 milliseconds otherwise; if it answers nothing, once it is made.
    #[must_use]
    pub fn with_open_time(mut self, time: Duration) -> Self {
        self.socket.open_time = time;
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
}

/// What to do where the state directory is not there.
pub(crate) const STATE_DIRECTORY: &str =
    "is this Nix's state directory? it is made when Nix first runs";

struct Section<'a> {
    collector: &'a LocalGc,
    lock: Option<OwnedFd>,
}

impl GarbageCollector for LocalGc {
    fn enter(&self) -> Result<Box<dyn GcSection + '_>, PortError> {
        let lock = self.try_lock().map_err(|error| {
            let action = "take the garbage collector's lock";
            let failed = PortError::new(action, &self.lock, io::Error::from(error));
            match error {
                Errno::NOENT | Errno::NOTDIR => failed.with_hint(STATE_DIRECTORY),
                _ => failed,
            }
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
        let LocalGc { socket, store, .. } = self.collector;
        let paths: Vec<_> = paths.iter().map(|path| store.join(path)).collect();
        let error = |error| PortError::new("tell the garbage collector at", &socket.path, error);
        socket.name(&paths).map_err(error)?;
        Ok(Protection::LookAgain)
    }
}
