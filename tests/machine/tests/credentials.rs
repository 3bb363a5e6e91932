//! Secrets reach a push from files that root alone can read.

use machine_tests::Machine;
use system_tests::expr;

const QUEUE: &str = "/var/lib/nix-post-build-push/main";
const PUSH: &str = "nix-post-build-push-main.service";

/// A binary cache on port 4711 that takes only what comes with the right name and password.
const CACHE: &str = r#"
import base64, http.server, os
class Handler(http.server.BaseHTTPRequestHandler):
    def answer(self, status, body=b""):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
    def do_GET(self):
        file = "/srv/http" + self.path.replace("/nar/", "/nar-")
        if os.path.exists(file):
            self.answer(200, open(file, "rb").read())
        else:
            self.answer(404)
    do_HEAD = do_GET
    def do_PUT(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers["Authorization"] != "Basic " + base64.b64encode(b"pusher:open sesame").decode():
            return self.answer(401)
        open("/srv/http" + self.path.replace("/nar/", "/nar-"), "wb").write(body)
        self.answer(200)
os.mkdir("/srv/http")
open("/srv/http/nix-cache-info", "w").write("StoreDir: /nix/store\n")
http.server.ThreadingHTTPServer(("127.0.0.1", 4711), Handler).serve_forever()
"#;

/// Starts a machine with that cache, and a queue for it that an ordinary account pushes.
fn machine_with_cache(options: &str) -> Machine {
    let machine = Machine::boot();
    machine.write("/root/cache.py", CACHE);
    machine.sh("systemd-run --quiet python3 /root/cache.py");
    machine.wait_for_port(4711);
    machine.configure(&format!(
        r#"{{
          services.nix-post-build-push.queues.main = {{
            destination = "http://127.0.0.1:4711";
            user = "pusher";
            group = "pusher";
            interval = "1 day";
            {options}
          }};
        }}"#
    ));
    machine
}

#[test]
fn a_netrc_that_root_keeps_opens_a_binary_cache() {
    let machine = machine_with_cache(r#"loadCredentials.netrc = "/etc/secrets/netrc";"#);
    let built = machine.build(&expr::file("greeting", "hello"));

    machine.write_secret(
        "/etc/secrets/netrc",
        "machine 127.0.0.1 login pusher password wrong\n",
    );
    machine.try_sh(&format!("systemctl start {PUSH}")).fails();
    assert_eq!(machine.queued(QUEUE), built);
    let journal = machine.journal(PUSH);
    assert!(
        journal.contains("refuses the credentials in use: see netrc-file"),
        "{journal}"
    );

    machine.write_secret(
        "/etc/secrets/netrc",
        "machine 127.0.0.1 login pusher password \"open sesame\"\n",
    );
    machine.sh("nix-post-build-push retry --all");
    machine.start_unit(PUSH);
    assert_eq!(machine.queued(QUEUE), [].into());
    assert_eq!(machine.valid_in("http://127.0.0.1:4711", &built), built);
}

#[test]
fn a_file_with_variables_names_another_destination() {
    let machine = machine_with_cache(r#"environmentFile = "/etc/secrets/environment";"#);
    machine.write_secret(
        "/etc/secrets/environment",
        "NIX_POST_BUILD_PUSH_DESTINATION=http://pusher:open%20sesame@127.0.0.1:4711\n",
    );
    let built = machine.build(&expr::file("greeting", "hello"));
    machine.start_unit(PUSH);
    assert_eq!(machine.queued(QUEUE), [].into());
    assert_eq!(machine.valid_in("http://127.0.0.1:4711", &built), built);
    let journal = machine.journal(PUSH);
    assert!(!journal.contains("sesame"), "{journal}");
}
