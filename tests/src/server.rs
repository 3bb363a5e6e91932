//! A destination by HTTP that does what a test says.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

/// A request that a [`Server`] has read in full.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// `GET`, `HEAD`, `PUT`.
    pub method: String,
    /// The path with its leading slash, and the query if any.
    pub path: String,
    /// The headers, their names in lower case.
    pub headers: BTreeMap<String, String>,
    /// What a `PUT` carries.
    pub body: Vec<u8>,
}

/// What a [`Server`] does with a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// Never answers, and keeps the connection open.
    Hang,
    /// Closes the connection without an answer.
    Close,
    /// Answers with a status and an empty body.
    Status(u16),
    /// Answers 200 with a body.
    Body(Vec<u8>),
}

/// An HTTP server on a port of its own on loopback. Dropping it closes all its connections.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    shared: Arc<Shared>,
    cache: Arc<BinaryCache>,
}

#[derive(Debug, Default)]
struct Shared {
    requests: Mutex<Vec<Request>>,
    hanging: Mutex<Vec<TcpStream>>,
    stopped: AtomicBool,
}

impl Server {
    /// A server that answers each request as `handler` says, several at once.
    pub fn start(handler: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Server {
        Server::start_with(|_| None, handler)
    }

    /// Like [`Server::start`], but a request for which `in_mid_body` has a reply gets that one when
    /// the beginning of its body is read.
    fn start_with(
        in_mid_body: impl Fn(&Request) -> Option<Reply> + Send + Sync + 'static,
        handler: impl Fn(&Request) -> Reply + Send + Sync + 'static,
    ) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").expect("cannot listen on loopback");
        let address = listener.local_addr().expect("local_addr");
        let shared = Arc::new(Shared::default());
        let (handlers, for_thread) = (Arc::new((in_mid_body, handler)), Arc::clone(&shared));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if for_thread.stopped.load(Ordering::SeqCst) {
                    break;
                }
                let (handlers, shared) = (Arc::clone(&handlers), Arc::clone(&for_thread));
                thread::spawn(move || serve(stream, &shared, &handlers.0, &handlers.1));
            }
        });
        let cache = Arc::default();
        Server {
            address,
            shared,
            cache,
        }
    }

    /// A server that reads requests and never answers.
    pub fn hanging() -> Server {
        Server::start(|_| Reply::Hang)
    }

    /// A server that answers every request with this status.
    pub fn answering(status: u16) -> Server {
        Server::start(move |_| Reply::Status(status))
    }

    /// A binary cache in memory, empty at first: what is put can be got.
    pub fn binary_cache() -> Server {
        Server::binary_cache_except(|_| None)
    }

    /// A binary cache in memory, but for the requests that `exception` has a reply for.
    pub fn binary_cache_except(
        exception: impl Fn(&Request) -> Option<Reply> + Send + Sync + 'static,
    ) -> Server {
        let cache = Arc::new(BinaryCache::default());
        let store = Arc::clone(&cache);
        let mut server = Server::start(move |request| {
            exception(request).unwrap_or_else(|| store.answer(request))
        });
        server.cache = cache;
        server
    }

    /// A binary cache in memory that breaks off an upload for which `exception` has a reply, with
    /// that, when it has taken the beginning of it.
    pub fn binary_cache_that_breaks_off(
        exception: impl Fn(&Request) -> Option<Reply> + Send + Sync + 'static,
    ) -> Server {
        let cache = Arc::new(BinaryCache::default());
        let store = Arc::clone(&cache);
        let mut server = Server::start_with(exception, move |request| store.answer(request));
        server.cache = cache;
        server
    }

    /// Its address, as in `http://127.0.0.1:4711`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Deletes what was put into a binary cache at paths that end like this.
    pub fn delete(&self, ending: &str) {
        let mut files = self.cache.files.lock().expect("lock");
        files.retain(|path, _| !path.ends_with(ending));
    }

    /// The requests it has read so far, in order.
    pub fn requests(&self) -> Vec<Request> {
        self.shared.requests.lock().expect("lock").clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::SeqCst);
        // Wakes the listener, which then sees that it is over.
        let _ = TcpStream::connect(self.address);
        for stream in self.shared.hanging.lock().expect("lock").drain(..) {
            let _ = stream.shutdown(std::net::Shutdown::Both);
        }
    }
}

/// The files of a binary cache.
#[derive(Debug, Default)]
struct BinaryCache {
    files: Mutex<BTreeMap<String, Vec<u8>>>,
}

impl BinaryCache {
    fn answer(&self, request: &Request) -> Reply {
        let mut files = self.files.lock().expect("lock");
        match request.method.as_str() {
            "PUT" => {
                files.insert(request.path.clone(), request.body.clone());
                Reply::Status(200)
            }
            _ => files
                .get(&request.path)
                .map_or(Reply::Status(404), |body| Reply::Body(body.clone())),
        }
    }
}

/// Serves one request of a connection; the answer closes it.
fn serve(
    stream: TcpStream,
    shared: &Shared,
    in_mid_body: &dyn Fn(&Request) -> Option<Reply>,
    handler: &dyn Fn(&Request) -> Reply,
) {
    let mut reader = BufReader::new(&stream);
    let Some(mut request) = read_head(&mut reader) else {
        return;
    };
    let early = in_mid_body(&request);
    if early.is_none() {
        let Some(body) = read_body(&mut reader, &request.headers) else {
            return;
        };
        request.body = body;
    }
    shared.requests.lock().expect("lock").push(request.clone());
    let reply = early.unwrap_or_else(|| handler(&request));
    // A client that has gone away is no concern of the harness.
    let _ = match reply {
        Reply::Hang => {
            shared.hanging.lock().expect("lock").push(stream);
            Ok(())
        }
        Reply::Close => Ok(()),
        Reply::Status(status) => answer(&stream, status, &request, b""),
        Reply::Body(body) => answer(&stream, 200, &request, &body),
    };
}

fn answer(mut to: &TcpStream, status: u16, request: &Request, body: &[u8]) -> std::io::Result<()> {
    let length = body.len();
    write!(
        to,
        "HTTP/1.1 {status} Status\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    )?;
    if request.method != "HEAD" {
        to.write_all(body)?;
    }
    to.flush()
}

/// All but the body.
fn read_head(reader: &mut BufReader<&TcpStream>) -> Option<Request> {
    let line = read_line(reader)?;
    let mut words = line.split(' ');
    let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = BTreeMap::new();
    loop {
        let line = read_line(reader)?;
        if line.is_empty() {
            break;
        }
        let (name, value) = line.split_once(':')?;
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    if headers.contains_key("expect") {
        let mut stream = *reader.get_ref();
        stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").ok()?;
        // The beginning of the body is in the buffer then.
        reader.fill_buf().ok()?;
    }
    let body = Vec::new();
    Some(Request {
        method,
        path,
        headers,
        body,
    })
}

fn read_body(reader: &mut impl BufRead, headers: &BTreeMap<String, String>) -> Option<Vec<u8>> {
    if headers
        .get("transfer-encoding")
        .is_some_and(|value| value == "chunked")
    {
        return read_chunks(reader);
    }
    let length = headers.get("content-length");
    let mut body = vec![0; length.map_or(Some(0), |text| text.parse().ok())?];
    reader.read_exact(&mut body).ok()?;
    Some(body)
}

fn read_chunks(reader: &mut impl BufRead) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let size = usize::from_str_radix(&read_line(reader)?, 16).ok()?;
        let start = body.len();
        body.resize(start + size, 0);
        reader.read_exact(&mut body[start..]).ok()?;
        read_line(reader)?;
        if size == 0 {
            return Some(body);
        }
    }
}

/// A line without its end; `None` at the end of the stream.
fn read_line(reader: &mut impl BufRead) -> Option<String> {
    let mut line = String::new();
    (reader.read_line(&mut line).ok()? > 0).then(|| line.trim_end().to_owned())
}
