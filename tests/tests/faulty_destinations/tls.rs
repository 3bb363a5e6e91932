//! Certificates that do not fit.

use system_tests::{Nix, TlsServer};

use crate::faulty_queue::FaultyQueue;

const HINT: &str = "the certificate of the destination does not fit";

#[test]
fn one_whose_certificate_nobody_knows() {
    let nix = Nix::new();
    let server = TlsServer::start(&nix, "IP:127.0.0.1");
    let queue = FaultyQueue::new("TLS, unknown CA", nix, server.url(), "");
    let seen = queue.push().blames_the_destination();
    seen.says(&["certificate", HINT, "NIX_SSL_CERT_FILE"]);
    queue.arrives_elsewhere();
}

#[test]
fn one_whose_certificate_is_for_another_name() {
    let mut nix = Nix::new();
    let server = TlsServer::start(&nix, "DNS:cache.example.org");
    nix.set_env("NIX_SSL_CERT_FILE", server.certificate().as_str());
    let queue = FaultyQueue::new("TLS, wrong name", nix, server.url(), "");
    queue.push().blames_the_destination().says(&[HINT]);
    queue.arrives_elsewhere();
}

/// The tests above are about certificates: with one that fits this server answers.
#[test]
fn one_whose_certificate_fits_is_talked_to() {
    let mut nix = Nix::new();
    let server = TlsServer::start(&nix, "IP:127.0.0.1");
    nix.set_env("NIX_SSL_CERT_FILE", server.certificate().as_str());
    let queue = FaultyQueue::new("TLS, control", nix, server.url(), "stall-timeout = \"2s\"");
    // But it has no answer to most questions.
    queue.push().keeps_everything().complains().lacks(HINT);
}
