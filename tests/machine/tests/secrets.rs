//! Secrets of a push: where the administrator put them, and nowhere else.

use machine_tests::Machine;
use system_tests::{MARK, expr, wait_until};

/// Takes connections on port 4711, and never says anything.
const SILENT: &str = r#"
import socket
server = socket.create_server(("127.0.0.1", 4711))
taken = []
while True:
    taken.append(server.accept())
"#;

/// Refuses everything, whoever asks.
const REFUSING: &str = r#"
import http.server
class Handler(http.server.BaseHTTPRequestHandler):
    def refuse(self):
        self.send_response(403)
        self.send_header("Content-Length", "0")
        self.end_headers()
    do_GET = do_HEAD = do_PUT = refuse
http.server.ThreadingHTTPServer(("127.0.0.1", 4711), Handler).serve_forever()
"#;

/// One queue for each way in which a secret can come to a push.
const QUEUES: [&str; 4] = ["file", "variable", "netrc", "key"];

const CONFIGURATION: &str = r#"{
  services.nix-post-build-push = {
    defaults.interval = "1 day";
    queues.file.destination._secret = "/etc/secrets/url";
    queues.variable = {
      destination = "file:///srv/unused";
      environmentFile = "/etc/secrets/environment";
    };
    queues.netrc = {
      destination = "http://127.0.0.1:4711";
      loadCredentials.netrc = "/etc/secrets/netrc";
    };
    queues.key = {
      destination = "http://127.0.0.1:4711/key";
      loadCredentials.aws-credentials = "/etc/secrets/aws";
      user = "pusher";
      group = "pusher";
    };
  };
}"#;

fn serve(machine: &Machine, script: &str) {
    machine.write("/root/server.py", script);
    machine.sh("systemctl stop server.service 2>/dev/null || true
                systemd-run --quiet --collect --unit=server python3 /root/server.py");
    machine.wait_for_port(4711);
}

fn machine_with_secrets() -> Machine {
    let machine = Machine::boot();
    let uri = format!("http://user:{MARK}-password@127.0.0.1:4711/cache?token={MARK}-token");
    machine.write_secret("/etc/secrets/url", &format!("{uri}\n"));
    let variables = format!("NIX_POST_BUILD_PUSH_DESTINATION={uri}\nSOME_TOKEN={MARK}-some\n");
    machine.write_secret("/etc/secrets/environment", &variables);
    let netrc = format!("machine 127.0.0.1 login user password {MARK}-netrc\n");
    machine.write_secret("/etc/secrets/netrc", &netrc);
    let aws = format!("[default]\naws_access_key_id = me\naws_secret_access_key = {MARK}-aws\n");
    machine.write_secret("/etc/secrets/aws", &aws);
    machine.sh("chmod 700 /etc/secrets");
    // As talkative as can be.
    let talk = "[Service]\nEnvironment=NIX_POST_BUILD_PUSH_LOG=trace\n";
    machine.write(
        "/etc/systemd/system/nix-post-build-push-.service.d/talk.conf",
        talk,
    );
    machine.configure(CONFIGURATION);
    machine
}

/// The command lines of the calls that copy.
fn copies(machine: &Machine) -> Vec<String> {
    let mut lines = machine.command_lines();
    lines.retain(|line| line.starts_with("nix ") || line.contains("/nix "));
    lines.retain(|line| line.contains(" copy "));
    lines
}

#[test]
fn while_pushes_hang_and_after_they_failed_no_secret_is_seen_by_anybody() {
    let machine = machine_with_secrets();
    serve(&machine, SILENT);
    machine.build(&expr::file("greeting", "hello"));
    for queue in QUEUES {
        machine.sh(&format!(
            "systemctl start --no-block nix-post-build-push-{queue}.service"
        ));
    }
    wait_until("all copies", || copies(&machine).len() == QUEUES.len());
    // Each push and its nix have some in their environment, which only root can see.
    let inside = "grep -lz 'planted-secre[t]' /proc/[0-9]*/environ 2>/dev/null || true";
    let inside = machine.sh(inside).lines().len();
    assert!(inside >= 2 * QUEUES.len(), "{inside}");
    machine.shows_no_secret();

    for queue in QUEUES {
        machine.sh(&format!(
            "systemctl stop nix-post-build-push-{queue}.service"
        ));
    }
    serve(&machine, REFUSING);
    for queue in QUEUES {
        let unit = format!("nix-post-build-push-{queue}.service");
        machine.try_sh(&format!("systemctl start {unit}")).fails();
        // It is named all the same.
        let journal = machine.journal(&unit);
        assert!(journal.contains("127.0.0.1:4711"), "{journal}");
    }
    for command in [
        "status",
        "status --json",
        "list --json",
        "config show",
        "config check",
    ] {
        machine.sh(&format!("nix-post-build-push {command}"));
    }
    machine.shows_no_secret();
}

#[test]
#[should_panic(expected = "a secret is shown")]
fn a_secret_in_the_journal_is_found() {
    let machine = Machine::boot();
    machine.write("/root/leak", MARK);
    machine.sh("systemd-cat -t leak cat /root/leak; rm /root/leak");
    machine.shows_no_secret();
}

#[test]
#[should_panic(expected = "a secret is shown")]
fn a_secret_on_a_command_line_is_found() {
    let machine = Machine::boot();
    machine.write("/root/leak", &format!("exec -a {MARK} sleep 1000\n"));
    machine.sh("systemd-run --quiet bash /root/leak");
    wait_until("the process", || machine.try_sh("pgrep -x sleep").code == 0);
    machine.command_lines();
}

#[test]
#[should_panic(expected = "a secret is in these files")]
fn a_secret_in_the_store_is_found() {
    let machine = Machine::boot();
    machine.write("/root/leak", MARK);
    machine.sh("nix-store --add /root/leak; rm /root/leak");
    machine.shows_no_secret();
}
