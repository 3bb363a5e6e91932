//! Latency without a limit of throughput.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

/// How long a byte is under way in each direction: 50 ms there and back.
const ONE_WAY: Duration = Duration::from_millis(25);

/// What was read from a connection, and when it is to be written to the other one.
type Chunk = (Instant, Vec<u8>);

/// A TCP proxy on loopback that hands on every byte 25 ms after it came, in both directions.
///
/// Any amount may be under way, and any number of connections. A new connection is usable after
/// one round trip, as one to a distant host is. Windows of TCP that grow slowly are not imitated.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DelayProxy {
    address: SocketAddr,
}

impl DelayProxy {
    /// Starts one before `target`. It lives as long as the process.
    pub(crate) fn start(target: SocketAddr) -> std::io::Result<DelayProxy> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                // A connection that cannot be made is closed, as the target would.
                if let Ok(server) = TcpStream::connect(target) {
                    drop(join(client, server));
                }
            }
        });
        Ok(DelayProxy { address })
    }

    /// The port it listens on.
    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }
}

/// Hands on what comes from each to the other.
fn join(client: TcpStream, server: TcpStream) -> std::io::Result<()> {
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    // The handshake, which the kernel has already done.
    let usable = Instant::now() + 2 * ONE_WAY;
    hand_on(client.try_clone()?, server.try_clone()?, usable);
    hand_on(server, client, Instant::now());
    Ok(())
}

fn hand_on(from: TcpStream, to: TcpStream, usable: Instant) {
    let (sender, receiver) = channel();
    thread::spawn(move || read(from, &sender, usable));
    thread::spawn(move || write(to, &receiver));
}

fn read(mut from: TcpStream, sender: &Sender<Chunk>, usable: Instant) {
    let mut buffer = vec![0; 256 * 1024];
    loop {
        let n = from.read(&mut buffer).unwrap_or(0);
        let due = Instant::now().max(usable) + ONE_WAY;
        // An empty chunk is the end.
        if sender.send((due, buffer[..n].to_vec())).is_err() || n == 0 {
            return;
        }
    }
}

fn write(mut to: TcpStream, receiver: &Receiver<Chunk>) {
    for (due, bytes) in receiver {
        thread::sleep(due.saturating_duration_since(Instant::now()));
        if bytes.is_empty() || to.write_all(&bytes).is_err() {
            break;
        }
    }
    // The other side may have closed it already.
    let _ = to.shutdown(Shutdown::Write);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn echo() -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                thread::spawn(move || std::io::copy(&mut stream.try_clone().unwrap(), &mut stream));
            }
        });
        address
    }

    fn connect() -> TcpStream {
        let proxy = DelayProxy::start(echo()).unwrap();
        TcpStream::connect(("127.0.0.1", proxy.port())).unwrap()
    }

    fn round_trip(stream: &mut TcpStream) -> Duration {
        let start = Instant::now();
        stream.write_all(b"x").unwrap();
        stream.read_exact(&mut [0]).unwrap();
        start.elapsed()
    }

    #[test]
    fn a_byte_takes_no_less_than_50_ms_there_and_back_and_the_first_one_a_handshake_more() {
        let mut stream = connect();
        assert!(round_trip(&mut stream) >= Duration::from_millis(99));
        let best = (0..5).map(|_| round_trip(&mut stream)).min().unwrap();
        println!("round trip: {best:?}");
        assert!(best >= Duration::from_millis(50));
    }

    #[test]
    fn bytes_arrive_in_order_and_the_end_does_too() {
        let mut stream = connect();
        let sent: Vec<u8> = (0..3_000_000_u32).flat_map(u32::to_le_bytes).collect();
        let (mut writer, bytes) = (stream.try_clone().unwrap(), sent.clone());
        let start = Instant::now();
        thread::spawn(move || {
            writer.write_all(&bytes).unwrap();
            writer.shutdown(Shutdown::Write).unwrap();
        });
        let mut received = Vec::new();
        stream.read_to_end(&mut received).unwrap();
        println!("12 MB there and back: {:?}", start.elapsed());
        assert!(received == sent);
    }
}
