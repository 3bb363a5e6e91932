//! A real SSH server.

use std::fs;

use system_tests::{Nix, Sshd, expr, wait_until};

use crate::faulty_queue::FaultyQueue;

fn with_ssh() -> (Nix, Sshd) {
    let mut nix = Nix::new();
    let sshd = Sshd::start(&nix);
    nix.set_env("NIX_SSHOPTS", sshd.options());
    (nix, sshd)
}

/// The other side takes a million bytes and then no more, until the file `go` is there.
fn hesitating(nix: &Nix) {
    nix.script(
        "hesitating-daemon",
        "cd \"$(dirname \"$0\")\"
         { dd bs=64k count=1000000 iflag=count_bytes status=none; : >held; while [ ! -e go ]; do sleep 0.05; done; cat; } | nix-daemon \"$@\"",
    );
}

/// The other side takes a million bytes and then dies. What is sent is taken in all the same, so
/// that nobody meets a broken pipe, until the file `go` is there.
fn dying(nix: &Nix) {
    nix.script(
        "dying-daemon",
        r#"cd "$(dirname "$0")"
        [ ! -e go ] || exec nix-daemon "$@"
        exec 3<&0 4>&1 1>/dev/null
        {
            exec <&3 4>&-
            dd bs=64k count=1000000 iflag=count_bytes status=none
            daemon=$(cat daemon.pid)
            kill -9 "$daemon"
            while kill -0 "$daemon" 2>/dev/null; do :; done
            cat >/dev/null
        } | sh -c 'echo $$ >daemon.pid; exec >&4 4>&-; exec nix-daemon "$@"' - "$@" &
        exec 3<&- 4>&-
        wait"#,
    );
}

const REMOTE: &str = "remote-store=@T@/remote";

#[test]
fn one_that_refuses_the_key() {
    let (nix, sshd) = with_ssh();
    sshd.lock_out();
    let uri = format!("ssh-ng://root@127.0.0.1?{REMOTE}");
    let queue = FaultyQueue::new("ssh, key refused", nix, &uri, "check-sigs = false");
    let seen = queue.push().blames_the_destination();
    seen.says(&[
        "Permission denied (publickey",
        "try `ssh` as this user by hand",
    ]);
    sshd.let_in();
    queue.arrives_once_mended();
}

#[test]
fn one_that_is_killed_in_mid_copy() {
    let (nix, sshd) = with_ssh();
    hesitating(&nix);
    let (held, go) = (nix.dir().join("held"), nix.dir().join("go"));
    let uri = format!("ssh-ng://root@127.0.0.1?{REMOTE}&remote-program=@T@/hesitating-daemon");
    let expression = expr::large("large", 5_000_000);
    let more = "check-sigs = false\nstall-timeout = \"1m\"";
    let queue = FaultyQueue::holding(&expression, "ssh, killed in mid-copy", nix, &uri, more);
    let seen = queue.push_while(|| {
        wait_until("the copy to be under way", || held.exists());
        sshd.kill_sessions();
    });
    // The one entry that there is has failed, or else the destination: it waits in any case.
    let seen = seen.exits(75).keeps_everything();
    // 2.8.0 says "Broken pipe", or overlooks it; then we find out.
    seen.says(&["broke off the connection", "attempt 1"]);
    fs::write(&go, "").expect("write");
    queue.arrives_once_mended();
}

/// Without SSH between them, as Nix does for `localhost`: so the end comes at once, and 2.8.0
/// takes it for a success (see `credibility.rs`). Nothing of it may be believed.
#[test]
fn one_whose_daemon_dies_in_mid_copy() {
    let nix = Nix::new();
    dying(&nix);
    let go = nix.dir().join("go");
    let uri = format!("ssh-ng://localhost?{REMOTE}&remote-program=@T@/dying-daemon");
    let expression = expr::large("large", 20_000_000);
    let more = "check-sigs = false\nstall-timeout = \"1m\"";
    let queue = FaultyQueue::holding(&expression, "daemon dies in mid-copy", nix, &uri, more);
    let seen = queue.push().complains().keeps_everything();
    seen.says(&["attempt 1"]);
    fs::write(&go, "").expect("write");
    queue.arrives_once_mended();
}
