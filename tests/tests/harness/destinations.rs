//! Where things are copied to: stores, and servers with faults.

use std::io::{Read, Write};
use std::net::TcpStream;

use rustix::process::Signal;
use system_tests::{Nix, Reply, Run, Server, expr, wait_until};

#[test]
fn a_path_is_found_in_the_store_it_was_copied_to() {
    let nix = Nix::new();
    let paths = nix.build(&expr::independent(2));
    let cache = format!("file://{}/cache", nix.dir());
    for store in [cache, nix.ssh_ng_store("remote")] {
        nix.copy_to(&store, &paths[..1]);
        assert_eq!(nix.valid_in(&store, &paths), paths[..1], "{store}");
    }
}

#[test]
fn an_http_binary_cache_takes_paths_and_gives_them_back() {
    let nix = Nix::new();
    let path = nix.build_one(&expr::chain(2));
    let server = Server::binary_cache();
    let mut command = nix.command("nix");
    command.args(["copy", "--to", &server.url(), path.as_str()]);
    command.run().success();
    assert_eq!(
        nix.valid_in(&server.url(), std::slice::from_ref(&path))
            .len(),
        1
    );
    nix.gc();
    assert!(!nix.is_valid(&path));
    let mut command = nix.command("nix");
    command.args([
        "copy",
        "--no-check-sigs",
        "--from",
        &server.url(),
        path.as_str(),
    ]);
    command.run().success();
    assert!(nix.is_valid(&path));
    assert!(
        server
            .requests()
            .iter()
            .any(|request| request.method == "PUT")
    );
}

#[test]
fn a_server_hangs_closes_or_answers_as_told() {
    let server = Server::start(|request| match request.path.as_str() {
        "/hang" => Reply::Hang,
        "/close" => Reply::Close,
        "/body" => Reply::Body(b"hello".to_vec()),
        _ => Reply::Status(503),
    });
    let ask = |path: &str| {
        let address = server.url().replace("http://", "");
        let mut stream = TcpStream::connect(address).expect("connect");
        write!(stream, "GET {path} HTTP/1.1\r\nHost: x\r\n\r\n").expect("write");
        stream
    };
    let read = |mut stream: TcpStream| {
        let mut text = String::new();
        stream.read_to_string(&mut text).map(|_| text)
    };
    assert!(
        read(ask("/body"))
            .expect("answer")
            .ends_with("\r\n\r\nhello")
    );
    assert!(
        read(ask("/other"))
            .expect("answer")
            .starts_with("HTTP/1.1 503")
    );
    assert_eq!(read(ask("/close")).unwrap_or_default(), "");
    let hanging = ask("/hang");
    wait_until("the request", || server.requests().len() == 4);
    hanging.set_nonblocking(true).expect("set_nonblocking");
    assert!((&hanging).read(&mut [0]).is_err(), "an answer came");
    hanging.set_nonblocking(false).expect("set_nonblocking");
    drop(server);
    assert_eq!(read(hanging).unwrap_or_default(), "");
}

#[test]
fn a_binary_cache_may_refuse_one_path_and_take_others() {
    let nix = Nix::new();
    let paths = nix.build(&expr::independent(2));
    let hash = paths[0].as_str()[nix.store_dir().as_str().len() + 1..][..32].to_owned();
    let server = Server::binary_cache_except(move |request| {
        (request.method == "PUT" && request.path.contains(&hash)).then_some(Reply::Status(403))
    });
    let mut command = nix.command("nix");
    let copy = command.args(["copy", "--to", &server.url(), paths[0].as_str()]);
    copy.run().fails().stderr_has("403");
    nix.copy_to(&server.url(), &paths[1..]);
    assert_eq!(nix.valid_in(&server.url(), &paths), paths[1..]);
}

#[test]
fn nix_copy_waits_for_a_server_that_hangs() {
    let nix = Nix::new();
    let path = nix.build_one(&expr::file("stuck", "stuck"));
    let server = Server::hanging();
    let mut command = nix.command("nix");
    let mut copy = command
        .args(["copy", "--to", &server.url(), path.as_str()])
        .start();
    wait_until("a request", || !server.requests().is_empty());
    assert!(copy.is_running());
    copy.signal(Signal::TERM);
    assert_ne!(copy.wait().code, 0);
}
