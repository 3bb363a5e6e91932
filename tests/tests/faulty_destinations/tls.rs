//! Certificates that do not fit.

use system_tests::{Nix, TlsServer};

use crate::fault::Fault;

const HINT: &str = "the certificate of the destination does not fit";

#[test]
fn one_whose_certificate_nobody_knows() {
    let nix = Nix::new();
    let server = TlsServer::start(&nix, "IP:127.0.0.1");
    let fault = Fault::new("TLS, unknown CA", nix, server.url(), "");
    let seen = fault.push().blames_the_destination();
    seen.says(&["certificate", HINT, "NIX_SSL_CERT_FILE"]);
    fault.is_left_behind();
}

#[test]
fn one_whose_certificate_is_for_another_name() {
    let mut nix = Nix::new();
    let server = TlsServer::start(&nix, "DNS:cache.example.org");
    nix.set_env("NIX_SSL_CERT_FILE", server.certificate().as_str());
    let fault = Fault::new("TLS, wrong name", nix, server.url(), "");
    fault.push().blames_the_destination().says(&[HINT]);
    fault.is_left_behind();
}

/// The tests above are about certificates: with one that fits this server answers.
#[test]
fn one_whose_certificate_fits_is_talked_to() {
    let mut nix = Nix::new();
    let server = TlsServer::start(&nix, "IP:127.0.0.1");
    nix.set_env("NIX_SSL_CERT_FILE", server.certificate().as_str());
    let fault = Fault::new("TLS, control", nix, server.url(), "stall-timeout = \"2s\"");
    // But it has no answer to most questions.
    fault.push().keeps_everything().complains().lacks(HINT);
}
