//! HTTP servers.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use system_tests::{Nix, Reply, Request, Server, expr};

use crate::faulty_queue::FaultyQueue;

fn is_put(request: &Request) -> bool {
    request.method == "PUT" && request.path != "/nix-cache-info"
}

/// A switch that mends a server.
#[derive(Clone, Default)]
struct Mended(Arc<AtomicBool>);

impl Mended {
    fn mend(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    fn is_mended(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

/// A cache that gives this reply to all that `concerned` says, until it is mended.
fn faulty(concerned: fn(&Request) -> bool, reply: Reply) -> (Server, Mended) {
    let mended = Mended::default();
    let told = mended.clone();
    let server = Server::binary_cache_except(move |request| {
        (concerned(request) && !told.is_mended()).then(|| reply.clone())
    });
    (server, mended)
}

fn breaking_off(reply: Reply) -> (Server, Mended) {
    let mended = Mended::default();
    let told = mended.clone();
    let server = Server::binary_cache_that_breaks_off(move |request| {
        let is_nar = request.method == "PUT" && request.path.starts_with("/nar/");
        (is_nar && !told.is_mended()).then(|| reply.clone())
    });
    (server, mended)
}

/// Our limit is not to be met before Nix has said what it has to say.
const PATIENT: &str = "stall-timeout = \"30s\"";
/// Once instead of five times. With the second time 2.8.0 hangs, until our limit ends it.
const TRIES_ONCE: &str = "nix-opts = [\"--option\", \"download-attempts\", \"1\"]";
const SHORT: &str = "stall-timeout = \"2s\"";

/// Of more bytes than the buffers of all that is in between.
fn large_paths() -> String {
    expr::with_drv(
        r#"map (name: drv name "/usr/bin/head -c 9000000 /dev/urandom > $out") [ "one" "two" ]"#,
    )
}

/// Nix compresses slowly otherwise.
fn uncompressed(server: &Server) -> String {
    format!("{}?compression=none", server.url())
}

#[test]
fn one_that_answers_500_to_everything() {
    let (server, mended) = faulty(|_| true, Reply::Status(500));
    let queue = FaultyQueue::new("HTTP 500", Nix::new(), &server.url(), PATIENT);
    queue.push().blames_the_destination().says(&["500"]);
    mended.mend();
    queue.arrives_once_mended();
}

#[test]
fn one_that_answers_500_to_uploads() {
    let (server, mended) = faulty(is_put, Reply::Status(500));
    let queue = FaultyQueue::new("HTTP 500 to uploads", Nix::new(), &server.url(), TRIES_ONCE);
    let seen = queue.push().blames_the_destination_after_two_entries();
    seen.says(&["500"]);
    mended.mend();
    queue.arrives_once_mended();
}

#[test]
fn one_that_answers_403_to_everything() {
    let (server, mended) = faulty(|_| true, Reply::Status(403));
    let queue = FaultyQueue::new("HTTP 403", Nix::new(), &server.url(), PATIENT);
    queue.push().blames_the_destination().says(&["credentials"]);
    mended.mend();
    queue.arrives_once_mended();
}

#[test]
fn one_that_answers_403_to_uploads() {
    let (server, mended) = faulty(is_put, Reply::Status(403));
    let queue = FaultyQueue::new("HTTP 403 to uploads", Nix::new(), &server.url(), PATIENT);
    queue
        .push()
        .blames_the_destination_after_two_entries()
        .says(&["credentials"]);
    mended.mend();
    queue.arrives_once_mended();
}

#[test]
fn one_that_never_answers() {
    let (server, mended) = faulty(|_| true, Reply::Hang);
    let queue = FaultyQueue::new("HTTP, no answer", Nix::new(), &server.url(), SHORT);
    let seen = queue.push().blames_the_destination();
    seen.takes(Duration::from_secs(2)).says(&["2 s"]);
    mended.mend();
    queue.arrives_once_mended();
}

#[test]
fn one_that_hangs_in_mid_upload() {
    let (server, mended) = breaking_off(Reply::Hang);
    let queue = FaultyQueue::holding(
        &large_paths(),
        "HTTP, hangs in mid-upload",
        Nix::new(),
        &uncompressed(&server),
        SHORT,
    );
    let seen = queue.push().blames_the_destination_after_two_entries();
    seen.takes(Duration::from_secs(4))
        .says(&["nothing moved for 2 s"]);
    mended.mend();
    queue.arrives_once_mended();
}

#[test]
fn one_that_cuts_every_connection() {
    let (server, mended) = faulty(|_| true, Reply::Close);
    let queue = FaultyQueue::new("HTTP, connection cut", Nix::new(), &server.url(), PATIENT);
    queue.push().blames_the_destination();
    mended.mend();
    queue.arrives_once_mended();
}

#[test]
fn one_that_cuts_the_connection_in_mid_upload() {
    let (server, mended) = breaking_off(Reply::Close);
    let queue = FaultyQueue::holding(
        &large_paths(),
        "HTTP, connection cut in mid-upload",
        Nix::new(),
        &uncompressed(&server),
        PATIENT,
    );
    queue.push().blames_the_destination_after_two_entries();
    mended.mend();
    queue.arrives_once_mended();
}

/// The server lets in `me` with `right`.
fn guarded() -> Server {
    Server::binary_cache_except(|request| {
        // base64 of `me:right`
        let known = Some("Basic bWU6cmlnaHQ=");
        let given = request.headers.get("authorization").map(String::as_str);
        (given != known).then_some(Reply::Status(401))
    })
}

#[test]
fn one_that_does_not_know_the_password() {
    let server = guarded();
    let nix = Nix::new();
    let netrc = nix.dir().join("netrc");
    let write = |password: &str| {
        let text = format!("machine 127.0.0.1 login me password {password}\n");
        fs::write(&netrc, text).expect("write");
    };
    write("planted-wrong");
    let more = "nix-opts = [\"--option\", \"netrc-file\", \"@T@/netrc\"]";
    let queue = FaultyQueue::new("HTTP 401, wrong netrc", nix, &server.url(), more);
    let seen = queue.push().blames_the_destination();
    seen.says(&["credentials", "netrc-file"]);
    write("right");
    queue.arrives_once_mended();
}
