//! Where it is copied to.

use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::Command;

use camino::{Utf8Path, Utf8PathBuf};
use system_tests::{Nix, Run, Running, Sshd, wait_until};

use crate::proxy::DelayProxy;

/// A kind of destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A binary cache in a directory.
    File,
    /// A binary cache behind nginx, which takes `PUT`.
    Http,
    /// A store behind a real sshd, by Nix's own protocol.
    SshNg,
    /// The same by the older protocol.
    Ssh,
    /// A store in a directory of its own.
    Chroot,
}

/// Everything that destinations need, for as long as it lives.
#[derive(Debug)]
pub(crate) struct Destinations {
    dir: Utf8PathBuf,
    http: u16,
    far_http: u16,
    sshd: Sshd,
    far_ssh: u16,
    _nginx: Running,
}

/// An empty destination. Dropping it removes it.
#[derive(Debug)]
pub(crate) struct Fresh {
    /// The store URI, without parameters.
    pub(crate) uri: String,
    /// What `NIX_SSHOPTS` has to be.
    pub(crate) ssh_options: String,
    kind: Kind,
    dir: Utf8PathBuf,
}

impl Destinations {
    /// Starts the servers, and a proxy with 50 ms of latency before each.
    pub(crate) fn start(nix: &Nix) -> Destinations {
        let dir = nix.dir().join("to");
        fs::create_dir(&dir).expect("mkdir");
        let (nginx, http) = start_nginx(nix.dir(), &dir);
        let sshd = Sshd::start(nix);
        let ssh = port_in(&sshd.options());
        Destinations {
            far_http: far(http),
            far_ssh: far(ssh),
            http,
            dir,
            sshd,
            _nginx: nginx,
        }
    }

    /// An empty destination. A store is initialised: copies that do it at once fail (2.34.8: `schema
    /// is corrupt`).
    pub(crate) fn fresh(&self, nix: &Nix, kind: Kind, is_far: bool, number: usize) -> Fresh {
        let name = format!("{number}");
        let dir = self.dir.join(&name);
        if matches!(kind, Kind::SshNg | Kind::Ssh | Kind::Chroot) {
            let mut command = nix.command("nix-store");
            command
                .args(["--store", dir.as_str(), "--init"])
                .run()
                .success();
        }
        let http = if is_far { self.far_http } else { self.http };
        let uri = match kind {
            Kind::File => format!("file://{dir}"),
            Kind::Http => format!("http://127.0.0.1:{http}/{name}"),
            Kind::SshNg => format!("ssh-ng://root@127.0.0.1?remote-store={dir}"),
            Kind::Ssh => format!("ssh://root@127.0.0.1?remote-store={dir}"),
            Kind::Chroot => dir.to_string(),
        };
        Fresh {
            uri,
            ssh_options: self.ssh_options(is_far),
            kind,
            dir,
        }
    }

    fn ssh_options(&self, is_far: bool) -> String {
        let near = self.sshd.options();
        if !is_far {
            return near;
        }
        let port = port_in(&near);
        let far = near.replacen(&format!("-p {port} "), &format!("-p {} ", self.far_ssh), 1);
        format!("{far} -o HostKeyAlias=[127.0.0.1]:{port}")
    }
}

impl Fresh {
    /// The same destination, from near by and without compression.
    pub(crate) fn beforehand(&self) -> String {
        match self.kind {
            Kind::File | Kind::Http => format!("file://{}?compression=none", self.dir),
            Kind::SshNg | Kind::Ssh | Kind::Chroot => self.dir.to_string(),
        }
    }

    /// The store URI with parameters.
    pub(crate) fn with(&self, parameters: &[&str]) -> String {
        let mut uri = self.uri.clone();
        for parameter in parameters {
            uri.push(if uri.contains('?') { '&' } else { '?' });
            uri.push_str(parameter);
        }
        uri
    }
}

impl Drop for Fresh {
    fn drop(&mut self) {
        let dir = self.dir.as_str();
        // Store objects are read-only, which stops an unprivileged removal.
        let _ = Command::new("chmod").args(["-R", "u+w", dir]).output();
        let _ = fs::remove_dir_all(&self.dir);
    }
}

/// The port of a server as one sees it from afar.
fn far(port: u16) -> u16 {
    let target = SocketAddr::from(([127, 0, 0, 1], port));
    DelayProxy::start(target).expect("a proxy").port()
}

fn port_in(ssh_options: &str) -> u16 {
    let port = ssh_options
        .split(' ')
        .skip_while(|word| *word != "-p")
        .nth(1);
    port.and_then(|port| port.parse().ok()).expect("a port")
}

fn start_nginx(dir: &Utf8Path, root: &Utf8Path) -> (Running, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("bind");
    let port = listener.local_addr().expect("local_addr").port();
    drop(listener);
    let config = dir.join("nginx.conf");
    fs::write(
        &config,
        format!(
            "daemon off; user root; worker_processes 1; pid {dir}/nginx.pid; error_log {dir}/nginx.log;
events {{ worker_connections 512; }}
http {{
  access_log off; client_max_body_size 0; client_body_temp_path {dir}/nginx-tmp;
  server {{
    listen 127.0.0.1:{port};
    location / {{ root {root}; dav_methods PUT; create_full_put_path on; }}
  }}
}}
"
        ),
    )
    .expect("write");
    let nginx = Command::new("nginx")
        .args(["-e", "stderr", "-c", config.as_str()])
        .start();
    wait_until("nginx to listen", || {
        TcpStream::connect(("127.0.0.1", port)).is_ok()
    });
    (nginx, port)
}
