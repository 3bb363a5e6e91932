//! Whether a child moves data, seen from outside.
//!
//! Output alone does not tell: while an HTTP server hangs, Nix repeats its
//! state several times a second (2.8.0, 2.26.3, 2.34.8), and while one uploads
//! a large file over HTTP, 2.8.0 and 2.26.3 say the very same (their progress
//! callback looks at downloads only: `src/libstore/filetransfer.cc`,
//! `progressCallback`). So two counters of the kernel are looked at as well.

use std::collections::{HashMap, HashSet};
use std::fs;

/// Reads and writes below this many bytes may be heartbeats.
const NOISE: u64 = 4096;

/// Watches one process.
#[derive(Debug)]
pub(crate) struct Movement {
    pid: u32,
    /// The transfer counter when something last moved.
    transferred: u64,
    /// Unacknowledged bytes of each TCP connection, by inode.
    unsent: HashMap<u64, u64>,
}

impl Movement {
    pub(crate) fn of(pid: u32) -> Self {
        Self {
            pid,
            transferred: 0,
            unsent: HashMap::new(),
        }
    }

    /// Whether something moved since it last said so. `heard` is how many
    /// bytes we have read of what the child wrote: they do not count.
    pub(crate) fn look(&mut self, heard: u64) -> bool {
        let transferred = self.transferred().saturating_sub(heard);
        let unsent = self.unsent();
        let moved = transferred > self.transferred + NOISE || changed(&self.unsent, &unsent);
        if moved {
            self.transferred = transferred;
        }
        self.unsent = unsent;
        moved
    }

    /// Bytes through `read` and `write`: files, pipes to `ssh`, the daemon's
    /// socket. Sockets used with `send` and `recv` are not counted there.
    fn transferred(&self) -> u64 {
        let io = fs::read_to_string(format!("/proc/{}/io", self.pid)).unwrap_or_default();
        io.lines()
            .filter_map(|line| {
                line.strip_prefix("rchar: ")
                    .or(line.strip_prefix("wchar: "))
            })
            .filter_map(|number| number.parse::<u64>().ok())
            .sum()
    }

    /// While data flows out, what the other side has not yet acknowledged
    /// changes all the time; when it hangs, that stands still.
    fn unsent(&self) -> HashMap<u64, u64> {
        let sockets = self.sockets();
        if sockets.is_empty() {
            return HashMap::new();
        }
        ["tcp", "tcp6"]
            .iter()
            .filter_map(|table| fs::read_to_string(format!("/proc/{}/net/{table}", self.pid)).ok())
            .flat_map(|table| table.lines().filter_map(connection).collect::<Vec<_>>())
            .filter(|(inode, _)| sockets.contains(inode))
            .collect()
    }

    fn sockets(&self) -> HashSet<u64> {
        let Ok(descriptors) = fs::read_dir(format!("/proc/{}/fd", self.pid)) else {
            return HashSet::new();
        };
        descriptors
            .filter_map(|entry| fs::read_link(entry.ok()?.path()).ok())
            .filter_map(|target| {
                let inode = target
                    .to_str()?
                    .strip_prefix("socket:[")?
                    .strip_suffix(']')?;
                inode.parse().ok()
            })
            .collect()
    }
}

/// A new connection proves nothing: retrying makes new ones.
fn changed(before: &HashMap<u64, u64>, now: &HashMap<u64, u64>) -> bool {
    now.iter()
        .any(|(inode, unsent)| before.get(inode).is_some_and(|known| known != unsent))
}

/// Inode and send queue of a line of `/proc/net/tcp` (proc_net_tcp.rst in
/// Linux's documentation), if the connection is established.
fn connection(line: &str) -> Option<(u64, u64)> {
    const ESTABLISHED: &str = "01";
    let fields: Vec<&str> = line.split_whitespace().collect();
    let (queues, inode) = (fields.get(4)?, fields.get(9)?);
    if *fields.get(3)? != ESTABLISHED {
        return None;
    }
    let unsent = u64::from_str_radix(queues.split(':').next()?, 16).ok()?;
    Some((inode.parse().ok()?, unsent))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wait::wait_for;
    use std::io::{BufReader, Read, Write};
    use std::net::{TcpListener, TcpStream};
    use std::process::{Command, Stdio};

    #[test]
    fn a_line_of_the_kernels_table_is_understood() {
        let line = "   2: 0100007F:8E2A 0100007F:46A0 01 00275F40:00000000 01:00000014 00000000  1000        0 4711 2 0000000000000000 20 4 30 10 -1";
        assert_eq!(connection(line), Some((4711, 0x0027_5f40)));
        assert_eq!(connection(&line.replace(" 01 0027", " 02 0027")), None);
        assert_eq!(
            connection("  sl  local_address rem_address   st tx_queue rx_queue tr"),
            None
        );
    }

    /// The kernel's table may leave out a connection while others come and go.
    fn unsent(inode: u64) -> u64 {
        let movement = Movement::of(std::process::id());
        wait_for("the connection in the kernel's table", || {
            movement.unsent().get(&inode).copied()
        })
    }

    fn inode(socket: &TcpStream) -> u64 {
        let fd = std::os::fd::AsRawFd::as_raw_fd(socket);
        let name = fs::read_link(format!("/proc/self/fd/{fd}")).unwrap();
        let digits = |c: char| !c.is_ascii_digit();
        name.to_str().unwrap().trim_matches(digits).parse().unwrap()
    }

    #[test]
    fn what_the_other_side_has_not_taken_is_seen_and_that_it_takes_it() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut sender = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (mut receiver, _) = listener.accept().unwrap();
        sender.set_nonblocking(true).unwrap();
        let inode = inode(&sender);
        wait_for("a sender that waits", || {
            let waits = sender.write(&[0; 65536]).is_err() && unsent(inode) > 0;
            waits.then_some(())
        });
        let full = unsent(inode);
        let mut buffer = vec![0; 65536];
        wait_for("a sender that goes on", || {
            // Never blocks: the sender has more.
            assert!(receiver.read(&mut buffer).unwrap() > 0);
            (unsent(inode) < full).then_some(())
        });
    }

    #[test]
    fn a_change_counts_and_a_new_connection_does_not() {
        let table = |rows: &[(u64, u64)]| rows.iter().copied().collect::<HashMap<_, _>>();
        assert!(changed(&table(&[(1, 5)]), &table(&[(1, 4)])));
        assert!(!changed(&table(&[(1, 5)]), &table(&[(1, 5), (2, 9)])));
        assert!(!changed(&table(&[(1, 5)]), &table(&[])));
    }

    #[test]
    fn bytes_that_we_heard_ourselves_do_not_count() {
        let mut cat = Command::new("cat")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (mut input, output) = (cat.stdin.take().unwrap(), cat.stdout.take().unwrap());
        let mut output = BufReader::new(output);
        let mut echo = |bytes: &[u8]| {
            input.write_all(bytes).unwrap();
            let mut back = vec![0; bytes.len()];
            output.read_exact(&mut back).unwrap();
        };
        echo(b"x"); // it has started, with all that this reads
        let mut movement = Movement::of(cat.id());
        movement.look(0);
        echo(&[0; 30_000]);
        // Read once and written once.
        assert!(!movement.look(60_000));
        assert!(movement.look(0));
        assert!(!movement.look(0));
        drop(input);
        cat.wait().unwrap();
    }
}
