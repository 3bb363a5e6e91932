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
    pub(crate) deadline: Option<Instant>,
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
            deadline: None,
            open_time: OPEN_TIME,
            idle: Arc::default(),
        }
    }

    /// Names full store paths to the collector that listens, if one does.
    pub(crate) fn name(&self, paths: &[Utf8PathBuf]) -> io::Result<()> {
        if paths.is_empty() {
            return Ok(());
        }
        let time = self.time(Instant::now());
        for _ in 1..TRIES {
            match self.name_once(paths, &time) {
                Err(error) if collector_ended(&error) => drop(mem::take(&mut *self.idle())),
                done => return done,
            }
        }
        self.name_once(paths, &time)
    }

    /// What naming paths may take that begins now.
    fn time(&self, now: Instant) -> AnswerTime {
        let until = |deadline: Instant| deadline.saturating_duration_since(now);
        let left = self.deadline.map_or(Duration::MAX, until);
        AnswerTime {
            begun: now,
            each: self.answer_time,
            all: self.total_time.min(left),
        }
    }

    fn name_once(&self, paths: &[Utf8PathBuf], time: &AnswerTime) -> io::Result<()> {
        let Some(mut connection) = self.connection(time)? else {
            return Ok(());
        };
        for path in paths {
            let left = time.left(Instant::now());
            if left.is_zero() {
                let all = shown(time.all);
                let why = format!("it did not answer for all paths within {all}");
                return Err(io::Error::other(why));
            }
            connection
                .name(path, time)
                .map_err(|error| late(error, left))?;
        }
        self.idle().push(connection);
        Ok(())
    }

    /// `None` when nobody listens, which is known at once, however little time there is.
    fn connection(&self, time: &AnswerTime) -> io::Result<Option<Connection>> {
        let idle = self.idle().pop();
        if idle.is_some() {
            return Ok(idle);
        }
        let left = time.left(Instant::now());
        match self.connect(left) {
            Ok(stream) => Ok(Some(Connection {
                stream,
                made: Instant::now(),
                answered: None,
                open_time: self.open_time,
            })),
            Err(error) if nobody_listens(&error) => Ok(None),
            Err(error) => Err(late(error, left)),
        }
    }

    /// The timeouts come before the connection: while a collector does not
    /// accept (its backlog is five), connecting itself waits for it.
    fn connect(&self, left: Duration) -> io::Result<UnixStream> {
        let socket = socket_with(
            AddressFamily::UNIX,
            SocketType::STREAM,
            SocketFlags::CLOEXEC,
            None,
        )?;
        let socket = UnixStream::from(socket);
        give(&socket, left)?;
        connect(&socket, &SocketAddrUnix::new(self.path.as_str())?)?;
        Ok(socket)
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What answers may take, each of them and all together.
#[derive(Debug)]
struct AnswerTime {
    begun: Instant,
    each: Duration,
    all: Duration,
}

impl AnswerTime {
    /// What the next answer is given: zero when the time for all of them is over.
    fn left(&self, now: Instant) -> Duration {
        let of_all = self
            .all
            .saturating_sub(now.saturating_duration_since(self.begun));
        self.each.max(LEAST).min(of_all)
    }
}

/// To a socket a timeout of zero is none at all; `std` refuses it.
const LEAST: Duration = Duration::from_nanos(1);

fn give(stream: &UnixStream, time: Duration) -> io::Result<()> {
    stream.set_read_timeout(Some(time.max(LEAST)))?;
    stream.set_write_timeout(Some(time.max(LEAST)))
}

/// "Resource temporarily unavailable" is how a socket says "too late".
fn late(error: io::Error, given: Duration) -> io::Error {
    match error.kind() {
        ErrorKind::WouldBlock | ErrorKind::TimedOut => {
            io::Error::other(format!("it did not answer within {}", shown(given)))
        }
        _ => error,
    }
}

fn shown(time: Duration) -> humantime::FormattedDuration {
    let millis = Duration::from_millis(time.subsec_millis().into());
    humantime::format_duration(Duration::from_secs(time.as_secs()) + millis)
}

/// A connection; dropping it waits until it was open for long enough.
#[derive(Debug)]
struct Connection {
    stream: UnixStream,
    made: Instant,
    /// When the first answer came.
    answered: Option<Instant>,
    open_time: Duration,
}

impl Connection {
    fn name(&mut self, path: &Utf8Path, time: &AnswerTime) -> io::Result<()> {
        give(&self.stream, time.left(Instant::now()))?;
        self.stream.write_all(format!("{path}\n").as_bytes())?;
        // Writing waited as well, if the collector reads nothing.
        give(&self.stream, time.left(Instant::now()))?;
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
        // Who had no time for an answer is not gone at once either.
        let since = self.answered.unwrap_or(self.made);
        let left = self.open_time.saturating_sub(since.elapsed());
        if !left.is_zero() && give(&self.stream, left).is_ok() {
            // Nothing comes but a late answer, or the end of the collector.
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

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn an_answer_is_given_no_more_than_is_left_of_the_time_for_all() {
        let now = Instant::now();
        let mut socket = GcSocket::new("/nowhere".into());
        let left = |socket: &GcSocket, begun: u64, later: u64| {
            let time = socket.time(now + seconds(begun));
            time.left(now + seconds(begun + later))
        };
        assert_eq!(left(&socket, 0, 0), seconds(2));
        assert_eq!(left(&socket, 0, 9), seconds(1));
        assert_eq!(left(&socket, 0, 10), Duration::ZERO);
        assert_eq!(left(&socket, 0, 11), Duration::ZERO);
        // However often somebody begins anew, the deadline stays.
        socket.deadline = Some(now + seconds(5));
        assert_eq!(left(&socket, 0, 0), seconds(2));
        assert_eq!(left(&socket, 0, 4), seconds(1));
        assert_eq!(left(&socket, 4, 0), seconds(1));
        assert_eq!(left(&socket, 4, 1), Duration::ZERO);
        assert_eq!(left(&socket, 6, 0), Duration::ZERO);
        socket.total_time = Duration::MAX;
        socket.answer_time = Duration::ZERO;
        assert_eq!(left(&socket, 0, 0), LEAST);
    }
}
