//! Talking to a garbage collector that runs.

use std::io::{self, ErrorKind, Read, Write};
use std::mem;
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use camino::{Utf8Path, Utf8PathBuf};
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, connect, socket_with};

/// A collector answers at once unless it is deleting the very path (2.26.3,
/// `gc.cc`: the server waits while the path is `pending`).
const ANSWER_TIME: Duration = Duration::from_secs(2);

/// For all answers together: a build waits for them.
const TOTAL_TIME: Duration = Duration::from_secs(10);

/// See [`LocalGc`](crate::LocalGc) for why a connection may not end at once.
const OPEN_TIME: Duration = Duration::from_millis(20);

/// A collector that ends while we talk to it may be followed by another one.
const TRIES: u32 = 5;

/// Where collectors listen, one after the other.
#[derive(Debug, Clone)]
pub(crate) struct GcSocket {
    pub(crate) path: Utf8PathBuf,
    pub(crate) answer_time: Duration,
    pub(crate) total_time: Duration,
    pub(crate) open_time: Duration,
    /// Connections that nobody uses now; some of them to collectors that ended.
    idle: Arc<Mutex<Vec<Connection>>>,
}

impl GcSocket {
    pub(crate) fn new(path: Utf8PathBuf) -> Self {
        Self {
            path,
            answer_time: ANSWER_TIME,
            total_time: TOTAL_TIME,
            open_time: OPEN_TIME,
            idle: Arc::default(),
        }
    }

    /// Names full store paths to the collector that listens, if one does.
    pub(crate) fn name(&self, paths: &[Utf8PathBuf]) -> io::Result<()> {
        if paths.is_empty() {
            return Ok(());
        }
        let begun = Instant::now();
        for _ in 1..TRIES {
            match self.name_once(paths, begun) {
                Err(error) if collector_ended(&error) => drop(mem::take(&mut *self.idle())),
                done => return done,
            }
        }
        self.name_once(paths, begun)
    }

    fn name_once(&self, paths: &[Utf8PathBuf], begun: Instant) -> io::Result<()> {
        let Some(mut connection) = self.connection()? else {
            return Ok(());
        };
        for path in paths {
            if begun.elapsed() >= self.total_time {
                let time = humantime::format_duration(self.total_time);
                let why = format!("it did not answer for all paths within {time}");
                return Err(io::Error::other(why));
            }
            connection.name(path).map_err(|error| self.late(error))?;
        }
        self.idle().push(connection);
        Ok(())
    }

    /// `None` when nobody listens.
    fn connection(&self) -> io::Result<Option<Connection>> {
        let idle = self.idle().pop();
        if idle.is_some() {
            return Ok(idle);
        }
        match self.connect() {
            Ok(stream) => Ok(Some(Connection {
                stream,
                answered: None,
                open_time: self.open_time,
            })),
            Err(error) if nobody_listens(&error) => Ok(None),
            Err(error) => Err(self.late(error)),
        }
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
        socket.set_read_timeout(Some(self.answer_time))?;
        socket.set_write_timeout(Some(self.answer_time))?;
        connect(&socket, &SocketAddrUnix::new(self.path.as_str())?)?;
        Ok(socket)
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// "Resource temporarily unavailable" is how a socket says "too late".
    fn late(&self, error: io::Error) -> io::Error {
        match error.kind() {
            ErrorKind::WouldBlock | ErrorKind::TimedOut => {
                let time = humantime::format_duration(self.answer_time);
                io::Error::other(format!("it did not answer within {time}"))
            }
            _ => error,
        }
    }
}

/// A connection; dropping it waits until it was open for long enough.
#[derive(Debug)]
struct Connection {
    stream: UnixStream,
    /// When the first answer came.
    answered: Option<Instant>,
    open_time: Duration,
}

impl Connection {
    fn name(&mut self, path: &Utf8Path) -> io::Result<()> {
        self.stream.write_all(format!("{path}\n").as_bytes())?;
        let mut answer = [0];
        self.stream.read_exact(&mut answer)?;
        self.answered.get_or_insert_with(Instant::now);
        match &answer {
            b"1" => Ok(()),
            _ => Err(io::Error::other(format!(
                "it answered {answer:?} instead of 1"
            ))),
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        let Some(answered) = self.answered else {
            return;
        };
        let left = self.open_time.saturating_sub(answered.elapsed());
        // To a socket a timeout of zero is none at all; `std` refuses it.
        if !left.is_zero() && self.stream.set_read_timeout(Some(left)).is_ok() {
            // Nothing comes but the end of the collector.
            let _ = self.stream.read(&mut [0]);
        }
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
