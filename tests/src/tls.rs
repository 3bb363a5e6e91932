//! A destination by HTTPS that nobody trusts.

use camino::Utf8PathBuf;

use crate::nix::Nix;
use crate::run::{Run, Running};
use crate::wait::wait_for;

/// An HTTPS server (`openssl s_server`) on loopback that has nothing but a `nix-cache-info`, and a
/// certificate that it signed itself. Dropping it ends it.
#[derive(Debug)]
pub struct TlsServer {
    certificate: Utf8PathBuf,
    url: String,
    _running: Running,
}

impl TlsServer {
    /// Starts one whose certificate is for `name`: `IP:127.0.0.1`, `DNS:cache.example.org`.
    ///
    /// # Panics
    ///
    /// If there is no `openssl`, or it does not listen within a minute.
    #[track_caller]
    pub fn start(nix: &Nix, name: &str) -> TlsServer {
        let dir = nix.dir().join("tls");
        std::fs::create_dir(&dir).expect("mkdir");
        let info = format!("StoreDir: {}\n", nix.store_dir());
        std::fs::write(dir.join("nix-cache-info"), info).expect("write");
        let mut openssl = nix.command("openssl");
        openssl.args(["req", "-x509", "-nodes", "-newkey", "ec", "-pkeyopt"]);
        openssl.args(["ec_paramgen_curve:prime256v1", "-subj", "/CN=test"]);
        openssl.args(["-addext", &format!("subjectAltName={name}")]);
        openssl.args(["-keyout", "tls/key", "-out", "tls/certificate"]);
        openssl.run().success();
        let mut openssl = nix.command("openssl");
        openssl.args(["s_server", "-accept", "127.0.0.1:0", "-WWW"]);
        openssl.args(["-key", "key", "-cert", "certificate"]);
        let running = openssl.current_dir(&dir).start();
        // `ACCEPT 127.0.0.1:4711`
        let address = wait_for("the TLS server to listen", || {
            let told = running.stdout_so_far();
            let line = told.lines().find_map(|line| line.strip_prefix("ACCEPT "))?;
            line.contains(':').then(|| line.trim().to_owned())
        });
        TlsServer {
            certificate: dir.join("certificate"),
            url: format!("https://{address}"),
            _running: running,
        }
    }

    /// Its address.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The file with its certificate, for `NIX_SSL_CERT_FILE`.
    pub fn certificate(&self) -> &Utf8PathBuf {
        &self.certificate
    }
}
