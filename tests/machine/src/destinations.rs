//! Destinations by SSH.

use std::fs;

use system_tests::wait_until;

use crate::machine::Machine;

/// Destinations in the machine itself, by SSH.
impl Machine {
    /// Lets the holder of the private key in the file `key`, which is made, log in as `user`, who
    /// is made as well. The host keys of `names`, which all mean this machine, are known. The
    /// directory /srv/remote belongs to `user`, for a store `?remote-store=/srv/remote`.
    #[track_caller]
    pub fn accept_ssh(&self, user: &str, key: &str, names: &[&str]) {
        self.sh(&format!(
            "id {user} >/dev/null 2>&1 || useradd --create-home --shell /bin/sh {user}
             mkdir -p $(dirname {key}) /srv/remote
             chown {user} /srv/remote
             ssh-keygen -q -t ed25519 -N '' -f {key}
             install -d -m 700 -o {user} ~{user}/.ssh
             install -m 600 -o {user} {key}.pub ~{user}/.ssh/authorized_keys
             for name in {names}; do
                 echo 127.0.0.1 $name >>/etc/hosts
                 echo $name $(cat /etc/ssh/ssh_host_ed25519_key.pub) >>/etc/ssh/ssh_known_hosts
             done",
            names = names.join(" ")
        ));
    }

    /// Has a shell script run for every login of `user` by key, in place of the command that was
    /// asked for, which is in `$SSH_ORIGINAL_COMMAND`.
    #[track_caller]
    pub fn force_ssh_command(&self, user: &str, script: &str) {
        self.write("/srv/login", script);
        self.sh(&format!(
            "sed -i 's|^|command=\"sh /srv/login\" |' ~{user}/.ssh/authorized_keys"
        ));
    }

    /// From now on logins of `user` wait, until [`Machine::release_ssh`].
    #[track_caller]
    pub fn hold_ssh(&self, user: &str) {
        self.sh("mkfifo -m 666 /srv/gate; install -d -m 777 /srv/waiting");
        // Opening the gate for reading waits until somebody opens it for writing.
        let script = "touch /srv/waiting/$$
                      test ! -p /srv/gate || : </srv/gate
                      exec $SSH_ORIGINAL_COMMAND\n";
        self.force_ssh_command(user, script);
    }

    /// Waits until a login waits.
    #[track_caller]
    pub fn wait_for_held_ssh(&self) {
        let waiting = self.path("/srv/waiting");
        wait_until("a login", || {
            fs::read_dir(&waiting).expect("readdir").next().is_some()
        });
    }

    /// Lets all logins through, those to come as well.
    #[track_caller]
    pub fn release_ssh(&self) {
        self.sh("mv /srv/gate /srv/open; : >/srv/open");
    }
}
