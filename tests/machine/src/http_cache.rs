//! A binary cache by HTTP.

use std::collections::BTreeSet;
use std::fs;

use camino::{Utf8Path, Utf8PathBuf};
use system_tests::wait_until;

use crate::machine::Machine;
use crate::page::{blocks, page};

/// What is around the server of docs/many-machines.md here, so that it can be watched. A file is there as a whole or not at all: nginx renames what it has received. A line of the log
/// is a request that has ended.
const NGINX: &str = "
user www-data;
pid /run/cache.pid;
error_log stderr;
events { worker_connections 1024; }
http {
    log_format requests '$remote_addr $request_method $uri $status';
    access_log /srv/requests requests;
    client_body_temp_path /srv/receiving;
    client_body_timeout 10m;
    include /etc/nginx/cache.conf;
}
";

/// A request that the binary cache has answered.
#[derive(Clone, Debug)]
pub struct Request {
    /// The address of the machine that asked.
    pub from: String,
    /// `GET`, `HEAD`, `PUT`.
    pub method: String,
    /// The path with its leading slash.
    pub path: String,
    /// The status of the answer; 201 where a `PUT` made a file, 204 where it replaced one.
    pub status: u16,
}

impl Request {
    /// Whether it put a file with this in its path.
    pub fn put(&self, what: &str) -> bool {
        self.method == "PUT" && self.path.contains(what) && (200..300).contains(&self.status)
    }
}

/// A web server in the machine that is a binary cache.
impl Machine {
    /// Starts it, on port 80, empty.
    #[track_caller]
    pub fn serve_cache(&self) {
        let served = blocks(&page("docs/many-machines.md"), "nginx").concat();
        self.write("/etc/nginx/cache.conf", &served);
        self.write("/etc/cache.conf", NGINX);
        self.sh(
            "mkdir -p /srv/cache /srv/receiving; chown www-data /srv/cache /srv/receiving
             systemd-run --quiet --unit=cache nginx -c /etc/cache.conf -g 'daemon off;'",
        );
        wait_until("port 80", || {
            self.try_sh("grep ': 00000000:0050 00000000:0000 0A' /proc/net/tcp")
                .code
                == 0
        });
    }

    /// What it was asked so far, in the order of its answers.
    #[track_caller]
    pub fn requests(&self) -> Vec<Request> {
        let log = fs::read_to_string(self.path("/srv/requests")).expect("the log of the cache");
        // The last one may not be written in full yet.
        log.split_inclusive('\n')
            .filter(|line| line.ends_with('\n'))
            .map(|line| {
                let words: Vec<&str> = line.split_whitespace().collect();
                let [from, method, path, status] = words[..] else {
                    panic!("no request: {line}");
                };
                Request {
                    from: from.to_owned(),
                    method: method.to_owned(),
                    path: path.to_owned(),
                    status: status.parse().expect("a status"),
                }
            })
            .collect()
    }

    /// From now on it answers nobody, until [`Machine::resume_cache`]; who connects is not refused.
    #[track_caller]
    pub fn pause_cache(&self) {
        self.sh("systemctl kill --signal=STOP cache.service");
    }

    /// It goes on where it was.
    #[track_caller]
    pub fn resume_cache(&self) {
        self.sh("systemctl kill --signal=CONT cache.service");
    }

    /// The addresses that have a connection to it.
    #[track_caller]
    pub fn connected_to_cache(&self) -> BTreeSet<String> {
        let connections = self.sh(
            "ss --no-header --numeric --tcp state established '( sport = :80 )' | awk '{ print $4 }'",
        );
        let address = |line: String| line.rsplit_once(':').map(|(address, _)| address.to_owned());
        connections
            .lines()
            .into_iter()
            .filter_map(address)
            .collect()
    }

    /// Whether it is receiving a file just now, and has some of it.
    pub fn cache_is_receiving(&self) -> bool {
        let received = fs::read_dir(self.path("/srv/receiving")).expect("readdir");
        received
            .flatten()
            .any(|file| file.metadata().is_ok_and(|file| file.len() > 0))
    }

    /// What the cache says of a store path: a line `name: value` each.
    #[track_caller]
    pub fn narinfo(&self, path: &Utf8Path) -> String {
        let file = Utf8PathBuf::from("/srv/cache").join(narinfo_name(path));
        fs::read_to_string(self.path(file)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// Looks at all that the cache says, and returns how many store paths that are.
    ///
    /// # Panics
    ///
    /// If a file is not there that a narinfo names, or is another one, or if a reference is missing.
    #[track_caller]
    pub fn cache_is_whole(&self) -> usize {
        let checked = self.sh(r#"cd /srv/cache
               for narinfo in *.narinfo; do
                   field() { sed -n "s/^$1: //p" $narinfo; }
                   nar=$(field URL)
                   test "$(field FileSize)" = $(stat --format %s $nar)
                   test "$(field FileHash)" = sha256:$(nix-hash --type sha256 --flat --base32 $nar)
                   for reference in $(field References); do
                       test -e ${reference%%-*}.narinfo
                   done
                   echo $narinfo
               done"#);
        checked.lines().len()
    }
}

/// The name of the file that describes a store path.
pub fn narinfo_name(path: &Utf8Path) -> String {
    let name = path.file_name().expect("a store path");
    format!("{}.narinfo", &name[..32])
}
