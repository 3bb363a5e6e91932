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
        let listener = TcpListener::bind("127.0.0.1:0").expect("cannot listen on loopback");
        let address = listener.local_addr().expect("local_addr");
        let shared = Arc::new(Shared::default());
        let (handler, for_thread) = (Arc::new(handler), Arc::clone(&shared));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if for_thread.stopped.load(Ordering::SeqCst) {
                    break;
                }
                let (handler, shared) = (Arc::clone(&handler), Arc::clone(&for_thread));
                thread::spawn(move || serve(stream, &shared, &*handler));
            }
        });
        Server { address, shared }
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
        let store = BinaryCache::default();
        Server::start(move |request| exception(request).unwrap_or_else(|| store.answer(request)))
    }

    /// Its address, as in `http://127.0.0.1:4711`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
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
fn serve(stream: TcpStream, shared: &Shared, handler: &dyn Fn(&Request) -> Reply) {
    let Some(request) = read_request(&stream) else {
        return;
    };
    shared.requests.lock().expect("lock").push(request.clone());
    // A client that has gone away is no concern of the harness.
    let _ = match handler(&request) {
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

fn read_request(stream: &TcpStream) -> Option<Request> {
    let mut reader = BufReader::new(stream);
    let line = read_line(&mut reader)?;
    let mut words = line.split(' ');
    let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = BTreeMap::new();
    loop {
        let line = read_line(&mut reader)?;
        if line.is_empty() {
            break;
        }
        let (name, value) = line.split_once(':')?;
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    if headers.contains_key("expect") {
        let mut stream = stream;
        stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").ok()?;
    }
    let body = read_body(&mut reader, &headers)?;
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
